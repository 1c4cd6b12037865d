// The chain of rules, what peers are told, and how streams with them must look.
#include "model/policy/policy.h"

#include <gtest/gtest.h>

#include <random>

#include "model/policy/static_route.h"
#include "proto/s2s/dialback.h"

namespace sallyport::policy {
namespace {

using config::Change;
using config::Settings;

xmpp::Domain domain(const char* name) { return *xmpp::Domain::parse(name); }

Settings with(std::vector<Change> changes) {
    std::vector<config::Changed> changed;
    Settings base;
    base.enabled = true;
    base.domains = {*config::NamePattern::parse("corp.example"), *config::NamePattern::parse("*.corp.example")};
    base.dialback_secret = "the-secret-of-corp-example";
    auto settings = config::apply(base, changes, changed);
    EXPECT_TRUE(settings) << settings.error().text;
    settings->revision = 7;
    return *settings;
}

s2s::Admission asked(const Settings& settings, const char* local, const char* remote,
                     s2s::Direction direction = s2s::Direction::inbound) {
    return decide({{domain(local), domain(remote)}, direction}, settings);
}

struct ChainCase {
    const char* name;
    std::vector<Change> changes;
    const char* local;
    const char* remote;
    bool allowed;
    Rule rule;
    const char* why;
};

TEST(Chain, DecidesByTheFirstOpinion) {
    const Change off_list{"federation.privacy_mode", "\"off\""};
    const Change deny_mode{"federation.privacy_mode", "\"deny_list\""};
    const Change denied{"federation.deny_list", "[\"partner.example\",\"*.evil.example\"]"};
    const Change allowed{"federation.allow_list", "[\"partner.example\",\"*.good.example\"]"};
    const Change route{"federation.static_routes", R"([{"domain":"routed.example","address":"10.0.0.1"}])"};
    const Change use_routes{"federation.use_static_routes", "true"};
    const std::vector<ChainCase> cases = {
        {"federation off",
         {{"federation.enabled", "false"}},
         "corp.example",
         "partner.example",
         false,
         Rule::federation_off,
         "federation.enabled"},
        {"itself", {off_list}, "corp.example", "corp.example", false, Rule::self, "itself"},
        {"another domain of ours",
         {off_list},
         "corp.example",
         "rooms.corp.example",
         false,
         Rule::self,
         "*.corp.example"},
        {"not ours", {off_list}, "nowhere.example", "partner.example", false, Rule::not_local, "federation.domains"},
        {"everybody", {off_list}, "corp.example", "partner.example", true, Rule::none, ""},
        {"the lists do not count when off",
         {off_list, denied},
         "corp.example",
         "partner.example",
         true,
         Rule::none,
         ""},
        {"denied",
         {deny_mode, denied},
         "corp.example",
         "partner.example",
         false,
         Rule::deny_list,
         "federation.deny_list"},
        {"denied in another form", {deny_mode, denied}, "corp.example", "PARTNER.Example.", false, Rule::deny_list, ""},
        {"below a denied name", {deny_mode, denied}, "corp.example", "sub.partner.example", true, Rule::none, ""},
        {"below a denied pattern",
         {deny_mode, denied},
         "corp.example",
         "a.b.evil.example",
         false,
         Rule::deny_list,
         "*.evil.example"},
        {"the pattern's own name", {deny_mode, denied}, "corp.example", "evil.example", true, Rule::none, ""},
        {"the deny list in allow mode",
         {denied, allowed},
         "corp.example",
         "partner.example",
         true,
         Rule::allow_list,
         ""},
        {"the empty allow list",
         {},
         "corp.example",
         "partner.example",
         false,
         Rule::allow_list,
         "federation.allow_list"},
        {"allowed", {allowed}, "corp.example", "partner.example", true, Rule::allow_list, "partner.example"},
        {"allowed by pattern",
         {allowed},
         "rooms.corp.example",
         "x.good.example",
         true,
         Rule::allow_list,
         "*.good.example"},
        {"below an allowed name", {allowed}, "corp.example", "sub.partner.example", false, Rule::allow_list, ""},
        {"static route", {route, use_routes}, "corp.example", "routed.example", true, Rule::allow_list, "static route"},
        {"static route that is not used", {route}, "corp.example", "routed.example", false, Rule::allow_list, ""},
        {"homograph", {allowed}, "corp.example", "раrtner.example", false, Rule::allow_list, ""},
    };
    for (const ChainCase& one : cases) {
        const auto admission = asked(with(one.changes), one.local, one.remote);
        EXPECT_EQ(admission.allowed, one.allowed) << one.name;
        EXPECT_EQ(admission.rule, one.rule) << one.name;
        const std::string reason = admission.reason();
        EXPECT_NE(reason.find(one.why), std::string::npos) << one.name << ": " << reason;
    }
}

TEST(Chain, EveryLinkNamesARealSettingAndRefusalsTellNothingOfIt) {
    for (const ChainLink& link : chain()) {
        const RuleRow& row = row_of(link.rule);
        EXPECT_NE(config::find_setting(row.change), nullptr) << row.name;
    }
    const auto refused = asked(with({}), "corp.example", "partner.example");
    EXPECT_EQ(refused.stream, xmpp::StreamCondition::policy_violation);
    EXPECT_EQ(refused.stanza, xmpp::StanzaCondition::not_allowed);
    EXPECT_EQ(refused.text.find("list"), std::string::npos);
    EXPECT_EQ(asked(with({}), "nowhere.example", "a.example").stream, xmpp::StreamCondition::host_unknown);
    EXPECT_EQ(asked(with({}), "corp.example", "corp.example").stream, xmpp::StreamCondition::invalid_from);
}

TEST(Verdict, IsStableAndDiffersWithWhatItDependsOn) {
    const Settings settings = with({});
    const auto one = asked(settings, "corp.example", "partner.example");
    EXPECT_EQ(one.verdict_id.size(), 14U);
    EXPECT_TRUE(one.verdict_id.starts_with("v-"));
    EXPECT_EQ(one.verdict_id.find_first_not_of("0123456789abcdef", 2), std::string::npos);
    EXPECT_EQ(one.verdict_id, asked(settings, "corp.example", "partner.example").verdict_id);
    EXPECT_NE(one.verdict_id, asked(settings, "corp.example", "other.example").verdict_id);
    EXPECT_NE(one.verdict_id, asked(settings, "corp.example", "partner.example", s2s::Direction::outbound).verdict_id);
    Settings later = settings;
    later.revision = 8;
    EXPECT_NE(one.verdict_id, asked(later, "corp.example", "partner.example").verdict_id);
}

EdgeRules rules(std::vector<Change> changes) {
    return EdgeRules{std::make_shared<const Settings>(with(std::move(changes)))};
}

TEST(EdgeRules, ServesTheListedDomainsOnly) {
    const EdgeRules edge = rules({});
    EXPECT_EQ(edge.serves(domain("corp.example")), s2s::Served::yes);
    EXPECT_EQ(edge.serves(domain("rooms.corp.example")), s2s::Served::yes);
    EXPECT_EQ(edge.serves(domain("partner.example")), s2s::Served::no);
    EXPECT_EQ(edge.default_domain(), domain("corp.example"));
    EXPECT_TRUE(EdgeRules{std::make_shared<const Settings>()}.default_domain().empty());
}

TEST(EdgeRules, GiveStreamsTheGeneralPolicy) {
    const s2s::StreamPolicy plain = rules({}).policy(domain("a.example"));
    EXPECT_EQ(plain, s2s::StreamPolicy{});
    const s2s::StreamPolicy strict =
        rules({{"federation.require_client_certificates", "true"}, {"federation.bidi", "\"on\""}})
            .policy(domain("a.example"));
    EXPECT_TRUE(strict.require_certificate);
    EXPECT_TRUE(strict.offer_dialback);
    EXPECT_TRUE(strict.bidi);
    const s2s::StreamPolicy bare =
        rules({{"federation.security_mode", "\"no_tls\""}, {"federation.require_client_certificates", "true"}})
            .policy(domain("a.example"));
    EXPECT_EQ(bare.security, s2s::SecurityMode::no_tls);
    EXPECT_FALSE(bare.require_certificate);
    EXPECT_FALSE(bare.offer_external);
    EXPECT_FALSE(bare.certificate_shortcut);
    EXPECT_TRUE(bare.offer_dialback);
}

TEST(EdgeRules, TheMostSpecificExceptionWins) {
    const Change peers{"federation.peers", R"([{"domain":"*.example","security_mode":"no_tls"},)"
                                           R"({"domain":"*.b.example","security_mode":"tls_optional","bidi":"on"},)"
                                           R"({"domain":"a.b.example","security_mode":"tls_required","bidi":"off"}])"};
    const EdgeRules edge = rules({peers});
    EXPECT_EQ(edge.policy(domain("x.example")).security, s2s::SecurityMode::no_tls);
    EXPECT_EQ(edge.policy(domain("x.b.example")).security, s2s::SecurityMode::tls_optional);
    EXPECT_TRUE(edge.policy(domain("x.b.example")).bidi);
    EXPECT_EQ(edge.policy(domain("a.b.example")).security, s2s::SecurityMode::tls_required);
    EXPECT_FALSE(edge.policy(domain("a.b.example")).bidi);
    EXPECT_EQ(edge.policy(domain("c.other")).security, s2s::SecurityMode::tls_required);
}

TEST(EdgeRules, WhoHasNotSaidWhoItIsMayDoWhatSomePeerMay) {
    using enum s2s::SecurityMode;
    const Change optional{"federation.peers", R"([{"domain":"a.example","security_mode":"tls_optional"}])"};
    const Change none{"federation.peers", R"([{"domain":"*.example","security_mode":"no_tls"}])"};
    const Change strict{"federation.peers", R"([{"domain":"a.example","authentication":"certificate"}])"};
    const Change bare{"federation.security_mode", "\"no_tls\""};
    EXPECT_EQ(rules({}).unnamed_policy(), s2s::StreamPolicy{});
    EXPECT_EQ(rules({strict}).unnamed_policy(), s2s::StreamPolicy{});
    EXPECT_EQ(rules({optional}).unnamed_policy().security, tls_optional);
    EXPECT_EQ(rules({none}).unnamed_policy().security, tls_optional);
    EXPECT_EQ(rules({bare}).unnamed_policy().security, no_tls);
    EXPECT_EQ(rules({bare, none}).unnamed_policy().security, no_tls);
    EXPECT_EQ(rules({bare, strict}).unnamed_policy().security, tls_optional);
    const Change certificates{"federation.require_client_certificates", "true"};
    EXPECT_TRUE(rules({certificates}).unnamed_policy().require_certificate);
    EXPECT_FALSE(rules({certificates, none}).unnamed_policy().require_certificate);
}

TEST(EdgeRules, AnExceptionChoosesTheWayOfAuthentication) {
    const Change strict{"federation.require_client_certificates", "true"};
    const Change bare{"federation.security_mode", "\"no_tls\""};
    const Change peers{"federation.peers", R"([{"domain":"cert.example","authentication":"certificate"},)"
                                           R"({"domain":"back.example","authentication":"dialback"},)"
                                           R"({"domain":"any.example","authentication":"any"}])"};
    const EdgeRules edge = rules({strict, peers});
    const auto certificate = edge.policy(domain("cert.example"));
    EXPECT_TRUE(certificate.require_certificate);
    EXPECT_FALSE(certificate.offer_dialback);
    EXPECT_TRUE(certificate.offer_external);
    const auto dialback = edge.policy(domain("back.example"));
    EXPECT_FALSE(dialback.require_certificate);
    EXPECT_TRUE(dialback.offer_dialback);
    EXPECT_FALSE(dialback.offer_external);
    EXPECT_FALSE(dialback.certificate_shortcut);
    EXPECT_FALSE(edge.policy(domain("any.example")).require_certificate);
    EXPECT_TRUE(edge.policy(domain("none.example")).require_certificate);
    const auto needs_tls = rules({bare, peers}).policy(domain("cert.example"));
    EXPECT_EQ(needs_tls.security, s2s::SecurityMode::tls_required) << "a certificate cannot be had without TLS";
    EXPECT_TRUE(needs_tls.require_certificate);
}

TEST(EdgeRules, VouchForKeysOfTheCurrentAndThePreviousSecret) {
    const xmpp::Domain receiving = domain("partner.example");
    const xmpp::Domain originating = domain("corp.example");
    const EdgeRules before = rules({});
    const std::string old_key = before.dialback_key(receiving, originating, "D60000229F");
    EXPECT_EQ(old_key,
              s2s::dialback_key("the-secret-of-corp-example", "partner.example", "corp.example", "D60000229F"));
    EXPECT_TRUE(before.vouches(receiving, originating, "D60000229F", old_key));
    EXPECT_FALSE(before.vouches(receiving, originating, "D60000229G", old_key));
    EXPECT_FALSE(before.vouches(originating, receiving, "D60000229F", old_key));
    EXPECT_FALSE(before.vouches(receiving, originating, "D60000229F", ""));
    EXPECT_FALSE(before.vouches(receiving, domain("foreign.example"), "1",
                                before.dialback_key(receiving, domain("foreign.example"), "1")))
        << "only for domains that are ours";

    const EdgeRules rotated = rules({{"federation.dialback_secret", "\"quite-another-secret\""}});
    EXPECT_TRUE(rotated.vouches(receiving, originating, "D60000229F", old_key)) << "the overlap";
    const std::string new_key = rotated.dialback_key(receiving, originating, "D60000229F");
    EXPECT_NE(new_key, old_key);
    EXPECT_TRUE(rotated.vouches(receiving, originating, "D60000229F", new_key));
    EXPECT_FALSE(before.vouches(receiving, originating, "D60000229F", new_key));
}

TEST(EdgeRules, AnEmptySecretVouchesForNothing) {
    Settings settings = with({});
    settings.dialback_secret.clear();
    const EdgeRules edge{std::make_shared<const Settings>(settings)};
    const std::string key = s2s::dialback_key("", "partner.example", "corp.example", "1");
    EXPECT_FALSE(edge.vouches(domain("partner.example"), domain("corp.example"), "1", key));
    settings.dialback_secret = "the-secret-of-corp-example";
    const EdgeRules with_secret{std::make_shared<const Settings>(settings)};
    EXPECT_FALSE(with_secret.vouches(domain("partner.example"), domain("corp.example"), "1", key))
        << "no previous secret is not the empty secret";
}

TEST(EdgeRules, ReplacedSnapshotsAnswerAtOnce) {
    EdgeRules edge = rules({});
    const xmpp::DomainPair pair{domain("corp.example"), domain("partner.example")};
    EXPECT_FALSE(edge.admits(pair, s2s::Direction::inbound).allowed);
    edge.replace(std::make_shared<const Settings>(with({{"federation.allow_list", "[\"partner.example\"]"}})));
    EXPECT_TRUE(edge.admits(pair, s2s::Direction::inbound).allowed);
}

TEST(InsideRules, WhoHasNotSaidWhoItIsMayDoWhatSomeServerMay) {
    s2s::StreamPolicy relaxed;
    relaxed.security = s2s::SecurityMode::no_tls;
    EXPECT_EQ((InsideRules{{}, "x"}.unnamed_policy()), s2s::StreamPolicy{});
    EXPECT_EQ((InsideRules{{{{domain("b.test")}, relaxed}}, "x"}.unnamed_policy()), relaxed);
    const InsideRules both{{{{domain("b.test")}, relaxed}, {{domain("c.test")}, {}}}, "x"};
    EXPECT_EQ(both.unnamed_policy().security, s2s::SecurityMode::tls_optional);
}

TEST(InsideRules, JoinInsideDomainsWithEverythingElse) {
    s2s::StreamPolicy relaxed;
    relaxed.security = s2s::SecurityMode::no_tls;
    const InsideRules inside{{{{domain("b.test"), domain("rooms.b.test")}, relaxed}, {{domain("c.test")}, {}}},
                             "inside-secret-inside"};
    EXPECT_EQ(inside.serves(domain("partner.example")), s2s::Served::yes);
    EXPECT_EQ(inside.serves(domain("b.test")), s2s::Served::no);
    EXPECT_EQ(inside.serves(xmpp::Domain{}), s2s::Served::no);
    EXPECT_TRUE(inside.is_inside(domain("rooms.b.test")));
    EXPECT_FALSE(inside.is_inside(domain("x.b.test")));

    const auto admits = [&](const char* local, const char* remote) {
        return inside.admits({domain(local), domain(remote)}, s2s::Direction::inbound);
    };
    EXPECT_TRUE(admits("partner.example", "b.test").allowed);
    EXPECT_EQ(admits("b.test", "b.test").rule, Rule::self);
    EXPECT_EQ(admits("partner.example", "stranger.test").rule, Rule::not_inside);
    EXPECT_EQ(admits("c.test", "b.test").rule, Rule::inside_to_inside);
    EXPECT_FALSE(admits("c.test", "b.test").allowed);
    EXPECT_TRUE(admits("partner.example", "b.test").verdict_id.starts_with("v-"));

    EXPECT_EQ(inside.policy(domain("rooms.b.test")).security, s2s::SecurityMode::no_tls);
    EXPECT_EQ(inside.policy(domain("c.test")).security, s2s::SecurityMode::tls_required);
    EXPECT_EQ(inside.policy(domain("stranger.test")), s2s::StreamPolicy{});

    const std::string key = inside.dialback_key(domain("b.test"), domain("partner.example"), "7");
    EXPECT_TRUE(inside.vouches(domain("b.test"), domain("partner.example"), "7", key));
    EXPECT_FALSE(inside.vouches(domain("b.test"), domain("partner.example"), "8", key));
    EXPECT_FALSE(inside.vouches(domain("b.test"), domain("c.test"), "7",
                                inside.dialback_key(domain("b.test"), domain("c.test"), "7")));
}

TEST(StaticRoute, GivesTheTargetsOfADomainInOrder) {
    const auto random = [engine = std::mt19937_64{3}](std::uint64_t below) mutable { return engine() % below; };
    const Change routes{
        "federation.static_routes",
        R"([{"domain":"a.test","address":"late.test","priority":20},)"
        R"({"domain":"a.test","address":"bücher.example","port":5300,"priority":10,"fall_back_to_dns":true},)"
        R"({"domain":"b.test","address":"192.0.2.1"}])"};
    const Change use{"federation.use_static_routes", "true"};
    const auto choice = static_route(with({routes, use}), domain("A.test"), random);
    ASSERT_TRUE(choice.has_route);
    EXPECT_TRUE(choice.fall_back_to_dns);
    ASSERT_EQ(choice.targets.size(), 2U);
    EXPECT_EQ(choice.targets[0], (route::Target{"xn--bcher-kva.example", 5300, false, true}));
    EXPECT_EQ(choice.targets[1], (route::Target{"late.test", 5269, false, true}));
    EXPECT_FALSE(static_route(with({routes, use}), domain("b.test"), random).fall_back_to_dns);
    EXPECT_FALSE(static_route(with({routes, use}), domain("sub.a.test"), random).has_route);
    EXPECT_FALSE(static_route(with({routes}), domain("a.test"), random).has_route) << "routes are switched off";
}

}  // namespace
}  // namespace sallyport::policy
