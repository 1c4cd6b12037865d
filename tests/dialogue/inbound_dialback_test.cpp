// Dialback as receiving and as authoritative server: XEP-0220 2.2, XEP-0344, threats T01, T04, T09 to T14.
#include <gtest/gtest.h>

#include "support/dialogue.h"
#include "support/words.h"

namespace sallyport::testing {
namespace {

using enum xmpp::StreamCondition;
using Outcome = s2s::Verified::Outcome;
using s2s::Method;
using s2s::SecurityMode;
using xmpp::StanzaCondition;

const xmpp::DomainPair a_pair = pair_of("corp.example", "attacker.example");

TestRules plain() {
    TestRules rules;
    rules.everyone.security = SecurityMode::tls_optional;
    return rules;
}

/// Attacker.example has greeted on a plain stream; what we said is consumed.
Dialogue greeted(TestRules rules = plain(), Limits limits = {}) {
    Dialogue with = Dialogue::inbound(std::move(rules), false, limits);
    with.peer_header("attacker.example", "corp.example");
    with.our_header("id='id-1'");
    with.ours(features(starttls, f_dialback, f_sm, f_limits));
    return with;
}

/// AUTH(A) of the catalogue.
Dialogue authenticated(TestRules rules = plain(), Limits limits = {}) {
    Dialogue with = greeted(std::move(rules), limits);
    with.peer(result("attacker.example", "corp.example", "abc"));
    with.expect_verify({a_pair, "id-1", "abc"});
    with.verdict(a_pair, Outcome::valid);
    with.ours(result_is("corp.example", "attacker.example", "valid"));
    with.expect_ready(a_pair, Method::dialback);
    return with;
}

/// A header without `from`, where TLS is required but for attacker.example.
Dialogue unnamed() {
    TestRules rules;
    rules.peers["attacker.example"].security = SecurityMode::tls_optional;
    rules.unnamed.emplace().security = SecurityMode::tls_optional;
    Dialogue with = Dialogue::inbound(std::move(rules));
    with.peer(
        "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
        "xmlns:db='jabber:server:dialback' to='corp.example' version='1.0'>");
    with.our_header("id='id-1'");
    with.ours(features(starttls, f_dialback, f_sm, f_limits));
    return with;
}

TEST(ReceivingServer, JudgesByTheDomainOfTheKeyWhereTheHeaderNamesNone) {
    Dialogue::fail_each_step([] { return unnamed(); },
                             [](Dialogue& with) {
                                 with.peer(result("attacker.example", "corp.example", "abc"));
                                 with.expect_verify({a_pair, "id-1", "abc"});
                                 with.verdict(a_pair, Outcome::valid);
                                 with.ours(result_is("corp.example", "attacker.example", "valid"));
                                 with.expect_ready(a_pair, Method::dialback);
                                 with.peer(message("attacker.example", "corp.example"));
                                 with.expect_delivered(1);
                                 with.rules_change([](TestRules& rules) { rules.served.insert("more.example"); });
                                 with.expect_open();
                             });
    Dialogue other = unnamed();
    other.peer(result("partner.example", "corp.example", "abc"));
    other.expect_note("s2s.refused", "why", "TLS is required first");
    other.peer(verify("partner.example", "corp.example", "x", "00"));
    other.expect_note("s2s.verify.answered", "type", "error policy-violation");
    other.expect_open();
    EXPECT_TRUE(other.in().pairs().empty());
    Dialogue later = unnamed();
    later.peer(result("attacker.example", "corp.example", "abc"));
    later.verdict(a_pair, Outcome::valid);
    later.rules_change([](TestRules& rules) { rules.peers.clear(); });
    later.expect_close(policy_violation);
}

TEST(ReceivingServer, VerifiesAKeyAndOpens) {  // XEP-0220 2.2.1
    Dialogue::fail_each_step([] { return greeted(); },
                             [](Dialogue& with) {
                                 with.peer(result("attacker.example", "corp.example", "abc"));
                                 with.expect_verify({a_pair, "id-1", "abc"});
                                 with.expect_note("s2s.dialback.timeout-scheduled", "seconds", "30");
                                 with.ours_nothing();
                                 with.verdict(a_pair, Outcome::valid);
                                 with.ours(result_is("corp.example", "attacker.example", "valid"));
                                 with.expect_ready(a_pair, Method::dialback);
                                 with.expect_note("s2s.state", "to", "CONNECTED");
                                 with.peer(message("attacker.example", "corp.example"));
                                 with.expect_delivered(1);
                                 with.peer(
                                     "<message from='u@attacker.example' to='corp.example'/><iq type='get' id='1' "
                                     "from='attacker.example' to='corp.example'><ping xmlns='urn:xmpp:ping'/></iq>");
                                 with.expect_delivered(2);
                                 with.ours_nothing();
                             });
}

TEST(ReceivingServer, ClosesOnAnInvalidKeyWithoutAnotherPair) {
    Dialogue::fail_each_step([] { return greeted(); },
                             [](Dialogue& with) {
                                 with.peer(result("attacker.example", "corp.example", "abc"));
                                 with.verdict(a_pair, Outcome::invalid);
                                 with.ours(result_is("corp.example", "attacker.example", "invalid"));
                                 with.ours(close_tag);
                                 with.ours_nothing();
                                 with.expect_failed(a_pair, StanzaCondition::forbidden, "dialback");
                                 with.expect_close();
                                 with.peer(message("attacker.example", "corp.example"));
                                 with.expect_delivered(0);
                             });
}

TEST(ReceivingServer, ReportsErrorsAndKeepsTheStream) {  // XEP-0220 2.5, threat T12
    Dialogue::fail_each_step(
        [] { return greeted(); },
        [](Dialogue& with) {
            with.peer(result("attacker.example", "corp.example", "abc"));
            with.expect_verify({a_pair, "id-1", "abc"});
            with.verdict(a_pair, Outcome::error, StanzaCondition::remote_server_not_found);
            with.ours(result_error("corp.example", "attacker.example", "cancel", "remote-server-not-found"));
            with.expect_failed(a_pair, StanzaCondition::remote_server_not_found);
            with.expect_open();
            with.peer(result("attacker.example", "corp.example", "def"));
            with.expect_verify({a_pair, "id-1", "def"});
            with.verdict(a_pair, Outcome::valid);
            with.ours(result_is("corp.example", "attacker.example", "valid"));
        });
}

TEST(ReceivingServer, TimesTheVerificationOut) {  // 30 seconds, as Expressway has
    Dialogue with = greeted();
    with.after(std::chrono::seconds{20});
    with.peer(result("attacker.example", "corp.example", "abc"));
    with.after(std::chrono::seconds{29});
    with.ours_nothing();
    with.after(std::chrono::seconds{1});
    with.ours(result_error("corp.example", "attacker.example", "wait", "remote-server-timeout"));
    with.expect_open();
    with.verdict(a_pair, Outcome::valid);  // too late: no second answer, nothing authenticated
    with.ours_nothing();
    EXPECT_FALSE(with.in().authenticated());
    with.after(std::chrono::seconds{10});  // and no stream lives on errors for ever
    with.expect_close(connection_timeout);
}

TEST(ReceivingServer, IgnoresVerdictsThatNothingWaitsFor) {
    Dialogue with = authenticated();
    with.verdict(a_pair, Outcome::invalid);
    with.verdict(a_pair, Outcome::error);
    with.verdict(pair_of("corp.example", "victim.example"), Outcome::valid);
    with.ours_nothing();
    with.peer(message("attacker.example", "corp.example"));
    with.expect_delivered(1);
    with.peer(message("victim.example", "corp.example"));
    with.expect_close(invalid_from);
}

TEST(ReceivingServer, AnswersUnknownTargetsAndGoesOn) {  // XEP-0220 2.2.1: the stream MUST NOT be closed
    Dialogue with = authenticated();
    with.peer(result("attacker.example", "nowhere.example", "abc"));
    with.ours(result_error("nowhere.example", "attacker.example", "cancel", "item-not-found"));
    with.expect_open();
    with.peer(message("attacker.example", "corp.example"));
    with.expect_delivered(1);
}

TEST(ReceivingServer, KeepsValidPairsWhateverHappensToOthers) {  // threat T09
    Dialogue::fail_each_step([] { return authenticated(); },
                             [](Dialogue& with) {
                                 const auto other = pair_of("corp.example", "other.example");
                                 with.peer(result("other.example", "corp.example", "k"));
                                 with.verdict(other, Outcome::invalid);
                                 with.ours(result_is("corp.example", "other.example", "invalid"));
                                 with.expect_open();
                                 with.peer(result("attacker.example", "corp.example", "junk"));
                                 with.peer(message("attacker.example", "corp.example"));
                                 with.expect_delivered(1);
                                 with.verdict(a_pair, Outcome::invalid);
                                 with.ours(result_is("corp.example", "attacker.example", "invalid"));
                                 with.peer(message("attacker.example", "corp.example"));
                                 with.expect_delivered(1);
                                 with.peer(result("attacker.example", "rooms.corp.example", "k2"));
                                 with.expect_note("s2s.result.received", "key", "k2");
                                 with.verdict(pair_of("rooms.corp.example", "attacker.example"), Outcome::valid);
                                 with.ours(result_is("rooms.corp.example", "attacker.example", "valid"));
                                 with.peer(message("attacker.example", "rooms.corp.example"));
                                 with.expect_delivered(1);
                             });
}

TEST(ReceivingServer, AuthorisesPairsAndNotSenders) {  // threats T09a, T39, T40
    struct Row {
        std::string_view from, to;
        xmpp::StreamCondition condition;
    };
    for (const Row& row :
         {Row{"attacker.example", "rooms.corp.example", host_unknown},
          Row{"attacker.example", "nowhere.example", host_unknown},
          Row{"attacker.example", "attacker.example", host_unknown},
          Row{"attacker.example", "retired.example", host_gone},
          Row{"attacker.example", "corp.example.evil.example", host_unknown},
          Row{"victim.example", "corp.example", invalid_from}, Row{"x.attacker.example", "corp.example", invalid_from},
          Row{"corp.example", "corp.example", invalid_from}}) {
        SCOPED_TRACE(row.from);
        SCOPED_TRACE(row.to);
        Dialogue with = authenticated();
        with.peer(message(row.from, row.to) + message("attacker.example", "corp.example"));
        with.expect_close(row.condition);
        with.expect_delivered(0);
    }
}

TEST(ReceivingServer, DeliversCanonicalSpellingsOnly) {  // threat T39
    Dialogue with = authenticated();
    with.peer(message("ATTACKER.example.", "CORP.example"));
    with.expect_delivered(1);
    EXPECT_NE(with.delivered().back().find("u@attacker.example/r"), std::string::npos);
}

TEST(ReceivingServer, AnswersStanzasBeforeAnyPairWithNotAuthorized) {
    Dialogue with = greeted();
    with.peer(message("attacker.example", "corp.example"));
    with.expect_close(not_authorized);
    with.expect_delivered(0);
}

TEST(ReceivingServer, BoundsPairsAndVerifications) {  // threats T09c, T13
    Limits limits;
    limits.pending_dialbacks_per_stream = 3;
    limits.pairs_per_stream = 5;
    Dialogue with = authenticated(plain(), limits);
    for (int i = 0; i < 3; ++i) {
        const std::string from = "d" + std::to_string(i) + ".example";
        with.peer(result(from, "corp.example", "k"));
        with.expect_verify({pair_of("corp.example", from), "id-1", "k"});
    }
    with.peer(result("d3.example", "corp.example", "k"));
    with.ours(result_error("corp.example", "d3.example", "wait", "resource-constraint"));
    with.verdict(pair_of("corp.example", "d0.example"), Outcome::valid);
    with.verdict(pair_of("corp.example", "d1.example"), Outcome::valid);
    with.ours(result_is("corp.example", "d0.example", "valid"));
    with.ours(result_is("corp.example", "d1.example", "valid"));
    with.peer(result("d3.example", "corp.example", "k"));
    with.peer(result("d4.example", "corp.example", "k"));
    with.ours(result_error("corp.example", "d4.example", "wait", "resource-constraint"));
    with.expect_open();
    with.peer(message("attacker.example", "corp.example"));
    with.expect_delivered(1);
}

TEST(ReceivingServer, AsksNobodyForWhomPolicyRefuses) {  // threats T11, T14, T70
    const auto refused = [](TestRules rules, const std::string& request, const std::string& answer) {
        SCOPED_TRACE(request);
        Dialogue with = greeted(std::move(rules));
        with.peer(request);
        with.ours(answer);
        with.ours_nothing();
        with.expect_open();
        EXPECT_TRUE(with.in().pairs().empty());
    };
    TestRules denied = plain();
    denied.denied_in = {"other.example"};
    refused(denied, result("other.example", "corp.example", "k"),
            result_error("corp.example", "other.example", "cancel", "not-allowed"));
    TestRules certificates = plain();
    certificates.everyone.require_certificate = true;
    refused(certificates, result("attacker.example", "corp.example", "k"),
            result_error("corp.example", "attacker.example", "auth", "not-authorized"));
    TestRules strict = plain();
    strict.peers["other.example"].security = SecurityMode::tls_required;
    refused(strict, result("other.example", "corp.example", "k"),
            result_error("corp.example", "other.example", "modify", "policy-violation"));
    refused(plain(), result("attacker.example", "corp.example", ""),
            result_error("corp.example", "attacker.example", "modify", "not-acceptable"));
    refused(plain(), result("attacker.example", "corp.example", std::string(1025, 'a')),
            result_error("corp.example", "attacker.example", "modify", "not-acceptable"));

    refused(plain(), result("rooms.corp.example", "corp.example", "k"),
            result_error("corp.example", "rooms.corp.example", "auth", "not-authorized"));
    for (const std::string odd : {"u@attacker.example", "attacker.example/r", "☃.example", "a b.example"}) {
        refused(plain(), result(odd, "corp.example", "k"),
                result_error("corp.example", odd, "modify", "jid-malformed"));
        refused(plain(), result("attacker.example", odd, "k"),
                result_error(odd, "attacker.example", "modify", "jid-malformed"));
        refused(plain(), verify(odd, "corp.example", "7", "k"),
                verify_error("corp.example", odd, "7", "modify", "jid-malformed"));
    }
    for (const char* addresses : {"", " from='attacker.example'", " to='corp.example'", " from='' to='corp.example'"}) {
        for (const std::string kind : {"result", "verify"}) {
            Dialogue nobody = greeted();
            nobody.peer("<db:" + kind + addresses + " id='7'>k</db:" + kind + ">");
            nobody.expect_close(improper_addressing);
        }
    }
}

/// Whoever serves many names sends the keys of all on one stream.
TEST(ReceivingServer, LetsNoNameOfAPeerEndTheStreamOfTheOthers) {
    Dialogue::fail_each_step([] { return authenticated(); },
                             [](Dialogue& with) {
                                 with.peer(result("corp.example", "corp.example", "k"));
                                 with.ours(result_error("corp.example", "corp.example", "auth", "not-authorized"));
                                 with.peer(result("☃.example", "corp.example", "k"));
                                 with.ours(result_error("corp.example", "☃.example", "modify", "jid-malformed"));
                                 with.peer(message("attacker.example", "corp.example"));
                                 with.expect_delivered(1);
                             });
}

TEST(ReceivingServer, RespectsARefusalThatComesDuringTheVerification) {
    Dialogue with = greeted();
    with.peer(result("attacker.example", "corp.example", "k"));
    with.rules().denied_in = {"attacker.example"};
    with.verdict(a_pair, Outcome::valid);
    with.ours(result_error("corp.example", "attacker.example", "cancel", "not-allowed"));
    with.expect_note("s2s.result.answered", "verdict", "v-0123456789ab");
    with.expect_note("s2s.result.answered", "why", "deny-list: the test denies it");
    EXPECT_FALSE(with.in().authenticated());
}

TEST(ReceivingServer, ClosesWhenADomainIsDeniedOnALiveStream) {  // threat T70
    Dialogue::fail_each_step([] { return authenticated(); },
                             [](Dialogue& with) {
                                 with.rules_change([](TestRules& rules) { rules.denied_in = {"attacker.example"}; });
                                 with.expect_close(policy_violation);
                                 with.peer(message("attacker.example", "corp.example"));
                                 with.expect_delivered(0);
                             });
}

TEST(ReceivingServer, TakesTheCertificateForTheCallBack) {  // XEP-0344, threat T10
    const auto secured = [](std::optional<CertFacts> certificate, TestRules rules = {}) {
        Dialogue with = Dialogue::inbound(std::move(rules), true);
        with.tls(std::move(certificate));
        with.peer_header("partner.example", "corp.example");
        return with;
    };
    Dialogue with = secured(certificate_for("partner.example"));
    with.peer(result("partner.example", "corp.example", "k"));
    with.expect_ready(pair_of("corp.example", "partner.example"), Method::certificate_dialback);
    with.peer(result("victim.example", "corp.example", "k"));  // each sender is proven on its own
    with.expect_verify({pair_of("corp.example", "victim.example"), "id-1", "k"});

    for (const auto& certificate : {self_signed_for("partner.example"), certificate_for("other.example")}) {
        Dialogue call = secured(certificate);
        call.peer(result("partner.example", "corp.example", "k"));
        call.expect_verify({pair_of("corp.example", "partner.example"), "id-1", "k"});
    }
    TestRules strict;
    strict.everyone.require_certificate = true;
    Dialogue bad = secured(self_signed_for("partner.example"), strict);
    bad.peer(result("partner.example", "corp.example", "k"));
    EXPECT_NE(bad.everything_sent().find("not-authorized"), std::string::npos);
    EXPECT_TRUE(bad.in().pairs().empty());
}

TEST(ReceivingServer, DropsAnswersThatNobodyAskedFor) {  // threats T01, T04
    Dialogue with = authenticated();
    with.peer(result_is("other.example", "corp.example", "valid"));
    with.peer(verify_is("other.example", "corp.example", "id-1", "valid"));
    with.ours_nothing();
    with.expect_open();
    with.expect_note("s2s.answer.dropped");
    with.peer(message("other.example", "corp.example"));
    with.expect_close(invalid_from);
    with.expect_delivered(0);
}

TEST(ReceivingServer, LetsTheNamespaceDecideAndNotThePrefix) {  // threat T35
    Dialogue with = greeted();
    with.peer("<d:result xmlns:d='jabber:server:dialback' from='attacker.example' to='corp.example'>abc</d:result>");
    with.expect_verify({a_pair, "id-1", "abc"});
    Dialogue other = greeted();
    other.peer("<db:result xmlns:db='urn:x' from='attacker.example' to='corp.example'>abc</db:result>");
    other.expect_close(unsupported_stanza_type);
}

TEST(ReceivingServer, AnswersAsItWasAddressed) {
    Dialogue with = greeted();
    with.peer(result("ATTACKER.example", "Corp.Example", "abc"));
    with.expect_verify({a_pair, "id-1", "abc"});
    with.verdict(a_pair, Outcome::valid);
    with.ours(result_is("Corp.Example", "ATTACKER.example", "valid"));
}

TEST(AuthoritativeServer, JudgesKeysWithoutState) {  // XEP-0220 2.2.2, vectors 4.1
    TestRules rules = plain();
    rules.served = {"example.org"};
    Dialogue::fail_each_step(
        [&] {
            Dialogue with = Dialogue::inbound(rules);
            with.peer_header("xmpp.example.com", "example.org");
            with.our_header();
            with.ours(features(starttls, f_dialback, f_sm, f_limits));
            return with;
        },
        [](Dialogue& with) {
            const std::string key = "37c69b1cf07a3f67c04a5ef5902fa5114f2c76fe4a2686482ba5b89323075643";
            with.peer(verify("xmpp.example.com", "example.org", "D60000229F", key));
            with.ours(verify_is("example.org", "xmpp.example.com", "D60000229F", "valid"));
            with.expect_note("s2s.verify.answered", "type", "valid");
            with.expect_note("s2s.verify.received", "key", "37c69b1c");
            with.peer(verify("xmpp.example.com", "example.org", "D60000229f", key));
            with.ours(verify_is("example.org", "xmpp.example.com", "D60000229f", "invalid"));
            with.peer(verify("example.com", "example.org", "D60000229F", key));
            with.ours(verify_is("example.org", "example.com", "D60000229F", "invalid"));
            with.peer(verify("xmpp.example.com", "nowhere.example", "x", key));
            with.ours(
                "<db:verify from='nowhere.example' to='xmpp.example.com' id='x' type='error'><error type='cancel'>"
                "<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:verify>");
            with.expect_open();
            with.peer(close_tag);
            with.ours(close_tag);
            with.expect_note("s2s.stream.closed-dialback-only");
        });
}

TEST(AuthoritativeServer, AnswersOnStreamsThatAlsoCarryStanzas) {
    Dialogue with = authenticated();
    with.peer(verify("attacker.example", "corp.example", "x", "00"));
    with.ours(verify_is("corp.example", "attacker.example", "x", "invalid"));
    with.peer(message("attacker.example", "corp.example"));
    with.expect_delivered(1);
}

TEST(AuthoritativeServer, ClosesQuietlyWhenThePeerLeavesTheStreamOpen) {
    Dialogue with = greeted();
    with.peer(verify("attacker.example", "corp.example", "x", "00"));
    with.after(std::chrono::seconds{31});
    with.expect_close();
    with.expect_note("s2s.stream.closed-dialback-only");
}

}  // namespace
}  // namespace sallyport::testing
