// Dialback as initiating server and as asker of the authoritative one: XEP-0220 2.1, threats T01 to T03, T12; XEP-0198
// and XEP-0288 on the stream that we opened.
#include <gtest/gtest.h>

#include "support/dialogue.h"
#include "support/words.h"

namespace sallyport::testing {
namespace {

using Outcome = s2s::Verified::Outcome;
using s2s::Method;
using s2s::SecurityMode;
using xmpp::StanzaCondition;

const xmpp::DomainPair pair = pair_of("corp.example", "partner.example");

std::string key_for(std::string_view local, std::string_view remote, std::string_view id) {
    return s2s::dialback_key("s3cr3tf0rd14lb4ck", remote, local, id);
}

TestRules plain(bool bidi = false) {
    TestRules rules;
    rules.everyone.security = SecurityMode::no_tls;
    rules.everyone.bidi = bidi;
    return rules;
}

void greet(Dialogue& with, std::string_view offered) {
    with.connected();
    with.our_header();
    with.peer_header("partner.example", "corp.example", "id='p1'");
    with.peer(offered);
}

/// The key is sent and consumed.
Dialogue asked(std::string_view offered = features(f_dialback)) {
    Dialogue with = Dialogue::outbound(plain());
    greet(with, offered);
    with.ours(result("corp.example", "partner.example", key_for("corp.example", "partner.example", "p1")));
    return with;
}

Dialogue ready(const std::string& offered = features(f_dialback)) {
    Dialogue with = asked(offered);
    with.peer(result_is("partner.example", "corp.example", "valid"));
    with.expect_ready(pair, Method::dialback);
    return with;
}

Dialogue verify_only() { return Dialogue::outbound(plain(), pair, true); }

TEST(InitiatingServer, ProvesItselfByDialback) {  // XEP-0220 2.1.1
    Dialogue::fail_each_step(
        [] { return Dialogue::outbound(plain()); },
        [](Dialogue& with) {
            greet(with, features(f_dialback));
            with.ours(result("corp.example", "partner.example", key_for("corp.example", "partner.example", "p1")));
            with.ours_nothing();
            with.expect_note("s2s.result.sent", "key", key_for("corp.example", "partner.example", "p1").substr(0, 8));
            with.expect_note("s2s.dialback.timeout-scheduled", "seconds", "30");
            with.peer(result_is("partner.example", "corp.example", "valid"));
            with.expect_ready(pair, Method::dialback);
            with.expect_note("s2s.state", "to", "CONNECTED");
        });
}

TEST(InitiatingServer,
     TakesTheSeedsAnswers) {  // COMPAT: no `to` in the reply, the key repeated in the answer, 40 digits
    Dialogue with = Dialogue::outbound(plain(), pair_of("coluc.com", "vngtp.lab"));
    with.connected();
    with.our_header();
    with.peer(
        "<stream:stream from='vngtp.lab' id='1327B794B' version='1.0' xml:lang='en-US.UTF-8' xmlns='jabber:server' "
        "xmlns:db='jabber:server:dialback' xmlns:stream='http://etherx.jabber.org/streams'>");
    with.peer("<stream:features/>");
    with.ours(result("coluc.com", "vngtp.lab", key_for("coluc.com", "vngtp.lab", "1327B794B")));
    with.peer(
        "<db:result from='vngtp.lab' to='coluc.com' type='valid'>d780f198ac34a6dbd795fcdaf8762eaf52ea9b03</db:result>");
    with.expect_ready(pair_of("coluc.com", "vngtp.lab"), Method::dialback);
}

TEST(InitiatingServer, ReturnsWhatWaitsWhenItIsNotBelieved) {  // rows 113, 114
    Dialogue::fail_each_step([] { return asked(); },
                             [](Dialogue& with) {
                                 with.peer(result_is("partner.example", "corp.example", "invalid"));
                                 with.expect_failed(pair, StanzaCondition::internal_server_error, "dialback");
                                 with.ours(close_tag);
                                 with.expect_close();
                             });
    Dialogue::fail_each_step(
        [] { return asked(); },
        [](Dialogue& with) {
            with.peer(result_error("partner.example", "corp.example", "wait", "remote-server-timeout"));
            with.expect_failed(pair, StanzaCondition::remote_server_timeout, "dialback");
            with.expect_close();
        });
    Dialogue late = asked();
    late.after(std::chrono::seconds{30});
    late.expect_note("s2s.dialback.timeout");
    late.expect_failed(pair, StanzaCondition::remote_server_timeout, "dialback");
    late.expect_close();
}

TEST(InitiatingServer, BelievesOnlyAnswersToItsOwnQuestions) {  // threat T02
    Dialogue with = Dialogue::outbound(plain());
    with.connected();
    with.our_header();
    with.peer_header("partner.example", "corp.example", "id='p1'");
    with.peer(result_is("partner.example", "corp.example", "valid"));  // before we asked
    EXPECT_FALSE(with.out().ready(pair));
    with.peer(features(f_dialback));
    for (const auto& [from, to] : {std::pair{"victim.example", "corp.example"},
                                   {"partner.example", "rooms.corp.example"},
                                   {"corp.example", "partner.example"},
                                   {"x.partner.example", "corp.example"}}) {
        with.peer(result_is(from, to, "valid"));
        EXPECT_FALSE(with.out().ready(pair));
        EXPECT_EQ(with.out().pairs().size(), 1U);
    }
    with.expect_open();
    with.peer(result("partner.example", "corp.example", "00"));  // a request against the direction
    with.expect_open();
    with.peer(result_is("partner.example", "corp.example", "valid"));
    EXPECT_TRUE(with.out().ready(pair));
}

TEST(InitiatingServer, TakesOneAnswerAQuestion) {
    Dialogue with = ready();
    with.peer(result_is("partner.example", "corp.example", "invalid"));
    with.peer(result_is("partner.example", "corp.example", "valid"));
    with.expect_note("s2s.answer.dropped");
    with.expect_open();
    EXPECT_TRUE(with.out().ready(pair));
}

TEST(InitiatingServer, NeedsTheStreamId) {  // RFC 6120 4.7.3
    Dialogue with = Dialogue::outbound(plain());
    with.connected();
    with.our_header();
    with.peer_header("partner.example", "corp.example");
    with.peer(features(f_dialback));
    with.expect_failed(pair, StanzaCondition::remote_server_timeout, "dialback");
    with.ours(close_tag);
}

TEST(InitiatingServer, WorksWithPeersBeforeVersionOne) {
    Dialogue with = Dialogue::outbound(plain());
    with.connected();
    with.our_header();
    with.peer(
        "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
        "xmlns:db='jabber:server:dialback' id='old'>");
    with.ours(result("corp.example", "partner.example", key_for("corp.example", "partner.example", "old")));
}

TEST(InitiatingServer, AddsTargetsOnlyWherePeersAnswerErrors) {  // XEP-0220 2.6
    const auto more = pair_of("rooms.corp.example", "partner.example");
    Dialogue::fail_each_step(
        [] { return ready(); },
        [&](Dialogue& with) {
            EXPECT_TRUE(with.add_pair(more));
            with.ours(result("rooms.corp.example", "partner.example",
                             key_for("rooms.corp.example", "partner.example", "p1")));
            with.peer(result_error("partner.example", "rooms.corp.example", "cancel", "item-not-found"));
            with.expect_failed(more, StanzaCondition::remote_server_timeout, "dialback");
            with.expect_open();
            EXPECT_TRUE(with.add_pair(pair_of("corp.example", "rooms.partner.example")));
            with.ours(result("corp.example", "rooms.partner.example",
                             key_for("corp.example", "rooms.partner.example", "p1")));
            with.peer(result_is("rooms.partner.example", "corp.example", "valid"));
            with.expect_ready(pair_of("corp.example", "rooms.partner.example"), Method::dialback);
        });
    Dialogue old = ready(features("<dialback xmlns='urn:xmpp:features:dialback'/>"));
    EXPECT_FALSE(old.add_pair(pair_of("corp.example", "rooms.partner.example")));
    old.ours_nothing();
    EXPECT_TRUE(old.add_pair(more)) << "another sender needs no announcement (XEP-0220 2.6.1)";
    old.ours(result("rooms.corp.example", "partner.example", key_for("rooms.corp.example", "partner.example", "p1")));
    Dialogue negotiating = Dialogue::outbound(plain());
    EXPECT_FALSE(negotiating.add_pair(more));
}

const s2s::Verify question{pair, "05E295A2B", "d780f198ac34a6dbd795fcdaf8762eaf52ea9b03"};

TEST(AskingTheAuthority,
     SendsTheKeyAsReceivedAndClosesAfterTheAnswer) {  // XEP-0220 2.1.2, DBVerify of Expressway's log
    Dialogue::fail_each_step(verify_only, [](Dialogue& with) {
        with.verify(question);
        greet(with, "<stream:features/>");
        with.ours(verify("corp.example", "partner.example", "05E295A2B", question.key));
        with.ours_nothing();
        with.expect_note("s2s.verify.sent", "key", "d780f198");
        with.peer(
            "<db:verify from='partner.example' id='05E295A2B' to='corp.example' "
            "type='valid'>d780f198ac34a6dbd795fcdaf8762eaf52ea9b03</db:verify>");
        with.expect_verified(pair, Outcome::valid);
        with.expect_note("s2s.verify.received", "type", "valid");
        with.expect_note("s2s.stream.closed-dialback-only");
        with.ours(close_tag);
        with.expect_close();
    });
}

TEST(AskingTheAuthority, GoesThroughTlsFirstWhenTheModeWantsIt) {  // threat T18
    Dialogue with = Dialogue::outbound({}, pair, true);
    with.verify(question);
    with.connected();
    with.our_header();
    with.peer_header("partner.example", "corp.example", "id='p1'");
    with.peer(features(f_dialback));
    with.ours(starttls);
    with.ours_nothing();
    with.peer(proceed);
    with.tls(self_signed_for("partner.example"));
    with.our_header();
    with.peer_header("partner.example", "corp.example", "id='p2'");
    with.peer(features(f_mechanisms, f_dialback));
    with.ours(verify("corp.example", "partner.example", "05E295A2B", question.key));
    with.ours_nothing();
}

TEST(AskingTheAuthority, CorrelatesFromToAndIdExactly) {  // threats T01, T03
    for (const std::string& answer :
         {verify_is("other.example", "corp.example", "05E295A2B", "valid"),
          verify_is("partner.example", "rooms.corp.example", "05E295A2B", "valid"),
          verify_is("partner.example", "corp.example", "05E295A2C", "valid"),
          verify_is("partner.example", "corp.example", "05e295a2b", "valid"),
          verify_is("partner.example", "corp.example", " 05E295A2B", "valid"),
          verify_is("corp.example", "partner.example", "05E295A2B", "valid"),
          std::string{"<db:verify from='partner.example' to='corp.example' type='valid'/>"}}) {
        SCOPED_TRACE(answer);
        Dialogue with = verify_only();
        with.verify(question);
        greet(with, "<stream:features/>");
        with.peer(answer);
        with.expect_note("s2s.answer.dropped");
        with.expect_open();
        with.peer(verify_is("partner.example", "corp.example", "05E295A2B", "invalid"));
        with.expect_verified(pair, Outcome::invalid);
    }
}

TEST(AskingTheAuthority, AnswersEachQuestionOnce) {
    Dialogue with = verify_only();
    with.verify(question);
    with.verify({pair, "second", "k"});
    greet(with, "<stream:features/>");
    with.peer(verify_is("partner.example", "corp.example", "second", "valid"));
    with.expect_verified(pair, Outcome::valid);
    with.peer(verify_is("partner.example", "corp.example", "second", "invalid"));
    with.expect_note("s2s.answer.dropped");
    with.expect_open();
    with.peer(
        "<db:verify from='partner.example' to='corp.example' id='05E295A2B' type='error'><error type='cancel'>"
        "<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:verify>");
    with.expect_verified(pair, Outcome::error);
    with.expect_close();
}

TEST(AskingTheAuthority, TimesOut) {
    Dialogue with = verify_only();
    with.verify(question);
    greet(with, "<stream:features/>");
    with.after(std::chrono::seconds{30});
    with.expect_verified(pair, Outcome::error);
    with.expect_close();
}

TEST(OutboundAcks, AreEnabledWhenOfferedAndAskedForNowAndThen) {  // XEP-0198
    Dialogue::fail_each_step([] { return ready(features(f_dialback, f_sm)); },
                             [](Dialogue& with) {
                                 with.ours("<enable xmlns='urn:xmpp:sm:3'/>");
                                 with.we_send(2);  // counted from <enable/> on
                                 with.peer("<enabled xmlns='urn:xmpp:sm:3'/>");
                                 with.we_send(48);
                                 with.ours("<r xmlns='urn:xmpp:sm:3'/>");
                                 with.peer("<a xmlns='urn:xmpp:sm:3' h='30'/>");
                                 with.expect_acknowledged(30);
                                 with.peer("<a xmlns='urn:xmpp:sm:3' h='50'/>");
                                 with.expect_acknowledged(20);
                                 with.we_send(1);
                                 with.ours_nothing();
                                 with.peer("<a xmlns='urn:xmpp:sm:3' h='52'/>");
                                 with.expect_close(xmpp::StreamCondition::undefined_condition);
                             });
}

TEST(OutboundAcks, MayBeDeclined) {
    Dialogue with = ready(features(f_dialback, f_sm));
    with.we_send(10);
    with.peer(
        "<failed xmlns='urn:xmpp:sm:3'><unexpected-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>");
    with.expect_open();
    EXPECT_FALSE(with.out().managed());
    EXPECT_EQ(with.out().unacknowledged(), 0U);
}

TEST(OutboundAcks, ProbeEndsAnUnresponsiveStream) {  // RFC 6120 4.6.2
    Dialogue with = ready(features(f_dialback, f_sm));
    with.peer("<enabled xmlns='urn:xmpp:sm:3'/>");
    s2s::Actions actions;
    EXPECT_TRUE(with.out().probe(TimePoint{}, actions));
    with.after(std::chrono::seconds{60});
    with.expect_close(xmpp::StreamCondition::connection_timeout);
    Dialogue without = ready();
    EXPECT_FALSE(without.out().probe(TimePoint{}, actions));
}

TEST(OutboundAcks, GivesARequestMoreTimeWhileThePeerTakesWhatStandsBeforeIt) {
    Dialogue with = ready(features(f_dialback, f_sm));
    with.peer("<enabled xmlns='urn:xmpp:sm:3'/>");
    s2s::Actions actions;
    EXPECT_TRUE(with.out().probe(TimePoint{}, actions));
    with.out().on_progress(TimePoint{} + std::chrono::seconds{50});
    with.after(std::chrono::seconds{60});
    EXPECT_EQ(with.out().state(), "open");
    with.after(std::chrono::seconds{60});
    with.expect_close(xmpp::StreamCondition::connection_timeout);
}

TEST(OutboundAcks, AsksForTheLastAcknowledgementsAndTakesThemBeforeTheClosingTag) {  // XEP-0198 4
    Dialogue with = ready(features(f_dialback, f_sm));
    with.peer("<enabled xmlns='urn:xmpp:sm:3'/>");
    s2s::Actions actions;
    with.out().on_sent(TimePoint{}, actions);
    with.out().on_sent(TimePoint{}, actions);
    actions.clear();
    with.out().shut(std::nullopt, "a test", TimePoint{}, actions);
    ASSERT_FALSE(actions.empty());
    const auto* asked = std::get_if<s2s::Send>(&actions.front());
    ASSERT_NE(asked, nullptr);
    EXPECT_NE(asked->bytes.find("<r "), std::string::npos) << asked->bytes;
    with.peer("<a xmlns='urn:xmpp:sm:3' h='2'/>");
    EXPECT_EQ(with.out().unacknowledged(), 0U);
}

TEST(OutboundStream, IgnoresFeaturesThatComeAgain) {
    for (const auto& again : {features(f_dialback, f_sm), features(starttls, f_mechanisms, f_bidi), features()}) {
        Dialogue with = asked();
        with.peer(again);
        with.ours_nothing();
        with.expect_open();
        with.peer(result_is("partner.example", "corp.example", "valid"));
        with.expect_ready(pair, Method::dialback);
        with.peer(again);
        with.ours_nothing();
        with.we_send(1);
        with.expect_open();
    }
}

TEST(OutboundBidi, GivesAStanzaThatTheyBeginItsTime) {  // threat T58
    Dialogue with = Dialogue::outbound(plain(true));
    greet(with, features(f_dialback, f_bidi));
    with.peer(result_is("partner.example", "corp.example", "valid"));
    const std::string whole = message("partner.example", "corp.example");
    with.peer(whole.substr(0, 10));
    for (int i = 0; i < 10; ++i) {
        with.after(std::chrono::seconds{40});
        with.peer(whole.substr(10) + whole.substr(0, 10));
    }
    with.expect_delivered(10);
    with.expect_open();
    with.after(std::chrono::seconds{60});
    with.expect_close(xmpp::StreamCondition::policy_violation);
}

TEST(OutboundBidi, IsForThoseFromWhomStanzasAreWelcome) {
    TestRules rules = plain(true);
    rules.denied_in = {"partner.example"};
    Dialogue with = Dialogue::outbound(rules);
    greet(with, features(f_dialback, f_bidi));
    with.ours("<db:result");
    EXPECT_FALSE(with.out().bidi());
    Dialogue later = Dialogue::outbound(plain(true));
    greet(later, features(f_dialback, f_bidi));
    later.peer(result_is("partner.example", "corp.example", "valid"));
    later.expect_ready(pair, Method::dialback);
    EXPECT_TRUE(later.out().bidi());
    later.rules_change([](TestRules& changed) { changed.denied_in = {"partner.example"}; });
    later.expect_close();
}

TEST(OutboundBidi, TakesStanzasOfReadyPairsOnly) {  // XEP-0288, threat T87
    const auto make = [] {
        Dialogue with = Dialogue::outbound(plain(true));
        greet(with, features(f_dialback, f_bidi));
        with.ours("<bidi xmlns='urn:xmpp:bidi'>" + std::string{f_limits} + "</bidi>");  // XEP-0478
        with.ours("<db:result");
        return with;
    };
    Dialogue early = make();
    early.peer(message("partner.example", "corp.example"));
    early.expect_delivered(0);
    early.expect_close(xmpp::StreamCondition::not_authorized);
    Dialogue with = make();
    with.peer(result_is("partner.example", "corp.example", "valid"));
    with.peer(message("partner.example", "corp.example"));
    with.expect_delivered(1);
    with.peer(message("victim.example", "corp.example"));
    with.expect_delivered(0);
    with.expect_close(xmpp::StreamCondition::invalid_from);
    Dialogue without = ready();
    without.peer(message("partner.example", "corp.example"));
    without.expect_delivered(0);
    without.expect_close(xmpp::StreamCondition::not_authorized);
}

TEST(OutboundStream, ClosesWhenIdle) {
    Dialogue with = ready();
    with.after(std::chrono::seconds{600});
    with.ours(close_tag);
    with.expect_close();
}

}  // namespace
}  // namespace sallyport::testing
