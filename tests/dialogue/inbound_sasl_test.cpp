// SASL EXTERNAL as the receiving server: RFC 6120 6, XEP-0178, threats T25 to T30, T33; RFC 6120 9.2.
#include <gtest/gtest.h>

#include "support/dialogue.h"
#include "support/words.h"

namespace sallyport::testing {
namespace {

using enum xmpp::StreamCondition;

/// TLS stands, the header after it was answered, and all that we said is consumed.
Dialogue secured(std::optional<CertFacts> certificate, TestRules rules = {}) {
    Dialogue with = Dialogue::inbound(std::move(rules), true);
    with.tls(std::move(certificate));
    with.peer_header("partner.example", "corp.example");
    with.our_header();
    return with;
}

const std::string all_features = features(f_mechanisms, f_dialback, f_sm, f_limits);
const std::string no_external = features(f_dialback, f_sm, f_limits);

TEST(InboundExternal, AuthenticatesAndOpens) {  // RFC 6120 9.2
    const auto make = [] { return secured(certificate_for("partner.example")); };
    Dialogue::fail_each_step(make, [](Dialogue& with) {
        with.ours(all_features);
        with.peer(auth("="));
        with.ours(sasl_success);
        with.ours_nothing();
        with.expect_restart();
        with.peer_header("partner.example", "corp.example");
        with.our_header("from='corp.example' to='partner.example' id='id-2'");
        with.ours(no_external);
        with.expect_ready(pair_of("corp.example", "partner.example"), s2s::Method::external);
        with.peer(message("partner.example", "corp.example"));
        with.expect_delivered(1);
        with.ours_nothing();
        with.peer(close_tag);
        with.ours(close_tag);
        with.expect_close();
    });
}

TEST(InboundExternal, JudgesTheAuthorizationIdentity) {  // vectors 4.5, threat T27
    struct Row {
        std::string_view response, failure;
    };
    for (const Row& row : {Row{"cGFydG5lci5leGFtcGxl", ""},                     // partner.example
                           Row{"UEFSVE5FUi5leGFtcGxl", ""},                     // PARTNER.example
                           Row{"dmljdGltLmV4YW1wbGU=", "invalid-authzid"},      // victim.example
                           Row{"dUBwYXJ0bmVyLmV4YW1wbGU=", "invalid-authzid"},  // u@partner.example
                           Row{"cGFydG5lci5leGFtcGxlL3I=", "invalid-authzid"},  // partner.example/r
                           Row{"cGFydG5lci5leGFtcGxlAHg=", "invalid-authzid"},  // with NUL
                           Row{"====", "incorrect-encoding"}, Row{"cGFy dG5l", "incorrect-encoding"},
                           Row{"cGFydG5lci5leGFtcGxl=", "incorrect-encoding"}}) {
        SCOPED_TRACE(row.response);
        Dialogue with = secured(certificate_for("partner.example"));
        with.ours(all_features);
        with.peer(auth(row.response));
        with.ours(row.failure.empty() ? std::string{sasl_success} : sasl_failure(row.failure));
        with.ours_nothing();
        with.expect_open();
    }
}

TEST(InboundExternal, IsOfferedAndHonouredOnlyForACertificateThatProvesTheHeader) {
    for (const auto& certificate :
         {std::optional<CertFacts>{}, std::optional{self_signed_for("partner.example")},
          std::optional{certificate_for("other.example")}, std::optional{certificate_for("*.partner.example")}}) {
        Dialogue with = secured(certificate);
        with.ours(no_external);
        with.peer(auth("="));
        with.ours(sasl_failure("not-authorized"));
        with.expect_open();
    }
}

TEST(InboundExternal, KnowsOnlyItsMechanisms) {  // threat T29
    for (const std::string_view mechanism : {"PLAIN", "ANONYMOUS", "SCRAM-SHA-1", "OAUTHBEARER", "external", ""}) {
        Dialogue with = secured(certificate_for("partner.example"));
        with.ours(all_features);
        with.peer(auth("=", mechanism));
        with.ours(sasl_failure("invalid-mechanism"));
    }
    TestRules rules;
    rules.everyone.offer_external = false;
    Dialogue with = secured(certificate_for("partner.example"), rules);
    with.ours(no_external);
    with.peer(auth("="));
    with.ours(sasl_failure("invalid-mechanism"));
}

TEST(InboundExternal, NeedsTls) {
    TestRules rules;
    rules.everyone.security = s2s::SecurityMode::tls_optional;
    Dialogue with = Dialogue::inbound(rules);
    with.peer_header("partner.example", "corp.example");
    with.our_header();
    with.ours(features(starttls, f_dialback, f_sm, f_limits));
    with.peer(auth("="));
    with.ours(sasl_failure("encryption-required"));
}

TEST(InboundExternal, AsksForAMissingInitialResponse) {
    const auto make = [] { return secured(certificate_for("partner.example")); };
    Dialogue::fail_each_step(make, [](Dialogue& with) {
        with.ours(all_features);
        with.peer(auth(""));
        with.ours("<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>=</challenge>");
        with.peer("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>cGFydG5lci5leGFtcGxl</response>");
        with.ours(sasl_success);
    });
}

TEST(InboundExternal, EndsTheStreamAfterTheThirdFailure) {  // RFC 6120 6.4.5, threat T30
    Dialogue with = secured(certificate_for("partner.example"));
    with.ours(all_features);
    with.peer("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    with.ours(sasl_failure("malformed-request"));
    with.peer("<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    with.ours(sasl_failure("aborted"));
    with.expect_open();
    with.peer(auth("=", "PLAIN"));
    with.ours(sasl_failure("invalid-mechanism"));
    with.expect_close(policy_violation);
}

TEST(InboundExternal, HoldsTheHeaderAfterSaslToWhatWasProven) {  // threat T33
    const auto after_success = [](std::string_view from, std::string_view to, xmpp::StreamCondition condition) {
        SCOPED_TRACE(from);
        SCOPED_TRACE(to);
        Dialogue with = secured(certificate_for("partner.example"));
        with.peer(auth("="));
        with.peer_header(from, to);
        with.expect_close(condition);
        EXPECT_TRUE(with.in().pairs().empty());
        with.peer(message("victim.example", "corp.example"));
        with.expect_delivered(0);
    };
    after_success("victim.example", "corp.example", invalid_from);
    after_success("", "corp.example", invalid_from);
    after_success("partner.example", "rooms.corp.example", not_authorized);
    after_success("partner.example", "nowhere.example", host_unknown);
}

TEST(InboundExternal, CannotBeUsedTwice) {
    Dialogue with = secured(certificate_for("partner.example"));
    with.peer(auth("="));
    with.peer_header("partner.example", "corp.example");
    with.peer(auth("="));
    with.expect_close(policy_violation);
}

TEST(InboundExternal, AddsFurtherTargetsByCertificate) {  // XEP-0344, XEP-0220 2.6
    Dialogue with = secured(certificate_for("partner.example"));
    with.ours(all_features);
    with.peer(auth("="));
    with.ours(sasl_success);
    with.peer_header("partner.example", "corp.example");
    with.our_header();
    with.ours(no_external);
    with.expect_ready(pair_of("corp.example", "partner.example"), s2s::Method::external);
    with.peer(result("partner.example", "rooms.corp.example", "0123"));
    with.ours(result_is("rooms.corp.example", "partner.example", "valid"));
    with.expect_ready(pair_of("rooms.corp.example", "partner.example"), s2s::Method::certificate_dialback);
    with.peer(message("partner.example", "rooms.corp.example") + message("partner.example", "corp.example"));
    with.expect_delivered(2);
}

TEST(InboundExternal, RespectsRulesThatChangedMeanwhile) {
    Dialogue with = secured(certificate_for("partner.example"));
    with.peer(auth("="));
    with.rules_change([](TestRules& rules) { rules.everyone.offer_external = false; });
    with.peer_header("partner.example", "corp.example");
    with.expect_close(not_authorized);
}

TEST(InboundExternal, EndsWithTheCertificate) {  // RFC 6120 13.7.2.3, threat T31
    Dialogue with = secured(certificate_for("partner.example"));
    with.peer(auth("="));
    with.expect_restart();
    with.peer_header("partner.example", "corp.example");
    with.expect_ready(pair_of("corp.example", "partner.example"), s2s::Method::external);
    with.certificate_expires();
    with.expect_close(reset);
}

TEST(InboundExternal, IsNotOfferedToACertificateThatHasExpiredMeanwhile) {
    Dialogue with = secured(certificate_for("partner.example"));
    with.ours(all_features);
    with.certificate_expires();
    with.expect_open();
    with.peer(auth("="));
    with.ours(sasl_failure("not-authorized"));
}

TEST(CertificateInsteadOfTheCallBack, EndsWithTheCertificate) {  // XEP-0344, threat T31
    Dialogue with = secured(certificate_for("partner.example"));
    with.peer(result("partner.example", "corp.example", "key"));
    with.expect_ready(pair_of("corp.example", "partner.example"), s2s::Method::certificate_dialback);
    with.certificate_expires();
    with.expect_close(reset);
}

TEST(Dialback, OutlivesTheCertificateThatItDidNotNeed) {
    Dialogue with = secured(self_signed_for("partner.example"));
    with.peer(result("partner.example", "corp.example", "key"));
    with.verdict(pair_of("corp.example", "partner.example"), s2s::Verified::Outcome::valid);
    with.certificate_expires();
    with.expect_open();
}

}  // namespace
}  // namespace sallyport::testing
