// XEP-0198, 0288, 0138, timers and ends of an open inbound stream: threats T24, T30, T38, T45, T58, T62, T86, T87.
#include <gtest/gtest.h>

#include <algorithm>

#include "support/proved_partner.h"

namespace sallyport::testing {
namespace {

using enum xmpp::StreamCondition;

constexpr std::string_view enable = "<enable xmlns='urn:xmpp:sm:3'/>";
constexpr std::string_view request = "<r xmlns='urn:xmpp:sm:3'/>";

std::string ack(std::string_view h) { return "<a xmlns='urn:xmpp:sm:3' h='" + std::string{h} + "'/>"; }
std::string sm_failed(std::string_view condition) {
    return "<failed xmlns='urn:xmpp:sm:3'><" + std::string{condition} +
           " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>";
}

TEST(InboundAcks, CountWhatIsHandled) {
    Dialogue::fail_each_step(
        [] { return proved_partner(); },
        [](Dialogue& with) {
            with.peer(message("partner.example", "corp.example"));  // before <enable/>: not counted
            with.handled(1);
            with.peer(enable);
            with.ours("<enabled xmlns='urn:xmpp:sm:3'/>");
            with.peer(message("partner.example", "corp.example") + message("partner.example", "corp.example"));
            with.peer(request);
            with.ours(ack("0"));
            with.handled(3);  // out of order: the first is still on its way
            with.ours_nothing();
            with.handled(2);
            with.ours(ack("2"));  // owed since <r/>
            with.peer(request);
            with.ours(ack("2"));
            with.peer(enable);
            with.ours(sm_failed("unexpected-request"));
            with.expect_open();
        });
}

TEST(InboundAcks, CountFromEnableOn) {  // XEP-0198 section 4: nobody tells of what came before
    Dialogue with = proved_partner();
    for (int i = 0; i < 3; ++i) with.peer(message("partner.example", "corp.example"));
    with.peer(enable);
    with.ours("<enabled xmlns='urn:xmpp:sm:3'/>");
    with.peer(request);
    with.ours(ack("0"));
    with.peer(message("partner.example", "corp.example") + message("partner.example", "corp.example"));
    with.handled(4);
    with.peer(request);
    with.ours(ack("1"));
    with.handled(5);
    with.ours(ack("2"));  // owed
    with.expect_open();
}

TEST(InboundAcks, WaitForAuthentication) {  // threat T86
    TestRules rules;
    rules.everyone.security = s2s::SecurityMode::tls_optional;
    Dialogue with = Dialogue::inbound(rules);
    with.peer_header("partner.example", "corp.example");
    with.our_header();
    with.ours(features(starttls, f_dialback, f_sm, f_limits));
    with.peer(enable);
    with.ours(sm_failed("unexpected-request"));
    with.peer("<resume xmlns='urn:xmpp:sm:3' previd='guess' h='0'/>");
    with.ours(sm_failed("not-authorized"));
    with.expect_open();
    EXPECT_FALSE(with.in().managed());
}

TEST(InboundAcks, RefuseCountsThatCannotBe) {
    Dialogue with = proved_partner();
    with.peer(enable);
    with.peer(ack("4294967295"));
    with.expect_close(undefined_condition);
    EXPECT_NE(with.everything_sent().find("handled-count-too-high"), std::string::npos);
    Dialogue odd = proved_partner();
    odd.peer(enable);
    odd.peer("<a xmlns='urn:xmpp:sm:3'/>");
    odd.expect_close(bad_format);
    Dialogue unmanaged = proved_partner();
    unmanaged.peer(request);
    unmanaged.expect_close(unsupported_stanza_type);
    Dialogue early = proved_partner();
    early.peer(ack("0"));
    early.expect_close(unsupported_stanza_type);
}

TEST(InboundBidi, CountsWhatWeSendBack) {  // XEP-0288 with XEP-0198
    Dialogue with = proved_partner(true);
    EXPECT_TRUE(with.in().bidi());
    with.peer(enable);
    with.ours("<enabled xmlns='urn:xmpp:sm:3'/>");
    with.we_send(49);
    with.ours_nothing();
    with.we_send(1);
    with.ours(request);
    with.peer(ack("50"));
    with.expect_acknowledged(50);
    with.expect_open();
}

TEST(InboundBidi, HearsTheLimitsOfAPeerThatHasNoFeaturesToSend) {  // XEP-0478
    TestRules rules;
    rules.everyone.bidi = true;
    Dialogue with = Dialogue::inbound(rules, true);
    with.tls(certificate_for("partner.example"));
    with.peer_header("partner.example", "corp.example");
    with.peer(
        "<bidi xmlns='urn:xmpp:bidi'><limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>10000</max-bytes>"
        "</limits></bidi>");
    with.expect_note("s2s.peer-limits", "max-bytes", "10000");
    EXPECT_TRUE(with.in().bidi());
}

TEST(InboundBidi, AsksForTheLastAcknowledgementsAndTakesThemBeforeTheClosingTag) {  // XEP-0198 4
    Dialogue with = proved_partner(true);
    with.peer(enable);
    with.ours("<enabled xmlns='urn:xmpp:sm:3'/>");
    with.we_send(2);
    EXPECT_EQ(with.in().unacknowledged(), 2U);
    s2s::Actions actions;
    with.in().shut({system_shutdown, {}, {}, {}}, TimePoint{}, actions);
    EXPECT_TRUE(std::any_of(actions.begin(), actions.end(), [](const s2s::Action& action) {
        const auto* said = std::get_if<s2s::Send>(&action);
        return said != nullptr && said->bytes == request;
    }));
    with.peer(ack("2"));
    with.expect_acknowledged(2);
    EXPECT_EQ(with.in().unacknowledged(), 0U);
}

TEST(InboundBidi, ProbesWhereThePeerEnabledAcknowledgements) {
    s2s::Actions actions;
    Dialogue without = proved_partner(true);
    EXPECT_FALSE(without.in().probe(TimePoint{}, actions));
    EXPECT_TRUE(actions.empty());
    Dialogue with = proved_partner(true);
    with.peer(enable);
    EXPECT_TRUE(with.in().probe(TimePoint{}, actions));
    EXPECT_EQ(actions.size(), 1U);
}

TEST(InboundBidi, IsRefusedUnlessOfferedAndBeforeAuthentication) {
    Dialogue late = proved_partner(true);
    late.peer("<bidi xmlns='urn:xmpp:bidi'/>");
    late.expect_close(policy_violation);
    Dialogue unoffered = Dialogue::inbound({}, true);
    unoffered.tls(std::nullopt);
    unoffered.peer_header("partner.example", "corp.example");
    unoffered.peer("<bidi xmlns='urn:xmpp:bidi'/>");
    unoffered.expect_close(policy_violation);
}

TEST(InboundStream, RefusesCompressionAndGoesOn) {  // threat T62
    Dialogue with = proved_partner();
    with.peer("<compress xmlns='http://jabber.org/protocol/compress'><method>zlib</method></compress>");
    with.ours("<failure xmlns='http://jabber.org/protocol/compress'><unsupported-method/></failure>");
    with.peer(message("partner.example", "corp.example"));
    with.expect_delivered(1);
}

TEST(InboundStream, DeliversAStanzaThatComesInDribblesAtItsLastByte) {  // threat T56
    Dialogue with = proved_partner();
    const std::string stanza = "<message from='u@partner.example' to='v@corp.example' id='" + std::string(1000, 'x') +
                               "'><body>" + std::string(3000, 'y') + "</body></message>";
    for (std::size_t at = 0; at + 1 < stanza.size(); ++at) with.peer(stanza.substr(at, 1));
    with.expect_delivered(0);
    with.peer(">");
    with.expect_delivered(1);
    EXPECT_EQ(with.delivered().back(), stanza);
    with.expect_open();
}

TEST(InboundStream, EndsOnElementsThatHaveNoPlace) {
    for (const std::string_view bytes :
         {"<x xmlns='urn:x'/>", "<stream:features/>", "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
          "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", "<enabled xmlns='urn:xmpp:sm:3'/>",
          "<message xmlns='jabber:client' from='partner.example' to='corp.example'/>"}) {
        SCOPED_TRACE(bytes);
        Dialogue with = proved_partner();
        with.peer(bytes);
        with.expect_close(unsupported_stanza_type);
        with.expect_delivered(0);
    }
}

TEST(InboundStream, NotesTheErrorsOfThePeerAndCloses) {  // threat T38
    Dialogue with = proved_partner();
    with.peer(
        "<stream:error><evil xmlns='urn:x'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>login ok</text>"
        "</stream:error></stream:stream>");
    with.ours(close_tag);
    with.ours_nothing();
    with.expect_close();
    with.expect_note("s2s.stream.error-received", "condition", "undefined-condition");
    EXPECT_TRUE(with.in().closed());
}

TEST(InboundStream, ProcessesNothingAfterTheClosingTag) {
    Dialogue with = proved_partner();
    with.peer(std::string{close_tag} + message("partner.example", "corp.example"));
    with.expect_delivered(0);
    EXPECT_TRUE(with.in().closed());
}

TEST(InboundStream, DropsAPartialStanzaWithTheConnection) {  // threat T24
    Dialogue with = proved_partner();
    with.peer("<message from='u@partner.example/r' to='v@corp");
    with.lost();
    with.expect_delivered(0);
    EXPECT_TRUE(with.in().closed());
}

TEST(InboundStream, EndsWhenAStanzaTakesTooLong) {  // threat T58
    Dialogue with = proved_partner();
    with.peer("<message from='u@partner.example/r' ");
    with.after(std::chrono::seconds{40});
    with.peer("to='v@corp.example' ");
    with.expect_open();
    with.after(std::chrono::seconds{20});
    with.expect_close(policy_violation);
}

TEST(InboundStream, GivesEachStanzaItsOwnTime) {
    Dialogue with = proved_partner();
    const std::string whole = message("partner.example", "corp.example");
    with.peer(whole.substr(0, 10));
    for (int i = 0; i < 10; ++i) {
        with.after(std::chrono::seconds{40});
        with.peer(whole.substr(10) + whole.substr(0, 10));
    }
    with.expect_delivered(10);
    with.expect_open();
}

TEST(InboundStream, EndsWhenIdle) {  // RFC 6120 4.6.3: not connection-timeout
    Dialogue with = proved_partner();
    with.after(std::chrono::seconds{599});
    with.peer(message("partner.example", "corp.example"));
    with.after(std::chrono::seconds{599});
    with.expect_open();
    with.after(std::chrono::seconds{1});
    with.expect_close(policy_violation);
    with.after(std::chrono::seconds{5});
    EXPECT_TRUE(with.in().closed());
}

TEST(InboundStream, TakesWhatIsOnItsWayWhenItShutsDown) {  // RFC 6120 4.4
    Dialogue with = proved_partner();
    s2s::Actions actions;
    with.in().shut({system_shutdown, {}, {}, {}}, TimePoint{}, actions);
    with.peer(message("partner.example", "corp.example"));
    with.expect_delivered(1);
    with.peer(message("victim.example", "corp.example"));
    with.expect_delivered(0);
    with.peer(close_tag);
    EXPECT_TRUE(with.in().closed());
}

}  // namespace
}  // namespace sallyport::testing
