// `why` agrees with the live path: over random settings, peers, DNS and links, what it says of a stanza is what becomes
// of that stanza on a whole edge. Afterwards the bounce, the log, the recorder, the metrics and `why ID` say the same.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <random>

#include "admin/api/metrics.h"
#include "support/sim_control.h"
#include "support/sim_partner.h"
#include "support/sim_server.h"

namespace sallyport::test {
namespace {

class Round {
public:
    Round(std::uint32_t shards, std::uint64_t seed) : f_{shards}, dice_{seed} {}

    void run() {
        ASSERT_TRUE(f_.start());
        SimControl control{f_, f_.a};
        f_.dns.srv("_xmpp-server._tcp.absent.test", 0, 0, 0, ".");
        f_.dns.srv("_xmpp-server._tcp.private.test", 0, 0, 5269, "xmpp.private.test");
        f_.dns.address("xmpp.private.test", "10.9.9.9");
        for (int turn = 0; turn < 8 && !testing::Test::HasFailure(); ++turn) {
            const std::string settings = shuffle(control);
            if (testing::Test::HasFatalFailure()) return;
            outbound(control, turn, settings);
            inbound(control, turn, settings);
        }
    }
    unsigned passed = 0, stopped = 0;

private:
    [[nodiscard]] std::uint64_t roll(std::uint64_t below) { return dice_() % below; }
    [[nodiscard]] std::string list(const std::vector<std::string>& names) {
        std::string all = "[";
        for (const std::string& name : names) {
            if (roll(2) == 0) all += (all.size() == 1 ? "\"" : ",\"") + name + "\"";
        }
        return all + "]";
    }

    std::string shuffle(SimControl& control) {
        const std::vector<std::string> others{"b.test", "*.b.test", "absent.test", "private.test", "rooms.b.test"};
        const std::string modes[] = {"\"off\"", "\"allow_list\"", "\"deny_list\""};
        const std::string security[] = {"\"tls_required\"", "\"tls_optional\""};
        const std::vector<config::Change> changes{
            {"federation.enabled", roll(6) == 0 ? "false" : "true"},
            {"federation.domains", roll(5) == 0 ? "[\"rooms.a.test\"]" : "[\"a.test\",\"rooms.a.test\"]"},
            {"federation.privacy_mode", modes[roll(3)]},
            {"federation.allow_list", list(others)},
            {"federation.deny_list", list(others)},
            {"federation.security_mode", security[roll(2)]},
            {"federation.static_routes",
             roll(3) == 0 ? R"([{"domain":"absent.test","address":"198.51.100.2"}])" : "[]"},
            {"federation.use_static_routes", "true"},
        };
        control.set(changes);
        std::string all;
        for (const config::Change& change : changes) all += change.name + "=" + change.value + " ";
        return all;
    }

    void outbound(SimControl& control, int turn, const std::string& settings) {
        const std::string to[] = {"b.test", "rooms.b.test", "absent.test", "private.test"};
        const std::string wanted = to[roll(4)];
        SimUser& sender = f_.a.user(roll(2));
        const auto answer = control.why(sender.domain(), wanted);
        const std::string id = "o" + std::to_string(turn);
        sender.message("u@" + sender.domain(), "v@" + wanted, id);
        const bool is_b = wanted.ends_with("b.test");
        const auto arrived = [&] { return is_b && f_.b.user(wanted == "b.test" ? 0 : 1).got(id); };
        const bool over = f_.world.run_until([&] { return arrived() || sender.got(id); }, std::chrono::minutes{5});
        judge(answer, arrived(), over, sender.domain() + " -> " + wanted, settings);
    }

    void inbound(SimControl& control, int turn, const std::string& settings) {
        SimUser& sender = f_.b.user(roll(2));
        SimUser& receiver = f_.a.user(roll(2));
        const auto answer = control.why(sender.domain(), receiver.domain());
        if (answer.at("direction").as_string() != "inbound") return;  // not a domain that federates: somebody else's
        const std::string id = "i" + std::to_string(turn);
        // b remembers that it was refused; it asks at once after a change of its own.
        f_.b.change([](config::Settings&) {});
        sender.message("u@" + sender.domain(), "v@" + receiver.domain(), id);
        const bool over =
            f_.world.run_until([&] { return receiver.got(id) || sender.got(id); }, std::chrono::minutes{5});
        judge(answer, receiver.got(id), over, sender.domain() + " -> " + receiver.domain(), settings);
    }

