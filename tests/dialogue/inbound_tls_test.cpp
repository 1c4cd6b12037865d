// STARTTLS and the security modes as the receiving entity: RFC 6120 5, threats T11, T16, T18, T22, T33.
#include <gtest/gtest.h>

#include "support/dialogue.h"
#include "support/words.h"

namespace sallyport::testing {
namespace {

using enum xmpp::StreamCondition;
using s2s::SecurityMode;

TestRules in_mode(SecurityMode mode) {
    TestRules rules;
    rules.everyone.security = mode;
    return rules;
}

TEST(InboundTls, RestartsTheStreamAndOffersWhatTheCertificateAllows) {
    const auto make = [] { return Dialogue::inbound(); };
    Dialogue::fail_each_step(make, [](Dialogue& with) {
        with.peer_header("partner.example", "corp.example");
        with.our_header("id='id-1'");
        with.ours(required_features);
        with.peer(starttls);
        with.ours(proceed);
        with.ours_nothing();
        with.expect_start_tls("corp.example");
        with.tls(certificate_for("partner.example"));
        with.expect_restart();
        with.peer_header("partner.example", "corp.example");
        with.our_header("id='id-2'");
        with.ours(features(f_mechanisms, f_dialback, f_sm, f_limits));
        with.ours_nothing();
    });
}

TEST(InboundTls, OptionalModeOffersBothWays) {
    Dialogue with = Dialogue::inbound(in_mode(SecurityMode::tls_optional));
    with.peer_header("partner.example", "corp.example");
    with.our_header();
    with.ours(features(starttls, f_dialback, f_sm, f_limits));
    with.peer(starttls);
    with.ours(proceed);
}

TEST(InboundTls, NoTlsModeOffersNoneAndRefusesIt) {
    Dialogue with = Dialogue::inbound(in_mode(SecurityMode::no_tls));
    with.peer_header("partner.example", "corp.example");
    with.our_header();
    with.ours(features(f_dialback, f_sm, f_limits));
    with.peer(starttls);
    with.ours(tls_failure);
    with.ours(close_tag);
    with.ours_nothing();
    with.expect_close();
}

TEST(InboundTls, NothingButStarttlsGoesBeforeRequiredTls) {
    for (const std::string& bytes :
         {message("partner.example", "corp.example"), auth("="), result("partner.example", "corp.example", "00"),
          verify("partner.example", "corp.example", "x", "00"), std::string{"<bidi xmlns='urn:xmpp:bidi'/>"},
          std::string{"<enable xmlns='urn:xmpp:sm:3'/>"}, std::string{"<r xmlns='urn:xmpp:sm:3'/>"},
          std::string{"<resume xmlns='urn:xmpp:sm:3' previd='x' h='0'/>"},
          result_is("a.example", "corp.example", "valid"),
          std::string{"<compress xmlns='http://jabber.org/protocol/compress'><method>zlib</method></compress>"}}) {
        SCOPED_TRACE(bytes);
        TestRules rules;
        rules.everyone.bidi = true;
        Dialogue with = Dialogue::inbound(rules);
        with.peer_header("partner.example", "corp.example");
        with.our_header();
        with.ours(required_features);
        with.peer(bytes);
        with.expect_close(policy_violation);
        with.expect_delivered(0);
        EXPECT_EQ(with.everything_sent().find("valid"), std::string::npos);
    }
}

TEST(InboundTls, BytesBehindStarttlsAreAnInjection) {  // threat T16
    for (const std::string& injected : {std::string{" "}, std::string{"<?xml version='1.0'?>"},
                                        message("victim.example", "corp.example"), std::string(5000, ' ')}) {
        Dialogue with = Dialogue::inbound();
        with.peer_header("partner.example", "corp.example");
        with.our_header();
        with.ours(required_features);
        with.peer(std::string{starttls} + injected);
        with.ours(tls_failure);
        with.ours(close_tag);
        with.ours_nothing();
        with.expect_close();
        with.expect_delivered(0);
    }
}

TEST(InboundTls, RefusesASecondStarttls) {
    Dialogue with = Dialogue::inbound();
    with.peer_header("partner.example", "corp.example");
    with.peer(starttls);
    with.tls(std::nullopt);
    with.peer_header("partner.example", "corp.example");
    with.our_header();
    with.peer(starttls);
    with.expect_close();
    EXPECT_NE(with.everything_sent().find(tls_failure), std::string::npos);
}

TEST(InboundTls, RefusesStarttlsWhileAVerificationRuns) {
    Dialogue with = Dialogue::inbound(in_mode(SecurityMode::tls_optional));
    with.peer_header("partner.example", "corp.example");
    with.peer(result("partner.example", "corp.example", "00"));
    with.peer(starttls);
    with.expect_close();
    EXPECT_NE(with.everything_sent().find(tls_failure), std::string::npos);
}

TEST(InboundTls, ForgetsEverythingLearntBefore) {  // threat T33: another from after TLS is legal, the old one is gone
    Dialogue with = Dialogue::inbound();
    with.peer_header("victim.example", "corp.example", "xml:lang='de'");
    with.peer(starttls);
    with.tls(certificate_for("partner.example"));
    EXPECT_TRUE(with.in().peer().remote.empty());
    EXPECT_EQ(with.in().lang(), "");
    with.peer_header("partner.example", "rooms.corp.example");
    EXPECT_EQ(with.in().peer().text(), "rooms.corp.example:partner.example");
    EXPECT_EQ(with.in().id(), "id-2");
}

TEST(InboundTls, DirectTlsStartsSecured) {  // XEP-0368
    Dialogue with = Dialogue::inbound({}, true);
    with.tls(certificate_for("partner.example"));
    with.peer_header("partner.example", "corp.example");
    with.our_header("id='id-1'");
    with.ours(features(f_mechanisms, f_dialback, f_sm, f_limits));
    with.peer(starttls);
    with.ours(tls_failure);
    with.expect_close();
}

TEST(InboundTls, StalledHandshakeEndsWithoutAByte) {  // threat T21
    Dialogue with = Dialogue::inbound();
    with.peer_header("partner.example", "corp.example");
    with.peer(starttls);
    with.our_header();
    with.ours(required_features);
    with.ours(proceed);
    with.after(std::chrono::seconds{31});
    with.expect_silent_close();
    with.ours_nothing();
}

TEST(InboundTls, TighterRulesEndStreamsThatWaitForAProof) {
    Dialogue with = Dialogue::inbound(in_mode(SecurityMode::tls_optional));
    with.peer_header("partner.example", "corp.example");
    with.rules_change([](TestRules& rules) { rules.denied_in = rules.denied_out = {"partner.example"}; });
    with.expect_close(policy_violation);
}

TEST(InboundTls, ForgetsBidiOfThePlainStream) {
    TestRules rules = in_mode(SecurityMode::tls_optional);
    rules.everyone.bidi = true;
    Dialogue with = Dialogue::inbound(rules);
    with.peer_header("partner.example", "corp.example");
    with.peer("<bidi xmlns='urn:xmpp:bidi'/>");
    EXPECT_TRUE(with.in().bidi());
    with.peer(starttls);
    with.tls(std::nullopt);
    EXPECT_FALSE(with.in().bidi());
}

TEST(InboundTls, TighterRulesEndPlainStreams) {
    Dialogue with = Dialogue::inbound(in_mode(SecurityMode::tls_optional));
    with.peer_header("partner.example", "corp.example");
    with.rules_change([](TestRules& rules) { rules.everyone.security = SecurityMode::tls_required; });
    with.expect_close(policy_violation);
}

}  // namespace
}  // namespace sallyport::testing
