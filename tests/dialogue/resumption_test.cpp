// XEP-0198 section 5 between servers: streams that break and go on over another connection. Threat T86.
#include <gtest/gtest.h>

#include "support/proved_partner.h"

namespace sallyport::testing {
namespace {

using s2s::Method;
using std::chrono::seconds;
using enum xmpp::StreamCondition;

const std::string sm = "xmlns='urn:xmpp:sm:3'";
const std::string request = "<r " + sm + "/>";
const std::string enable = "<enable " + sm + " resume='true' max='300'/>";

std::string ack(unsigned h) { return "<a " + sm + " h='" + std::to_string(h) + "'/>"; }
std::string enabled(const std::string& id, unsigned max) {
    return "<enabled " + sm + " id='" + id + "' resume='true' max='" + std::to_string(max) + "'/>";
}
std::string resume(const std::string& id, const std::string& h = "0") {
    return "<resume " + sm + " previd='" + id + "' h='" + h + "'/>";
}
std::string resumed(const std::string& id, const std::string& h) {
    return "<resumed " + sm + " previd='" + id + "' h='" + h + "'/>";
}
std::string failed(const std::string& condition, const std::string& h = {}) {
    return "<failed " + sm + (h.empty() ? "" : " h='" + h + "'") + "><" + condition +
           " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>";
}
std::string stanza(const std::string& id) {
    return "<message from='u@partner.example/r' to='v@corp.example' id='" + id + "'><body>x</body></message>";
}

// The receiving side

/// A pair has proved itself on a stream that can be resumed.
Dialogue accepted(bool bidi = false, Limits limits = {}) { return proved_partner(bidi, limits, true); }

TEST(Resumable, IsAStreamWhosePeerAsksForIt) {
    Dialogue::fail_each_step([] { return accepted(); },
                             [](Dialogue& with) {
                                 with.peer("<enable " + sm + " resume='1'/>");
                                 with.expect_resumable("session1", seconds{300});
                                 with.ours(enabled("session1", 300));
                                 with.expect_note("s2s.acks", "resumable", "300s");
                             });
}

TEST(Resumable, IsForNoLongerThanThePeerWishes) {
    Dialogue with = accepted();
    with.peer("<enable " + sm + " resume='true' max='20'/>");
    with.expect_resumable("session1", seconds{20});
    with.ours(enabled("session1", 20));
    Dialogue long_one = accepted();
    long_one.peer("<enable " + sm + " resume='true' max='4000000000'/>");
    long_one.expect_resumable("session1", seconds{300});
    long_one.ours(enabled("session1", 300));
}

TEST(Resumable, IsNoStreamThatCarriesBothDirectionsOrWhereItIsOffOrNotAskedFor) {
    Limits off;
    off.s2s_resume_seconds = 0;
    Dialogue both = accepted(true), never = accepted(false, off), unasked = accepted();
    for (Dialogue* with : {&both, &never}) {
        with->peer(enable);
        with->ours("<enabled " + sm + "/>");
        with->expect_not_resumable();
    }
    unasked.peer("<enable " + sm + " resume='false'/>");
    unasked.ours("<enabled " + sm + "/>");
    unasked.expect_not_resumable();
    never.peer(resume("session1"));
    never.ours(failed("unexpected-request"));
    Dialogue fresh = accepted(false, off);
    fresh.peer(resume("session1"));
    fresh.ours(failed("item-not-found"));
}

/// What came on a stream that breaks: `received` stanzas, of which `done` are settled.
s2s::ReceivedCounter broke_after(unsigned received, const std::vector<std::uint64_t>& done) {
    Dialogue with = accepted();
    with.peer(stanza("before"));  // not counted
    with.peer(enable);
    with.ours(enabled("session1", 300));
    for (unsigned n = 1; n <= received; ++n) with.peer(stanza("m" + std::to_string(n)));
    for (const std::uint64_t n : done) with.handled(n + 1);
    EXPECT_TRUE(with.in().resumable());
    return with.in().give_up_count();
}

TEST(Resumed, CountsWhatIsSettledAndPassesOverWhatIsOnItsWay) {
    Dialogue::fail_each_step([] { return accepted(); },
                             [](Dialogue& with) {
                                 with.peer(resume("session1"));
                                 with.expect_resume("session1");
                                 with.ours_nothing();
                                 with.resume("session1", broke_after(4, {1, 3}));
                                 with.ours(resumed("session1", "1"));
                                 with.peer(stanza("m2") + stanza("m3"));
                                 with.expect_delivered(0);
                                 with.handled(3);  // m2: the second that counts
                                 with.peer(request);
                                 with.ours(ack(3));
                                 with.peer(stanza("m4") + stanza("m5"));
                                 with.expect_delivered(1);
                                 with.handled(5);
                                 with.ours(ack(4));  // owed since <r/>
                                 with.handled(6);
                                 with.peer(request);
                                 with.ours(ack(5));
                                 with.expect_open();
                             });
}

/// Settled meanwhile, and not repeated yet: the peer would take it for a count from the future.
TEST(Resumed, AcknowledgesNoMoreThanHasComeOnThisConnection) {
    Dialogue with = accepted();
    with.peer(resume("session1"));
    with.resume("session1", broke_after(3, {1}));
    with.ours(resumed("session1", "1"));
    with.handled(3);
    with.handled(4);
    with.peer(request);
    with.ours(ack(1));
    with.peer(stanza("m2") + request);
    with.ours(ack(2));
    with.peer(stanza("m3") + request);
    with.ours(ack(3));
    with.expect_delivered(0);
}

TEST(Resumed, EndsWhereThePeerRepeatsAnythingElse) {
    Dialogue with = accepted();
    with.peer(resume("session1"));
    with.resume("session1", broke_after(2, {}));
    with.ours(resumed("session1", "0"));
    with.peer(stanza("m2"));
    with.expect_close(undefined_condition);
    with.expect_delivered(0);
}

TEST(Resumed, GoesOnBeyondTwoToThe32) {
    s2s::ReceivedCounter counter;
    counter.enable();
    counter.keep_marks(10);
    for (std::uint64_t n = 1; n <= 3; ++n) counter.handle(counter.receive(7));
    // The same through the sender's eyes: 2^32 stanzas later.
    s2s::SentCounter sent = s2s::SentCounter::of(0xfffffffeU, 5);
    EXPECT_EQ(sent.acknowledge(1), 3U);
    EXPECT_EQ(sent.acknowledge(4), std::nullopt);
    EXPECT_EQ(sent.acknowledge(3), 2U);
    EXPECT_EQ(counter.go_back(), 3U);
}

TEST(Resumption, OfAnUnknownStreamBeginsAnewAndMaySayWhatHadArrived) {
    Dialogue with = accepted();
    with.peer(resume("guess"));
    with.expect_resume("guess");
    with.refuse_resumption();
    with.ours(failed("item-not-found"));
    with.peer(resume("spent"));
    with.refuse_resumption(7);
    with.ours(failed("item-not-found", "7"));
    with.peer(enable);
    with.expect_resumable("session1", seconds{300});
    with.ours(enabled("session1", 300));
    with.peer(resume("guess"));
    with.ours(failed("unexpected-request"));
    with.expect_open();
}

TEST(Resumption, IsTriedThreeTimesAtMost) {
    Dialogue with = accepted();
    for (int n = 0; n < 3; ++n) {
        with.peer(resume("guess"));
        with.refuse_resumption();
        with.ours(failed("item-not-found"));
    }
    with.peer(resume("guess"));
    with.expect_close(policy_violation);
}

TEST(Resumption, WithACountFromTheFutureEndsTheStream) {
    for (const std::string h : {"1", "4294967295"}) {
        Dialogue with = accepted();
        with.peer(resume("session1", h));
        with.expect_close(undefined_condition);
        EXPECT_NE(with.everything_sent().find("handled-count-too-high"), std::string::npos);
    }
}

TEST(Resumption, ThatCannotBeReadIsDeclinedAndTheStreamGoesOn) {
    for (const std::string& odd :
         {"<resume " + sm + " previd='a'/>", "<resume " + sm + " h='0'/>", "<resume " + sm + " previd='' h='0'/>",
          "<resume " + sm + " previd='a' h='-1'/>", "<resume " + sm + " previd='a' h='4294967296'/>"}) {
        Dialogue with = accepted();
        with.peer(odd);
        with.ours(failed("bad-request"));
        with.peer(enable);
        with.ours(enabled("session1", 300));
        with.peer(message("partner.example", "corp.example"));
        with.expect_delivered(1);
    }
}

TEST(Resumption, IsNoMatterForWhoHasProvedNothing) {
    Dialogue with = Dialogue::inbound({}, true, {}, true);
    with.tls(certificate_for("partner.example"));
    with.peer_header("partner.example", "corp.example");
    with.our_header();
    with.ours(features(f_mechanisms, f_dialback, f_sm, f_limits));
    for (int n = 0; n < 3; ++n) {
        with.peer(resume("session1"));
        with.ours(failed("not-authorized"));
        with.expect_open();
    }
    with.peer(resume("session1"));
    with.expect_close(policy_violation);
}

TEST(Resumption, IsNotAskedForOverAndOverOnAStreamOfItsOwn) {
    Dialogue with = accepted();
    with.peer(enable);
    with.ours(enabled("session1", 300));
    for (int n = 0; n < 3; ++n) {
        with.peer(resume("guess"));
        with.ours(failed("unexpected-request"));
    }
    with.peer(resume("guess"));
    with.expect_close(policy_violation);
}

TEST(Resumption, WaitsForVerificationsThatAreUnderWay) {
    Dialogue with = accepted();
    with.peer(result("other.example", "corp.example", "k"));
    with.peer(resume("session1"));
    with.ours(failed("unexpected-request"));
    with.expect_open();
}

TEST(ReceivedCounter, ForgetsItsMarksWhereTooMuchIsOnItsWay) {
    s2s::ReceivedCounter counter;
    counter.enable();
    counter.keep_marks(4);
    for (std::uint64_t n = 0; n < 4; ++n) static_cast<void>(counter.receive(n));
    EXPECT_TRUE(counter.knows_all());
    static_cast<void>(counter.receive(5));
    EXPECT_FALSE(counter.knows_all());
    EXPECT_EQ(counter.bytes(), 0U);
    for (std::uint64_t n = 1; n <= 5; ++n) counter.handle(n);
    static_cast<void>(counter.receive(6));
    EXPECT_TRUE(counter.knows_all());
}

/// Its connection broke a second time, before everything was repeated on it.
TEST(ReceivedCounter, AnswersInTheEndForWhatWasNotRepeated) {
    s2s::ReceivedCounter counter;
    counter.enable();
    counter.keep_marks(10);
    for (std::uint64_t n = 1; n <= 5; ++n) EXPECT_EQ(counter.receive(n), n);
    counter.handle(1);
    EXPECT_EQ(counter.go_back(), 1U);
    EXPECT_TRUE(counter.repeat(2));
    EXPECT_EQ(counter.resume(), 5U);
}

TEST(ReceivedCounter, KnowsAgainWhatIsOnItsWayHoweverItIsSettled) {
    for (std::uint64_t settled = 0; settled < 64; ++settled) {
        s2s::ReceivedCounter counter;
        counter.enable();
        counter.keep_marks(100);
        for (std::uint64_t n = 1; n <= 6; ++n) EXPECT_EQ(counter.receive(n), n);
        std::uint64_t done = 0;
        for (std::uint64_t n = 1; n <= 6; ++n) {
            if ((settled >> (n - 1) & 1U) == 0) continue;
            counter.handle(n);
        }
        while (done < 6 && (settled >> done & 1U) != 0) ++done;
        EXPECT_EQ(counter.go_back(), done);
        for (std::uint64_t n = done + 1; n <= 6; ++n) {
            EXPECT_TRUE(counter.repeats());
            EXPECT_FALSE(counter.repeat(n + 1));
            EXPECT_TRUE(counter.repeat(n)) << settled;
        }
        EXPECT_FALSE(counter.repeats());
        EXPECT_EQ(counter.receive(7), 7U);
    }
}

// The initiating side

Dialogue dialled(std::optional<s2s::Resumption> of = std::nullopt, bool bidi = false) {
    TestRules rules;
    rules.everyone.bidi = bidi;
    Dialogue with = Dialogue::outbound(rules, pair_of("corp.example", "partner.example"), false, true,
                                       [&](s2s::OutboundSettings& settings) {
                                           settings.limits.s2s_resume_seconds = 300;
                                           settings.resume = of;
                                       });
    return with;
}

/// Up to the answer to its key.
void prove(Dialogue& with, const std::string& offered) {
    with.connected();
    with.expect_start_tls("partner.example");
    with.tls(std::nullopt);
    with.our_header();
    with.peer_header("partner.example", "corp.example", "id='s1'");
    with.peer(offered);
}

void prove_first(Dialogue& with, const std::string& offered = features(f_dialback, f_sm)) {
    prove(with, offered);
    with.peer(result_is("partner.example", "corp.example", "valid"));
}

/// The very end of what we said.
bool said_last(const Dialogue& with, const std::string& words) { return with.everything_sent().ends_with(words); }

TEST(ResumableOut, HoldsStanzasUntilItHasAName) {
    Dialogue with = dialled();
    prove_first(with);
    EXPECT_TRUE(said_last(with, enable));
    with.expect_none_ready();
    EXPECT_FALSE(with.out().ready(pair_of("corp.example", "partner.example")));
    with.peer(enabled("theirs", 60));
    with.expect_resumable("theirs", seconds{60});
    with.expect_ready(pair_of("corp.example", "partner.example"), Method::dialback);
    EXPECT_TRUE(with.out().ready(pair_of("corp.example", "partner.example")));
}

TEST(ResumableOut, IsServedAsBeforeByPeersThatDoNotResume) {
    for (const std::string& answer :
         {"<enabled " + sm + "/>", "<enabled " + sm + " id='x'/>", "<enabled " + sm + " resume='true'/>",
          failed("unexpected-request"), std::string{}}) {
        Dialogue with = dialled();
        prove_first(with);
        if (answer.empty()) {
            with.after(std::chrono::milliseconds{1900});
            with.expect_none_ready();
            with.after(std::chrono::milliseconds{200});
        } else {
            with.peer(answer);
        }
        with.expect_ready(pair_of("corp.example", "partner.example"), Method::dialback);
        with.expect_not_resumable();
        with.expect_open();
    }
    Dialogue without = dialled();
    prove_first(without, features(f_dialback));
    without.expect_ready(pair_of("corp.example", "partner.example"), Method::dialback);
}

s2s::Resumption earlier(std::vector<xmpp::DomainPair> pairs = {pair_of("corp.example", "partner.example")}) {
    return {"theirs", std::move(pairs), 10, 4, seconds{60}};
}

TEST(ResumedOut, TellsWhatThePeerHasBeforeAnythingIsSent) {
    Dialogue with = dialled(earlier());
    prove_first(with);
    EXPECT_TRUE(said_last(with, resume("theirs")));
    with.expect_none_ready();
    with.peer(resumed("theirs", "13"));
    with.expect_resumed(3);
    with.expect_ready(pair_of("corp.example", "partner.example"), Method::dialback);
    with.we_send(1);
    with.peer(ack(14));
    with.expect_acknowledged(1);
    with.expect_open();
}

TEST(ResumedOut, FallsBackToANewStream) {
    for (const auto& [answer, had] : {std::pair{failed("item-not-found"), 0U},
                                      {failed("item-not-found", "12"), 2U},
                                      {failed("item-not-found", "99"), 0U},
                                      {failed("item-not-found", "3"), 0U}}) {
        Dialogue with = dialled(earlier());
        prove_first(with);
        with.peer(answer);
        with.expect_not_resumed(had);
        EXPECT_TRUE(said_last(with, enable));
        with.expect_none_ready();
        with.peer(enabled("fresh", 300));
        with.expect_resumable("fresh", seconds{300});
        with.expect_ready(pair_of("corp.example", "partner.example"), Method::dialback);
        with.we_send(1);
        with.peer(ack(1));
        with.expect_acknowledged(1);
    }
}

TEST(ResumedOut, EndsTheStreamAtACountOrANameThatCannotBe) {
    for (const std::string& answer : {resumed("theirs", "15"), resumed("theirs", "9"), resumed("other", "12"),
                                      "<resumed " + sm + " previd='theirs'/>"}) {
        Dialogue with = dialled(earlier());
        prove_first(with);
        with.peer(answer);
        with.expect_not_resumed(0);
        with.expect_close(undefined_condition);
        with.expect_failed(pair_of("corp.example", "partner.example"), xmpp::StanzaCondition::remote_server_timeout);
    }
    Dialogue unasked = dialled();
    prove_first(unasked);
    unasked.peer(resumed("theirs", "0"));
    unasked.expect_close(unsupported_stanza_type);
    unasked.expect_failed(pair_of("corp.example", "partner.example"), xmpp::StanzaCondition::remote_server_timeout);
}

TEST(ResumedOut, EndsAStreamWhosePeerDoesNotAnswer) {
    Dialogue with = dialled(earlier());
    prove_first(with);
    with.after(seconds{11});
    with.expect_not_resumed(0);
    with.expect_close(connection_timeout);
    with.expect_failed(pair_of("corp.example", "partner.example"), xmpp::StanzaCondition::remote_server_timeout);
}

TEST(ResumedOut, ProvesEveryPairOfTheEarlierStreamFirst) {
    const auto second = pair_of("other.example", "partner.example");
    Dialogue with = dialled(earlier({pair_of("corp.example", "partner.example"), second}));
    prove_first(with);
    EXPECT_NE(with.everything_sent().find("<db:result from='other.example' to='partner.example'>"), std::string::npos);
    EXPECT_EQ(with.everything_sent().find("<resume"), std::string::npos);
    with.peer(result_is("partner.example", "other.example", "valid"));
    EXPECT_TRUE(said_last(with, resume("theirs")));
    with.peer(resumed("theirs", "10"));
    with.expect_resumed(0);
    with.expect_ready(pair_of("corp.example", "partner.example"), Method::dialback);
    with.expect_ready(second, Method::dialback);
}

TEST(ResumedOut, ProvesMorePairsThanThePeerTakesAtATime) {
    const std::size_t most = Limits{}.pending_dialbacks_per_stream;
    std::vector<xmpp::DomainPair> all{pair_of("corp.example", "partner.example")};
    for (std::size_t n = 0; n < most + 3; ++n) {
        all.push_back(pair_of("n" + std::to_string(n) + ".example", "partner.example"));
    }
    Dialogue with = dialled(earlier(all));
    prove_first(with);
    const auto asked = [&](std::size_t n) {
        const std::string words = "<db:result from='n" + std::to_string(n) + ".example'";
        return with.everything_sent().find(words) != std::string::npos;
    };
    EXPECT_TRUE(asked(most - 1));
    EXPECT_FALSE(asked(most));
    for (std::size_t n = 0; n < most + 3; ++n) {
        EXPECT_EQ(with.everything_sent().find("<resume"), std::string::npos);
        with.peer(result_is("partner.example", "n" + std::to_string(n) + ".example", "valid"));
    }
    EXPECT_TRUE(said_last(with, resume("theirs")));
    with.peer(resumed("theirs", "10"));
    with.expect_resumed(0);
    for (const xmpp::DomainPair& pair : all) with.expect_ready(pair, Method::dialback);
}

TEST(ResumedOut, DoesNotAskWhereOneOfThemIsRefused) {
    const auto second = pair_of("other.example", "partner.example");
    Dialogue with = dialled(earlier({pair_of("corp.example", "partner.example"), second}));
    prove_first(with);
    with.peer(result_is("partner.example", "other.example", "invalid"));
    with.expect_failed(second, xmpp::StanzaCondition::internal_server_error);
    with.expect_not_resumed(0);
    EXPECT_EQ(with.everything_sent().find("<resume"), std::string::npos);
    EXPECT_TRUE(said_last(with, enable));
}

/// Its authority is away for a moment: the stream that can be resumed is not given up for that.
TEST(ResumedOut, TriesAgainWhereOneOfThemCannotBeChecked) {
    const auto second = pair_of("other.example", "partner.example");
    for (const bool silent : {false, true}) {
        Dialogue with = dialled(earlier({pair_of("corp.example", "partner.example"), second}));
        prove_first(with);
        if (silent) {
            with.after(seconds{31});
        } else {
            with.peer(result_error("partner.example", "other.example", "wait", "remote-server-timeout"));
        }
        with.expect_failed(second, xmpp::StanzaCondition::remote_server_timeout);
        with.expect_failed(pair_of("corp.example", "partner.example"), xmpp::StanzaCondition::remote_server_timeout);
        with.expect_close();
        EXPECT_EQ(with.everything_sent().find("<resume"), std::string::npos);
        EXPECT_EQ(with.everything_sent().find("<enable"), std::string::npos);
    }
}

/// What it was to go on with has gone another way.
TEST(ResumedOut, ForgetsWhatItHasNotAskedForYet) {
    const auto first = pair_of("corp.example", "partner.example");
    const auto second = pair_of("other.example", "partner.example");
    Dialogue early = dialled(earlier());
    EXPECT_TRUE(early.out().forget_resumption(early.now()));
    prove_first(early);
    EXPECT_TRUE(said_last(early, enable));
    Dialogue proving = dialled(earlier({first, second}));
    prove_first(proving);
    EXPECT_TRUE(proving.out().forget_resumption(proving.now()));
    proving.after(std::chrono::milliseconds{1});
    proving.expect_not_resumed(0);
    EXPECT_TRUE(said_last(proving, enable));
    proving.peer(enabled("fresh", 300));
    proving.expect_resumable("fresh", seconds{300});
    proving.expect_ready(first, Method::dialback);
    Dialogue asked = dialled(earlier());
    prove_first(asked);
    EXPECT_FALSE(asked.out().forget_resumption(asked.now()));
    asked.peer(resumed("theirs", "11"));
    asked.expect_resumed(1);
}

TEST(ResumedOut, DoesNotWaitForAPairThatTheRulesNoLongerLetOut) {
    const auto second = pair_of("other.example", "partner.example");
    Dialogue with = dialled(earlier({pair_of("corp.example", "partner.example"), second}));
    prove_first(with);
    with.rules_change([&](TestRules& rules) { rules.denied_out.insert(second.text()); });
    with.expect_failed(second, xmpp::StanzaCondition::not_allowed);
    with.expect_not_resumed(0);
    EXPECT_TRUE(said_last(with, enable));
    with.expect_open();
}

TEST(ResumedOut, IsNotAskedForWhereThePeerHasNoAcknowledgementsAnyMore) {
    Dialogue with = dialled(earlier());
    prove_first(with, features(f_dialback));
    with.expect_not_resumed(0);
    with.expect_ready(pair_of("corp.example", "partner.example"), Method::dialback);
}

TEST(ResumedOut, SurvivesAnyEndAtAnyStep) {
    Dialogue::fail_each_step([] { return dialled(earlier()); },
                             [](Dialogue& with) {
                                 prove_first(with);
                                 with.peer(resumed("theirs", "11"));
                                 with.expect_resumed(1);
                                 with.expect_ready(pair_of("corp.example", "partner.example"), Method::dialback);
                                 with.we_send(3);
                                 with.peer(ack(14));
                                 with.expect_acknowledged(3);
                             });
}

}  // namespace
}  // namespace sallyport::testing