    /// A static route for absent.test leads to b's edge, which does not serve it: the first `why` cannot know what
    /// that server will say.
    void judge(const boost::json::object& answer, bool arrived, bool over, const std::string& what,
               const std::string& settings) {
        const bool passes = answer.at("passes").as_bool();
        (passes ? passed : stopped) += 1;
        const bool to_stranger = what.ends_with("absent.test") && settings.find("198.51.100.2") != std::string::npos;
        EXPECT_TRUE(over) << what << "\n" << settings << "\n" << boost::json::serialize(answer);
        if (to_stranger && passes) return;
        EXPECT_EQ(passes, arrived) << what << "\n" << settings << "\n" << boost::json::serialize(answer);
    }

    Federation f_;
    std::mt19937_64 dice_;
};

void run_rounds(std::uint32_t shards) {
    unsigned passed = 0, stopped = 0;
    for (std::uint64_t seed = 1; seed <= 25 && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Round round{shards, seed};
        round.run();
        passed += round.passed;
        stopped += round.stopped;
    }
    // A property of one side only would be none.
    EXPECT_GT(passed, 40U);
    EXPECT_GT(stopped, 40U);
}

TEST(Why, AgreesWithTheLivePath) { run_rounds(1); }
TEST(Why, AgreesWithTheLivePathOfTwoShards) { run_rounds(2); }

/// A partner that refuses our certificate in `where` is told of for an hour.
void expect_refusal_told(const SimServer::Habits& habits, const std::string& where) {
    Federation f{1};
    ASSERT_TRUE(f.start());
    SimControl control{f, f.a};
    f.dns.srv("_xmpp-server._tcp.partner.test", 0, 0, 5269, "xmpp.partner.test");
    f.dns.address("xmpp.partner.test", "198.51.100.32");
    SimServer partner{f.world, "198.51.100.32", habits};
    f.a.user().message("romeo@a.test", "juliet@partner.test", "m1");
    ASSERT_TRUE(f.world.run_until([&] { return partner.got("m1"); }));
    const std::string said = boost::json::serialize(control.why("a.test", "partner.test"));
    EXPECT_NE(said.find("partner.test refused our certificate in " + where), std::string::npos) << said;
    f.world.advance(std::chrono::minutes{61});
    const std::string later = boost::json::serialize(control.why("a.test", "partner.test"));
    EXPECT_EQ(later.find("refused our certificate"), std::string::npos) << later;
}

TEST(Why, SaysThatAPartnerRefusedOurCertificate) {
    SimServer::Habits habits;
    habits.sasl = SimServer::Sasl::closes;
    habits.issuer = "Sim CA";
    expect_refusal_told(habits, "SASL EXTERNAL");
}

TEST(Why, SaysThatAPartnerRefusedOurCertificateInTls) {
    SimServer::Habits habits;
    habits.refuses_strangers_in = "TLSv1.3";
    expect_refusal_told(habits, "TLS");
}

class Refusal : public testing::TestWithParam<std::uint32_t> {
protected:
    void SetUp() override {
        ASSERT_TRUE(f.start()) << f.logs();
        at_a.set(settings_of("a.test"));
        at_b.set(settings_of("b.test"));
    }
    static std::vector<config::Change> settings_of(const std::string& domain) {
        return {{"federation.enabled", "true"},
                {"federation.domains", "[\"" + domain + "\",\"rooms." + domain + "\"]"},
                {"federation.privacy_mode", "\"deny_list\""}};
    }
    static std::string said(const boost::json::object& answer, const std::string& member) {
        const auto* const found = answer.if_contains(member);
        return found != nullptr && found->is_string()
                   ? std::string{found->as_string().data(), found->as_string().size()}
                   : boost::json::serialize(answer);
    }
    /// Rule, part and remedy of the refusal `id` are the same for the recorder, the metrics and `why ID` at `control`.
    static void agree(SimControl& control, const std::string& id, Rule rule, record::Subject what,
                      const std::string& remedy) {
        const auto verdict = control.verdict_of(id);
        ASSERT_TRUE(verdict) << "'" << id << "'";
        EXPECT_EQ(text(verdict->rule), text(rule));
        EXPECT_EQ(record::text(verdict->what), record::text(what));
        EXPECT_EQ(verdict->why.find(remedy), std::string::npos) << "why and remedy are two things";
        const auto told = control.explain(id);
        EXPECT_EQ(said(told, "rule"), text(rule));
        EXPECT_EQ(said(told, "reason"), verdict->why);
        EXPECT_EQ(said(told, "remedy"), remedy);
        EXPECT_EQ(said(told, "part"), text(row_of(rule).part));
        EXPECT_EQ(said(told, "meaning"), row_of(rule).help);
        const std::string metrics = admin::metrics_text(control.status_now(), *control.settings().snapshot());
        const std::string sample = "sallyport_refusals_total{rule=\"" + std::string{text(rule)} + "\"} ";
        EXPECT_NE(metrics.find(sample), std::string::npos) << sample;
    }
    /// The id in what came back to a user of a; empty: none.
    [[nodiscard]] std::string id_in_bounce(const std::string& stanza) {
        const std::string mark = "<verdict xmlns='urn:sallyport:verdict:0' id='";
        for (const auto* one : f.a.user().with_id(stanza)) {
            const std::size_t at = one->bytes.find(mark);
            if (at != std::string::npos) return one->bytes.substr(at + mark.size(), 14);
        }
        return {};
    }
    /// Sent by a user of a, and come back.
    [[nodiscard]] std::string bounce_of(const std::string& to, const std::string& stanza) {
        f.a.user().message("romeo@a.test", to, stanza);
        EXPECT_TRUE(f.world.run_until([&] { return f.a.user().got(stanza); }, std::chrono::minutes{3})) << f.logs();
        return id_in_bounce(stanza);
    }
    Federation f{GetParam()};
    SimControl at_a{f, f.a}, at_b{f, f.b};
};
INSTANTIATE_TEST_SUITE_P(Shards, Refusal, testing::Values(1U, 2U));

TEST_P(Refusal, OfAnInboundStreamByThePolicyIsOneThingEverywhere) {
    at_b.set({{"federation.deny_list", R"(["a.test"])"}});
    (void)bounce_of("juliet@b.test", "m1");
    const std::string id = f.b.edge_log.last("s2s.refused", "verdict");
    const std::string remedy = "remove it from federation.deny_list to allow it";
    agree(at_b, id, Rule::deny_list, record::Subject::stream, remedy);
    const std::string logged = f.b.edge_log.last("s2s.refused", "why");
    EXPECT_TRUE(logged.starts_with("deny-list: ")) << logged;
    EXPECT_TRUE(logged.ends_with("; " + remedy)) << logged;
    const auto handshakes = f.b.edge_handshakes.list("a.test", 100);
    EXPECT_TRUE(std::any_of(handshakes.begin(), handshakes.end(),
                            [&](const auto& one) { return one->inbound && !one->good && one->verdict_id == id; }));
}

TEST_P(Refusal, OfAStanzaByThePolicyIsOneThingEverywhere) {
    at_a.set({{"federation.deny_list", R"(["b.test"])"}});
    const std::string id = bounce_of("juliet@b.test", "m1");
    const std::string remedy = "remove it from federation.deny_list to allow it";
    agree(at_a, id, Rule::deny_list, record::Subject::stanza, remedy);
    EXPECT_EQ(f.a.edge_log.last("s2s.outbound.refused", "verdict"), id);
    EXPECT_EQ(f.a.edge_log.last("s2s.outbound.refused", "rule"), "deny-list");
    EXPECT_EQ(f.a.edge_log.last("s2s.stanza.bounced", "verdict"), id);
    EXPECT_EQ(f.a.edge_log.last("s2s.stanza.bounced", "rule"), "deny-list");
    const std::string logged = f.a.edge_log.last("s2s.stanza.bounced", "why");
    EXPECT_TRUE(logged.ends_with("; " + remedy)) << logged;
}

TEST_P(Refusal, ByDialbackIsOneThingEverywhereOnBothSides) {
    // b asks somebody else about a's key.
    SimServer stranger{f.world, "198.51.100.40", {.verify = "invalid", .names = {"a.test"}}};
    f.dns.forget("xmpp.a.test");
    f.dns.address("xmpp.a.test", "198.51.100.40");
    const std::string id_of_a = bounce_of("juliet@b.test", "m1");
    EXPECT_GE(stranger.accepted(), 1U);
    agree(at_a, id_of_a, Rule::dialback, record::Subject::stanza, "`sallyport check dialback b.test`");
    EXPECT_EQ(f.a.edge_log.last("s2s.outbound.failed", "step"), "dialback");
    EXPECT_EQ(f.a.edge_log.last("s2s.stanza.bounced", "rule"), "dialback");
    const std::string id_of_b = f.b.edge_log.last("s2s.result.answered", "verdict");
    EXPECT_EQ(f.b.edge_log.last("s2s.result.answered", "type"), "invalid");
    agree(at_b, id_of_b, Rule::dialback, record::Subject::dialback, "`sallyport check dialback a.test`");
}

/// What closed a partner's streams is returned with the partner's words, and they are there to be asked for.
TEST_P(Refusal, OfAStanzaAtWhichAPartnerClosesItsStreamsHasThePartnersWords) {
    const std::pair<const char*, const char*> conditions[] = {{"policy-violation", "<policy-violation"},
                                                              {"undefined-condition", "<not-acceptable"}};
    at_a.set({{"federation.security_mode", "\"tls_optional\""}});
    unsigned number = 31;
    for (const auto& [theirs, ours] : conditions) {
        const std::string name = "c" + std::to_string(number) + ".test", id = "poison" + std::to_string(number);
        SimPartner partner{f.world, f.dns, name, number++};
        partner.most_bytes = 10000;
        partner.refusal = theirs;
        f.a.user().message("romeo@a.test", "juliet@" + name, id, std::string(20000, 'x'));
        ASSERT_TRUE(f.world.run_until([&] { return f.a.user().got(id); }, std::chrono::minutes{1})) << theirs;
        EXPECT_NE(f.a.user().with_id(id).front()->bytes.find(ours), std::string::npos) << theirs;
        const std::string verdict = id_in_bounce(id);
        agree(at_a, verdict, Rule::refused_by_peer, record::Subject::stanza,
              "the peer's error names the reason; often the stanza is larger than it accepts");
        const std::string words = "the peer said " + std::string{theirs} + ": stanza-too-big";
        EXPECT_NE(said(at_a.explain(verdict), "reason").find(words), std::string::npos) << theirs;
    }
}

TEST_P(Refusal, ByAFailedDialIsOneThingEverywhere) {
    f.dns.srv("_xmpp-server._tcp.shut.test", 0, 0, 5269, "xmpp.shut.test");
    f.dns.address("xmpp.shut.test", "198.51.100.99");
    const std::string id = bounce_of("juliet@shut.test", "m1");
    agree(at_a, id, Rule::tcp, record::Subject::stanza,
          "`sallyport check tls shut.test`; ask the peer's administrator whether the port is open");
    EXPECT_EQ(f.a.edge_log.last("s2s.outbound.failed", "verdict"), id);
    EXPECT_EQ(f.a.edge_log.last("s2s.outbound.failed", "step"), "tcp");
    EXPECT_EQ(f.a.edge_log.last("s2s.stanza.bounced", "rule"), "tcp");
    const auto walk = at_a.why("a.test", "shut.test");
    EXPECT_EQ(said(walk, "blocked_at"), "tcp");
    EXPECT_EQ(said(walk, "part"), text(row_of(Rule::tcp).part));
}

}  // namespace
}  // namespace sallyport::test
