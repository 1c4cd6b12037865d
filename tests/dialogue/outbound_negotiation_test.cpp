// Headers, TLS, features and SASL as the initiating server: RFC 6120 4 to 6, RFC 7590 3.1, XEP-0178, XEP-0368; threats
// T02, T15, T17, T25, T28, T37.
#include <gtest/gtest.h>

#include "support/dialogue.h"
#include "support/words.h"

namespace sallyport::testing {
namespace {

using s2s::Method;
using s2s::SecurityMode;
using xmpp::StanzaCondition;

const xmpp::DomainPair negotiated = pair_of("corp.example", "partner.example");

TestRules in_mode(SecurityMode mode, bool certificates = false) {
    TestRules rules;
    rules.everyone.security = mode;
    rules.everyone.require_certificate = certificates;
    return rules;
}

void reply_header(Dialogue& with, std::string_view id) {
    with.peer_header("partner.example", "corp.example", "id='" + std::string{id} + "'");
}

/// Connected, header exchanged, what we said consumed.
Dialogue greeted(TestRules rules = {}, bool verify_only = false) {
    Dialogue with = Dialogue::outbound(std::move(rules), negotiated, verify_only);
    with.connected();
    with.our_header("from='corp.example' to='partner.example' xml:lang='en' version='1.0'");
    with.ours_nothing();
    reply_header(with, "p1");
    return with;
}

/// TLS stands and the header after it was answered.
Dialogue secured(std::optional<CertFacts> certificate, TestRules rules = {},
                 const std::function<void(s2s::OutboundSettings&)>& change = {}) {
    Dialogue with = Dialogue::outbound(std::move(rules), negotiated, false, false, change);
    with.connected();
    with.our_header();
    reply_header(with, "p1");
    with.peer(required_features);
    with.ours(starttls);
    with.peer(proceed);
    with.expect_start_tls("partner.example");
    with.tls(std::move(certificate));
    with.expect_restart();
    with.our_header("from='corp.example' to='partner.example'");
    reply_header(with, "p2");
    return with;
}

TEST(OutboundExternal, NegotiatesAsRfc6120Shows) {  // RFC 6120 9.2
    const auto make = [] { return Dialogue::outbound(); };
    Dialogue::fail_each_step(make, [](Dialogue& with) {
        with.connected();
        with.our_header("from='corp.example' to='partner.example'");
        reply_header(with, "hTiXkW+ih9k2SqdGkk/AZi0OJ/Q=");
        with.ours_nothing();
        with.peer(required_features);
        with.ours(starttls);
        with.peer(proceed);
        with.expect_start_tls("partner.example");
        with.tls(certificate_for("partner.example"));
        with.expect_restart();
        with.our_header();
        reply_header(with, "RChdjlgj/TIBcbT9Keu31zDihH4=");
        with.peer(features(f_mechanisms));
        with.ours(auth("Y29ycC5leGFtcGxl"));
        with.peer(sasl_success);
        with.expect_restart();
        with.our_header("from='corp.example' to='partner.example'");
        reply_header(with, "MbbV2FeojySpUIP6J91qaa+TWHM=");
        with.ours_nothing();
        with.peer("<stream:features/>");
        with.expect_ready(negotiated, Method::external);
        with.ours_nothing();
        with.we_send(1);
        with.peer(close_tag);
        with.ours(close_tag);
        with.expect_close();
    });
}

TEST(OutboundTls, AsksForRequiredTlsEvenIfItIsNotOffered) {  // RFC 7590 3.1, threat T15
    const auto make = [] { return greeted(); };
    Dialogue::fail_each_step(make, [](Dialogue& with) {
        with.peer(features(f_dialback));
        with.ours(starttls);
        with.ours_nothing();
        with.peer(tls_failure);
        with.expect_failed(negotiated, StanzaCondition::remote_server_timeout, "tls");
        with.ours(close_tag);
        with.ours_nothing();
        with.expect_close();
        EXPECT_EQ(with.everything_sent().find("db:result"), std::string::npos);
    });
}

TEST(OutboundTls, SaysNothingInClearToPeersWithoutVersionWhenTlsIsRequired) {
    Dialogue with = Dialogue::outbound();
    with.connected();
    with.our_header();
    with.peer(
        "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
        "xmlns:db='jabber:server:dialback' id='old'>");
    with.ours(starttls);
    with.ours_nothing();
    with.peer("<stream:error><unsupported-stanza-type xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>");
    with.expect_failed(negotiated, StanzaCondition::remote_server_timeout, "tls");
}

TEST(OutboundTls, GoesOnInClearOnlyWhereTheModeAllows) {
    Dialogue with = greeted(in_mode(SecurityMode::tls_optional));
    with.peer(features(f_dialback));
    with.ours(result("corp.example", "partner.example",
                     s2s::dialback_key("s3cr3tf0rd14lb4ck", "partner.example", "corp.example", "p1")));
    Dialogue offered = greeted(in_mode(SecurityMode::tls_optional));
    offered.peer(features(starttls, f_dialback));
    offered.ours(starttls);
    offered.ours_nothing();
    Dialogue none = greeted(in_mode(SecurityMode::no_tls));
    none.peer(features(starttls, f_dialback));
    none.ours(result("corp.example", "partner.example",
                     s2s::dialback_key("s3cr3tf0rd14lb4ck", "partner.example", "corp.example", "p1")));
    Dialogue impossible = greeted(in_mode(SecurityMode::no_tls));
    impossible.peer(required_features);
    impossible.expect_failed(negotiated, StanzaCondition::remote_server_timeout, "tls");
    impossible.ours(close_tag);
}

TEST(OutboundTls, BytesBehindProceedAreAnInjection) {  // threat T17
    for (const std::string& injected : {features(f_mechanisms), std::string{" "}, std::string{"<stream:fea"}}) {
        Dialogue with = greeted();
        with.peer(required_features);
        with.ours(starttls);
        with.peer(std::string{proceed} + injected);
        with.expect_failed(negotiated, StanzaCondition::remote_server_timeout, "tls");
        with.expect_silent_close();
        with.ours_nothing();
    }
}

TEST(OutboundTls, StopsAtACertificateThatDoesNotProveThePeer) {  // threat T28
    for (const auto& certificate : {std::optional<CertFacts>{}, std::optional{self_signed_for("partner.example")},
                                    std::optional{certificate_for("localhost")}}) {
        Dialogue with = Dialogue::outbound(in_mode(SecurityMode::tls_required, true));
        with.connected();
        with.our_header();
        reply_header(with, "p1");
        with.peer(required_features);
        with.ours(starttls);
        with.peer(proceed);
        with.tls(certificate);
        with.expect_failed(negotiated, StanzaCondition::remote_server_timeout, "tls");
        with.expect_silent_close();
        with.ours_nothing();
    }
}

TEST(OutboundTls, DirectTlsComesBeforeTheFirstByte) {  // XEP-0368
    const auto make = [] { return Dialogue::outbound({}, negotiated, false, true); };
    Dialogue::fail_each_step(make, [](Dialogue& with) {
        with.connected();
        with.ours_nothing();
        with.expect_start_tls("partner.example");
        with.tls(certificate_for("partner.example"));
        with.our_header();
        reply_header(with, "p1");
        with.peer(features(starttls, f_mechanisms));
        with.ours(auth("Y29ycC5leGFtcGxl"));
    });
}

TEST(OutboundTls, NamesThePeerAsALabel) {
    Dialogue with = Dialogue::outbound({}, pair_of("corp.example", "bücher.example"), false, true);
    with.connected();
    with.expect_start_tls("xn--bcher-kva.example");
}

TEST(OutboundExternal, IsNotUsedWithAServerThatIsNotProven) {
    Dialogue with = secured(self_signed_for("partner.example"));
    with.peer(features(f_mechanisms, f_dialback));
    with.ours("<db:result");
}

TEST(OutboundExternal, FallsBackToDialbackOnFailure) {
    const auto make = [] { return secured(certificate_for("partner.example")); };
    Dialogue::fail_each_step(make, [](Dialogue& with) {
        with.peer(features(f_mechanisms, f_dialback));
        with.ours(auth("Y29ycC5leGFtcGxl"));
        with.peer(sasl_failure("not-authorized"));
        with.expect_note("s2s.sasl.failure", "condition", "not-authorized");
        with.ours(result("corp.example", "partner.example",
                         s2s::dialback_key("s3cr3tf0rd14lb4ck", "partner.example", "corp.example", "p2")));
        with.peer(result_is("partner.example", "corp.example", "valid"));
        with.expect_ready(negotiated, Method::dialback);
    });
}

TEST(OutboundExternal, GivesUpWhereNothingIsInCommon) {
    TestRules rules;
    rules.everyone.offer_dialback = false;
    Dialogue with = secured(certificate_for("partner.example"), rules);
    with.peer(features(f_dialback));
    with.expect_failed(negotiated, StanzaCondition::remote_server_timeout, "sasl");
    with.ours(close_tag);
}

TEST(OutboundExternal, SaysItAgainToAServerThatAsksOnce) {  // RFC 6120 6.4.3
    const auto make = [] { return secured(certificate_for("partner.example")); };
    Dialogue::fail_each_step(make, [](Dialogue& with) {
        with.peer(features(f_mechanisms));
        with.ours(auth("Y29ycC5leGFtcGxl"));
        with.peer("<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>=</challenge>");
        with.ours("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>Y29ycC5leGFtcGxl</response>");
        with.peer(sasl_success);
        with.expect_restart();
        with.our_header();
        reply_header(with, "p3");
        with.peer("<stream:features/>");
        with.expect_ready(negotiated, Method::external);
    });
    Dialogue twice = secured(certificate_for("partner.example"));
    twice.peer(features(f_mechanisms, f_dialback));
    twice.ours(auth("Y29ycC5leGFtcGxl"));
    twice.peer("<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>=</challenge>");
    twice.ours("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>Y29ycC5leGFtcGxl</response>");
    twice.peer("<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>=</challenge>");
    twice.expect_failed(negotiated, StanzaCondition::remote_server_timeout, "sasl");
    EXPECT_TRUE(twice.out().tried_external());
}

TEST(OutboundExternal, IsAvoidedWhereItWasRefusedUnlessThereIsNothingElse) {
    const auto avoiding = [](s2s::OutboundSettings& settings) { settings.external = false; };
    Dialogue with = secured(certificate_for("partner.example"), {}, avoiding);
    with.peer(features(f_mechanisms, f_dialback));
    with.expect_note("s2s.sasl.avoided", "pair", negotiated.text());
    with.ours(result("corp.example", "partner.example",
                     s2s::dialback_key("s3cr3tf0rd14lb4ck", "partner.example", "corp.example", "p2")));
    TestRules rules;
    rules.everyone.offer_dialback = false;
    Dialogue alone = secured(certificate_for("partner.example"), rules, avoiding);
    alone.peer(features(f_mechanisms));
    alone.ours(auth("Y29ycC5leGFtcGxl"));
}

TEST(OutboundExternal, WaitsForAnAnswerNotAsLongAsForAWholeNegotiation) {
    Dialogue with = secured(certificate_for("partner.example"));
    with.peer(features(f_mechanisms, f_dialback));
    with.ours(auth("Y29ycC5leGFtcGxl"));
    with.after(s2s::Timers{}.sasl);
    with.expect_close(xmpp::StreamCondition::connection_timeout);
    with.expect_failed(negotiated, StanzaCondition::remote_server_timeout, "sasl");
}

TEST(OutboundStream, HasItsShareOfTheTimeWhereOthersWait) {
    const auto sharing = [](s2s::OutboundSettings& settings) { settings.share = std::chrono::seconds{4}; };
    Dialogue silent = Dialogue::outbound({}, negotiated, false, false, sharing);
    silent.connected();
    silent.our_header();
    silent.after(std::chrono::seconds{4});
    silent.expect_close(xmpp::StreamCondition::connection_timeout);
    silent.expect_failed(negotiated, StanzaCondition::remote_server_timeout, "stream");
    Dialogue unjudged = secured({}, {}, sharing);
    unjudged.peer(features(f_dialback));
    unjudged.after(std::chrono::seconds{4});
    unjudged.expect_failed(negotiated, StanzaCondition::remote_server_timeout, "dialback");
    Dialogue verifying = Dialogue::outbound(in_mode(SecurityMode::no_tls), negotiated, true, false, sharing);
    verifying.connected();
    verifying.our_header();
    reply_header(verifying, "p1");
    verifying.verify({negotiated, "their-id", "key"});
    verifying.peer(features(f_dialback));
    verifying.after(std::chrono::seconds{4});
    verifying.expect_verified(negotiated, s2s::Verified::Outcome::error);
}

TEST(OutboundStream, KnowsWhatWaitingCannotMend) {
    const auto with_error = [](std::string_view condition, bool permanent) {
        Dialogue with = greeted();
        with.peer("<stream:error><" + std::string{condition} +
                  " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>");
        with.expect_failed_for_good(negotiated, permanent);
    };
    for (const char* const condition : {"host-unknown", "host-gone", "not-authorized", "unsupported-version"}) {
        with_error(condition, true);
    }
    for (const char* const condition : {"internal-server-error", "remote-connection-failed", "resource-constraint",
                                        "system-shutdown", "policy-violation", "reset"}) {
        with_error(condition, false);
    }
    Dialogue no_tls = greeted();
    no_tls.peer(features(f_dialback));
    no_tls.ours(starttls);
    no_tls.lost();
    no_tls.expect_failed_for_good(negotiated, true);
    Dialogue ignored = greeted();
    ignored.peer(features(f_dialback));
    ignored.ours(starttls);
    ignored.after(s2s::Timers{}.unoffered);
    ignored.expect_failed_for_good(negotiated, true);
    Dialogue offered = greeted();
    offered.peer(required_features);
    offered.ours(starttls);
    offered.lost();
    offered.expect_failed_for_good(negotiated, false);
    Dialogue required = greeted(in_mode(SecurityMode::no_tls));
    required.peer(required_features);
    required.expect_failed_for_good(negotiated, true);
    for (const auto& [condition, permanent] : {std::pair{"not-authorized", true}, {"temporary-auth-failure", false}}) {
        Dialogue alone = secured(certificate_for("partner.example"), [] {
            TestRules rules;
            rules.everyone.offer_dialback = false;
            return rules;
        }());
        alone.peer(features(f_mechanisms));
        alone.ours(auth("Y29ycC5leGFtcGxl"));
        alone.peer(sasl_failure(condition));
        alone.expect_failed_for_good(negotiated, permanent);
    }
}

TEST(OutboundStream, ReportsWhatEndedIt) {  // threats T12, T37
    struct Row {
        std::string_view error;
        StanzaCondition condition;
    };
    for (const Row& row : {Row{"host-unknown", StanzaCondition::remote_server_not_found},
                           Row{"host-gone", StanzaCondition::remote_server_not_found},
                           Row{"policy-violation", StanzaCondition::remote_server_timeout},
                           Row{"see-other-host", StanzaCondition::remote_server_timeout}}) {
        Dialogue with = greeted();
        with.peer("<stream:error><" + std::string{row.error} +
                  " xmlns='urn:ietf:params:xml:ns:xmpp-streams'>127.0.0.1:7400</" + std::string{row.error} +
                  "></stream:error></stream:stream>");
        with.expect_failed(negotiated, row.condition, "stream");
        with.ours(close_tag);
        EXPECT_TRUE(with.out().closed());
    }
}

TEST(OutboundStream, SaysThatAPeerHasNoTlsWhenThatEndsTheStream) {
    Dialogue with = greeted(in_mode(SecurityMode::tls_required));
    with.peer("<stream:features><dialback xmlns='urn:xmpp:features:dialback'/></stream:features>");
    with.ours(starttls);
    with.peer(
        "<stream:error><unsupported-stanza-type xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
        "</stream:stream>");
    with.expect_note("s2s.stream.error-received", "why", "the remote server offers no TLS, which our mode requires");
    with.expect_failed(negotiated, StanzaCondition::remote_server_timeout, "tls");
}

TEST(OutboundStream, RefusesOddHeadersAndElements) {
    Dialogue with = Dialogue::outbound();
    with.connected();
    with.our_header();
    with.peer(
        "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='x' version='1.0'>");
    with.expect_close(xmpp::StreamCondition::invalid_namespace);
    with.expect_failed(negotiated, StanzaCondition::remote_server_timeout, "stream");
    Dialogue early = greeted();
    early.peer(proceed);
    early.expect_close(xmpp::StreamCondition::unsupported_stanza_type);
    Dialogue stanza = greeted();
    stanza.peer(message("partner.example", "corp.example"));
    stanza.expect_close(xmpp::StreamCondition::not_authorized);
    stanza.expect_delivered(0);
}

TEST(OutboundStream, EndsNegotiationAtItsDeadline) {
    Dialogue with = greeted();
    with.after(std::chrono::seconds{30});
    with.expect_failed(negotiated, StanzaCondition::remote_server_timeout, "stream");
    with.expect_close(xmpp::StreamCondition::connection_timeout);
    Dialogue handshake = greeted();
    handshake.peer(required_features);
    handshake.ours(starttls);
    handshake.peer(proceed);
    handshake.after(std::chrono::seconds{30});
    handshake.expect_silent_close();
    handshake.ours_nothing();
}

TEST(OutboundStream, TellsTheLimitsOfThePeer) {  // XEP-0478
    Dialogue with = secured(std::nullopt);
    with.peer(features(f_dialback, f_limits));
    with.expect_note("s2s.peer-limits", "max-bytes", "524288");
}

TEST(OutboundStream, EndsWhenThePeerIsNoLongerAdmitted) {
    const auto make = [] { return secured(certificate_for("partner.example")); };
    Dialogue::fail_each_step(make, [](Dialogue& with) {
        with.peer(features(f_dialback));
        with.ours("<db:result");
        with.rules_change([](TestRules& rules) { rules.denied_out = {"partner.example"}; });
        with.expect_failed(negotiated, StanzaCondition::not_allowed, "policy");
        with.expect_close();
    });
}

}  // namespace
}  // namespace sallyport::testing
