// Several domain pairs on one stream that we opened (XEP-0220 2.6.1): who may join, what a refusal or a policy change
// of one means to the others. With it: ends of streams that no other dialogue has: an expired certificate (threat T31),
// our own stream id (T14), and a peer that never answers `<enable/>` (XEP-0198).
#include <gtest/gtest.h>

#include "support/dialogue.h"
#include "support/words.h"

namespace sallyport::testing {
namespace {

using s2s::Method;
using xmpp::StanzaCondition;
using xmpp::StreamCondition;

const xmpp::DomainPair first = pair_of("corp.example", "partner.example");
const xmpp::DomainPair second = pair_of("rooms.corp.example", "partner.example");

std::string key_of(const xmpp::DomainPair& pair, std::string_view id = "p1") {
    return s2s::dialback_key("s3cr3tf0rd14lb4ck", pair.remote.text(), pair.local.text(), id);
}

TestRules sharing() {
    TestRules rules;
    rules.everyone.security = s2s::SecurityMode::no_tls;
    return rules;
}

Dialogue open(const std::string& offered = features(f_dialback), const TestRules& rules = sharing()) {
    Dialogue with = Dialogue::outbound(rules);
    with.connected();
    with.our_header();
    with.peer_header("partner.example", "corp.example", "id='p1'");
    with.peer(offered);
    with.ours(result("corp.example", "partner.example", key_of(first)));
    with.peer(result_is("partner.example", "corp.example", "valid"));
    with.expect_ready(first, Method::dialback);
    return with;
}

/// Both pairs are ready.
Dialogue shared(const TestRules& rules = sharing()) {
    Dialogue with = open(features(f_dialback), rules);
    EXPECT_TRUE(with.add_pair(second));
    with.ours(result("rooms.corp.example", "partner.example", key_of(second)));
    with.peer(result_is("partner.example", "rooms.corp.example", "valid"));
    with.expect_ready(second, Method::dialback);
    return with;
}

/// Authenticated by the certificate of partner.example; the peer knows ours.
Dialogue external(const std::string& offered = features(f_dialback)) {
    Dialogue with = Dialogue::outbound();
    with.connected();
    with.our_header();
    with.peer_header("partner.example", "corp.example", "id='p0'");
    with.peer(required_features);
    with.ours(starttls);
    with.peer(proceed);
    with.expect_start_tls("partner.example");
    with.tls(certificate_for("partner.example"));
    with.expect_restart();
    with.our_header();
    with.peer_header("partner.example", "corp.example", "id='p1'");
    with.peer(features(f_mechanisms));
    with.ours(auth("Y29ycC5leGFtcGxl"));
    with.peer(sasl_success);
    with.expect_restart();
    with.our_header();
    with.peer_header("partner.example", "corp.example", "id='p1'");
    with.peer(offered);
    with.expect_ready(first, Method::external);
    return with;
}

TEST(SharedStream, TakesASecondPairWhereThePeerOffersDialback) {
    EXPECT_TRUE(open().out().shareable());
    EXPECT_TRUE(open(features("<dialback xmlns='urn:xmpp:features:dialback'/>")).out().shareable());
    EXPECT_FALSE(open("<stream:features/>").out().shareable());
    EXPECT_TRUE(external().out().shareable());
    EXPECT_FALSE(external("<stream:features/>").out().shareable()) << "EXTERNAL for one pair, and no dialback";
}

TEST(SharedStream, LosesOnlyThePairThatPolicyTakesAway) {
    for (const auto& [gone, stays] : {std::pair{first, second}, std::pair{second, first}}) {
        Dialogue with = shared();
        with.rules_change([&](TestRules& rules) { rules.denied_out.insert(gone.text()); });
        with.expect_failed(gone, StanzaCondition::not_allowed, "policy");
        with.expect_note("s2s.state", "verdict", "v-0123456789ab");
        with.expect_open();
        with.ours_nothing();
        EXPECT_FALSE(with.out().ready(gone));
        EXPECT_TRUE(with.out().ready(stays));
        EXPECT_FALSE(with.add_pair(gone));
        with.rules_change([&](TestRules& rules) { rules.denied_out.insert(stays.text()); });
        with.expect_note("s2s.refused", "verdict", "v-0123456789ab");
        with.ours(close_tag);
        with.expect_close();
    }
}

TEST(SharedStream, EndsWhenPolicyTakesAwayAllItsPairs) {
    Dialogue with = shared();
    with.rules_change([](TestRules& rules) { rules.denied_out.insert("partner.example"); });
    with.expect_failed(first, StanzaCondition::not_allowed, "policy");
    with.expect_failed(second, StanzaCondition::not_allowed, "policy");
    with.ours(close_tag);
    with.expect_close();
}

TEST(SharedStream, KeepsTheFirstPairWhenTheSecondIsNotAccepted) {
    for (const std::string& answer : {result_is("partner.example", "rooms.corp.example", "invalid"),
                                      result_error("partner.example", "rooms.corp.example", "cancel", "not-allowed")}) {
        Dialogue with = open();
        EXPECT_TRUE(with.add_pair(second));
        with.ours(result("rooms.corp.example", "partner.example", key_of(second)));
        with.peer(answer);
        EXPECT_FALSE(with.out().ready(second));
        EXPECT_TRUE(with.out().ready(first));
        with.expect_open();
    }
}

TEST(SharedStream, AsksForSoManyPairsAtATimeAsAPeerMustTake) {
    Dialogue with = open();
    for (int n = 0; n < 8; ++n) {
        EXPECT_TRUE(with.add_pair(pair_of("n" + std::to_string(n) + ".corp.example", "partner.example")));
    }
    EXPECT_FALSE(with.add_pair(second));
    with.peer(result_is("partner.example", "n3.corp.example", "valid"));
    EXPECT_TRUE(with.add_pair(second));
}

TEST(SharedStream, CountsTheStanzasOfAllItsPairsTogether) {  // XEP-0198 4
    Dialogue with = open(features(f_dialback, f_sm));
    with.ours("<enable xmlns='urn:xmpp:sm:3'/>");
    with.peer("<enabled xmlns='urn:xmpp:sm:3'/>");
    with.we_send(2);
    EXPECT_TRUE(with.add_pair(second));
    with.ours(result("rooms.corp.example", "partner.example", key_of(second)));
    with.peer(result_is("partner.example", "rooms.corp.example", "valid"));
    with.expect_ready(second, Method::dialback);
    with.ours_nothing();  // one <enable/> a stream
    with.we_send(1);
    with.peer("<a xmlns='urn:xmpp:sm:3' h='3'/>");
    with.expect_acknowledged(3);
}

TEST(Acknowledgements, AreNotWaitedForWhenEnableIsNeverAnswered) {
    Dialogue with = open(features(f_dialback, f_sm));
    with.ours("<enable xmlns='urn:xmpp:sm:3'/>");
    with.we_send(3);
    EXPECT_TRUE(with.out().counting());
    with.after(std::chrono::seconds{10});
    with.expect_acknowledged(3);
    with.expect_note("s2s.acks", "enabled", "no");
    EXPECT_FALSE(with.out().counting());
    with.expect_open();
    with.we_send(100);
    with.ours_nothing();
    // The answer comes after all: the peer counts stanzas that we no longer keep.
    with.peer("<enabled xmlns='urn:xmpp:sm:3'/>");
    with.peer("<a xmlns='urn:xmpp:sm:3' h='103'/>");
    with.peer("<r xmlns='urn:xmpp:sm:3'/>");
    with.ours("<a xmlns='urn:xmpp:sm:3' h='0'/>");
    EXPECT_FALSE(with.out().counting());
    with.expect_open();
}

TEST(ExpiredCertificate, EndsAStreamThatRestsOnIt) {  // RFC 6120 13.7.2.3, threat T31
    Dialogue with = external();
    with.certificate_expires();
    with.expect_close(StreamCondition::reset);
    Dialogue demanding = shared();
    demanding.certificate_expires();  // no TLS, no certificate
    demanding.expect_open();
}

TEST(ExpiredCertificate, LeavesADialbackStreamOpen) {
    Dialogue with = Dialogue::outbound();
    with.connected();
    with.our_header();
    with.peer_header("partner.example", "corp.example", "id='p0'");
    with.peer(required_features);
    with.ours(starttls);
    with.peer(proceed);
    with.expect_start_tls("partner.example");
    with.tls(certificate_for("partner.example"));
    with.expect_restart();
    with.our_header();
    with.peer_header("partner.example", "corp.example", "id='p1'");
    with.peer(features(f_dialback));
    with.ours(result("corp.example", "partner.example", key_of(first)));
    with.peer(result_is("partner.example", "corp.example", "valid"));
    with.expect_ready(first, Method::dialback);
    with.certificate_expires();
    with.expect_open();
    with.ours_nothing();
    EXPECT_FALSE(with.out().tls()->peer->chain_valid);
    // What asks for a certificate from now on does not get this one.
    with.rules_change([](TestRules& rules) { rules.everyone.require_certificate = true; });
    with.expect_close();
}

TEST(OwnStreamId, ComingBackEndsTheStreamForGood) {  // threat T14
    Dialogue with = Dialogue::outbound(sharing());
    with.connected();
    with.our_header();
    with.peer_header("partner.example", "corp.example", "id='ours'");
    with.expect_failed(first, StanzaCondition::remote_server_not_found, "stream");
    with.ours(close_tag);
    with.expect_close();
}

}  // namespace
}  // namespace sallyport::testing
