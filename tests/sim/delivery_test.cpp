// What becomes of stanzas at a partner with bad manners: nothing is lost without a word, nothing goes round for ever,
// and nobody else waits.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "support/raw_partner.h"
#include "support/sim_nodes.h"
#include "support/sim_partner.h"
#include "support/sim_server.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;
using Acks = SimPartner::Acks;
using End = SimPartner::End;

class Delivery : public testing::Test {
protected:
    void SetUp() override {
        f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
        ASSERT_TRUE(f.start()) << f.logs();
    }
    void TearDown() override {
        if (HasFailure()) std::fputs(f.a.edge_log.dump().c_str(), stderr);
    }

    void say(const std::string& id, std::size_t bytes = 100, const std::string& to = "c.test") {
        f.a.user().message("romeo@a.test", "juliet@" + to, id, std::string(bytes, 'x'));
    }
    void say(int from, int to, std::size_t bytes = 100) {
        for (int n = from; n < to; ++n) say(std::to_string(n), bytes);
    }
    /// Ids that came back, with how often.
    [[nodiscard]] std::map<std::string, int> returned() {
        std::map<std::string, int> ids;
        for (const auto& received : f.a.user().received()) {
            if (received.type == "error") ++ids[received.id];
        }
        return ids;
    }
    [[nodiscard]] std::string error_of(const std::string& id) {
        const auto found = f.a.user().with_id(id);
        return found.empty() ? std::string{} : found.front()->bytes;
    }
    /// Each of them either arrived or came back, once.
    void expect_none_lost(int from, int to) {
        const auto back = returned();
        for (int n = from; n < to; ++n) {
            const std::string id = std::to_string(n);
            const auto at = back.find(id);
            const std::size_t errors = at == back.end() ? 0 : static_cast<std::size_t>(at->second);
            EXPECT_EQ(c.count(id) + errors, 1U) << id << ": arrived " << c.count(id) << ", returned " << errors;
        }
    }
    s2s::Pool& pool() { return f.a.edge->shards.front()->s2s().pool(); }
    [[nodiscard]] s2s::DestinationStatus status() {
        for (const auto& to : pool().destinations()) {
            if (to.pair.remote.text() == "c.test") return to;
        }
        return {};
    }

    Federation f;
    SimPartner c{f.world, f.dns, "c.test", 31};
};

/// With and without XEP-0198.
class PoisonToAPartner : public Delivery, public testing::WithParamInterface<bool> {
protected:
    void SetUp() override {
        c.manages = GetParam();
        c.most_bytes = 10000;
        Delivery::SetUp();
    }
};
INSTANTIATE_TEST_SUITE_P(Managed, PoisonToAPartner, testing::Bool());

TEST_P(PoisonToAPartner, IsReturnedWithThePartnersWordsAndTheRestIsDelivered) {
    say("before");
    ASSERT_TRUE(f.world.run_until([&] { return c.count("before") == 1; }));
    f.world.advance(2s);
    say("poison", 200000);
    f.world.advance(10s);
    say(0, 10);
    f.world.advance(20s);
    EXPECT_EQ(returned().size(), 1U);
    EXPECT_NE(error_of("poison").find("<policy-violation"), std::string::npos) << error_of("poison");
    for (int n = 0; n < 10; ++n) EXPECT_EQ(c.count(std::to_string(n)), 1U) << n;
    EXPECT_LE(c.connections(), 4U);
}

TEST_F(Delivery, ReturnsThePoisonAmongOthersAndDeliversThem) {
    c.most_bytes = 10000;
    say(0, 10);
    say("poison", 20000);
    say(10, 20);
    f.world.advance(25s);
    EXPECT_EQ(returned(), (std::map<std::string, int>{{"poison", 1}}));
    for (int n = 0; n < 20; ++n) {
        EXPECT_GE(c.count(std::to_string(n)), 1U) << n;
        EXPECT_LE(c.count(std::to_string(n)), 2U) << n << ": sent again once, where it was not acknowledged";
    }
    EXPECT_LE(c.connections(), 4U);
    EXPECT_NE(f.a.edge_log.last("s2s.stanza.returned", "why").find("stanza-too-big"), std::string::npos);
}

TEST_F(Delivery, FindsEachPoisonOfSeveral) {
    c.most_bytes = 10000;
    for (int n = 0; n < 9; ++n) say(std::to_string(n), n % 3 == 1 ? 20000 : 100);
    f.world.advance(29s);
    EXPECT_EQ(returned(), (std::map<std::string, int>{{"1", 1}, {"4", 1}, {"7", 1}}));
    for (int n = 0; n < 9; ++n) {
        EXPECT_EQ(c.count(std::to_string(n)) > 0, n % 3 != 1) << n;
    }
    EXPECT_LE(c.connections(), 8U);
}

TEST_F(Delivery, ConnectsSeldomToAPartnerThatEndsEveryStream) {
    c.most_bytes = 10;
    for (int n = 0; n < 60; ++n) {
        say(std::to_string(n));
        f.world.advance(1s);
    }
    f.world.advance(60s);
    EXPECT_LE(c.connections(), 20U);
    EXPECT_EQ(returned().size(), 60U) << "each is returned in time, sent again or not";
    EXPECT_TRUE(c.ids().empty());
}

TEST_F(Delivery, ReturnsInTimeWhatWasSentAgain) {
    say("before");
    ASSERT_TRUE(f.world.run_until([&] { return c.count("before") == 1; }));
    f.world.advance(1s);
    c.acks = Acks::none;
    say(0, 5);
    for (int n = 0; n < 8; ++n) {
        f.world.advance(5s);
        c.end(End::reset);
    }
    f.world.advance(6s);
    EXPECT_EQ(returned().size(), 5U) << "their age counts from their arrival";
}

/// Partners that read and say nothing, or nothing new.
class Unacknowledging : public Delivery, public testing::WithParamInterface<Acks> {};
INSTANTIATE_TEST_SUITE_P(Acks, Unacknowledging, testing::Values(Acks::none, Acks::zero));

TEST_P(Unacknowledging, IsAFindingAndEndsAndWhatItHeldIsReturned) {
    c.acks = GetParam();
    say(0, 20);
    f.world.advance(40s);
    EXPECT_GE(status().stalled, 20s);
    EXPECT_EQ(status().unacknowledged, 20U);
    f.world.advance(60s);
    EXPECT_EQ(returned().size(), 20U);
    for (const auto& [id, times] : returned()) EXPECT_EQ(times, 1) << id;
    EXPECT_EQ(status().stalled, 0s);
    EXPECT_EQ(status().unacknowledged, 0U);
}

TEST_P(Unacknowledging, HoldsNoMoreThanItsBudgetAndTellsItsSenders) {
    c.acks = GetParam();
    for (int batch = 0; batch < 20; ++batch) {
        say(batch * 100, batch * 100 + 100, 10000);
        f.world.advance(100ms);
    }
    const Limits limits;
    EXPECT_LE(status().unacknowledged, 2 * limits.queue_stanzas);
    EXPECT_LE(status().unacknowledged * 10000, 2 * limits.queue_bytes + 20000);
    EXPECT_LE(status().queued_bytes, limits.queue_bytes);
    EXPECT_GE(returned().size(), 700U) << "what found no room was returned at once";
    f.world.advance(3min);
    EXPECT_EQ(returned().size(), 2000U);
}

TEST_F(Delivery, TakesAPartnerThatIsSlowForAlive) {
    f.a.limits.queue_seconds = 600;
    f.a.kill_edge();
    f.a.start_edge();
    ASSERT_TRUE(f.world.run_until([&] { return f.a.up(); }));
    c.manages = false;
    c.answers_pings = false;
    c.bytes_per_second = 30000;
    say(0, 800, 5000);
    f.world.advance(170s);
    EXPECT_EQ(f.a.edge_log.count("s2s.peer.dead"), 0U);
    EXPECT_EQ(c.connections(), 1U);
    EXPECT_TRUE(returned().empty());
    EXPECT_EQ(c.ids().size(), 800U);
}

TEST_F(Delivery, TakesAPartnerThatAcknowledgesSlowlyForAlive) {
    f.a.limits.queue_seconds = 600;
    f.a.kill_edge();
    f.a.start_edge();
    ASSERT_TRUE(f.world.run_until([&] { return f.a.up(); }));
    c.bytes_per_second = 30000;
    say(0, 800, 5000);
    f.world.advance(170s);
    EXPECT_EQ(c.connections(), 1U);
    EXPECT_TRUE(returned().empty());
    EXPECT_EQ(c.ids().size(), 800U);
}

TEST_F(Delivery, GivesUpAPartnerThatReadsNothingMore) {
    c.manages = false;
    c.answers_pings = false;
    say(0, 60, 20000);
    f.world.advance(5s);
    c.set_reads(false);
    say(60, 100, 20000);
    f.world.advance(45s);
    EXPECT_GE(status().stalled, 20s);
    f.world.advance(2min);
    EXPECT_EQ(f.a.edge_log.count("s2s.peer.dead"), 1U);
    expect_none_lost(0, 100);
}

/// A process that hangs, on a machine that does not: its TCP takes what there is room for.
class Hanging : public Delivery, public testing::WithParamInterface<Duration> {};
INSTANTIATE_TEST_SUITE_P(StanzaEvery, Hanging, testing::Values(1h, 3s, 200ms));

TEST_P(Hanging, IsNotTakenForAliveByWhatItsTcpTakes) {
    c.manages = false;
    say("before");
    ASSERT_TRUE(f.world.run_until([&] { return c.count("before") == 1; }));
    c.set_reads(false);
    for (Duration passed{0}; passed < 95s; passed += GetParam()) {
        f.world.advance(std::min<Duration>(GetParam(), 95s));
        say("during");
    }
    EXPECT_GE(f.a.edge_log.count("s2s.peer.dead"), 1U);
}

TEST_F(Delivery, TakesAnAnswerToAPingForLife) {
    c.manages = false;
    for (int n = 0; n < 200; ++n) {
        say(n, n + 1);
        f.world.advance(1s);
    }
    EXPECT_EQ(f.a.edge_log.count("s2s.peer.dead"), 0U);
    EXPECT_EQ(c.connections(), 1U);
    EXPECT_TRUE(returned().empty());
}

/// Pings are no use that is made of a stream.
TEST_F(Delivery, LetsAStreamRestThatCarriesPingsOnly) {
    c.manages = false;
    say("before");
    ASSERT_TRUE(f.world.run_until([&] { return c.count("before") == 1; }));
    f.world.advance(9min);
    EXPECT_EQ(c.open(), 1U);
    f.world.advance(2min);
    EXPECT_EQ(c.open(), 0U);
    EXPECT_EQ(c.connections(), 1U);
    EXPECT_EQ(f.a.edge_log.count("s2s.peer.dead"), 0U);
}

TEST_F(Delivery, KeepsOnePingAStream) {
    c.manages = false;  // and answers with a byte, to none of them in particular
    for (int minute = 0; minute < 60; ++minute) {
        say("more");
        f.world.advance(1min);
    }
    TableFills all;
    pool().tables(all);
    const auto pings =
        std::find_if(all.begin(), all.end(), [](const auto& table) { return table.name == "s2s.pings"; });
    ASSERT_NE(pings, all.end());
    EXPECT_EQ(pings->entries, 1U);
    f.world.advance(11min);
    all.clear();
    pool().tables(all);
    for (const auto& table : all) {
        if (table.name == "s2s.pings") {
            EXPECT_EQ(table.entries, 0U) << "the stream is gone";
        }
    }
}

TEST_F(Delivery, AsksForAcknowledgementsWhenAFullConnectionHasDrained) {
    say("before");
    ASSERT_TRUE(f.world.run_until([&] { return c.count("before") == 1; }));
    f.world.advance(1s);
    c.set_reads(false);
    for (int n = 0; n < 6; ++n) {
        say(std::to_string(n), 200000);
        f.world.advance(100ms);
    }
    ASSERT_EQ(status().unacknowledged, 6U);
    ASSERT_EQ(status().queued, 0U);
    c.set_reads(true);
    EXPECT_TRUE(f.world.run_until([&] { return status().unacknowledged == 0; }, 5s));
}

/// A partner that goes down, moves, or is overloaded, while it has something of ours.
class GoingDown : public Delivery, public testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Conditions, GoingDown,
                         testing::Values("system-shutdown", "reset", "see-other-host", "connection-timeout",
                                         "resource-constraint"));

TEST_P(GoingDown, IsNotBlamedOnTheStanza) {
    c.ends_with = GetParam();
    c.acks = Acks::none;
    say("m");
    for (std::size_t times = 1; times <= 3; ++times) {
        ASSERT_TRUE(f.world.run_until([&] { return c.count("m") == times; }, 10s)) << times;
        f.world.advance(100ms);
        c.end(End::down);
    }
    c.acks = Acks::true_ones;
    ASSERT_TRUE(f.world.run_until([&] { return c.count("m") == 4; }, 10s));
    f.world.advance(1min);
    EXPECT_TRUE(returned().empty());
    EXPECT_EQ(c.count("m"), 4U);
}

/// Streams without XEP-0198 that end, in whatever way, while stanzas are on their way.
class EndsWithout0198 : public Delivery, public testing::WithParamInterface<End> {};
INSTANTIATE_TEST_SUITE_P(Ends, EndsWithout0198, testing::Values(End::footer, End::fin, End::reset));

TEST_P(EndsWithout0198, LosesNothingThatWasNotTaken) {
    c.manages = false;
    say("before");
    ASSERT_TRUE(f.world.run_until([&] { return c.count("before") == 1; }));
    f.world.advance(2s);
    c.set_reads(false);
    say(0, 60, 20000);
    f.world.advance(300ms);
    c.end(GetParam());
    c.reads = true;
    f.world.advance(20s);
    expect_none_lost(0, 60);
    EXPECT_GT(c.ids().size(), 40U) << "what was not taken is sent again";
}

TEST_P(EndsWithout0198, LosesNothingThatWasTakenAndNotRead) {
    c.manages = false;
    say("before");
    ASSERT_TRUE(f.world.run_until([&] { return c.count("before") == 1; }));
    f.world.advance(2s);
    c.set_reads(false);
    say(0, 60);
    f.world.advance(300ms);
    c.end(GetParam());
    c.reads = true;
    f.world.advance(20s);
    expect_none_lost(0, 60);
}

TEST_F(Delivery, SendsAgainWhatAStreamThatEndedJustWhenItWasReadyDidNotTake) {
    c.manages = false;
    c.ends_when_ready = true;
    say(0, 60);
    ASSERT_TRUE(f.world.run_until([&] { return c.connections() == 3; }, 10s));
    c.ends_when_ready = false;
    f.world.advance(25s);
    EXPECT_TRUE(returned().empty());
    expect_none_lost(0, 60);
    EXPECT_LE(c.connections(), 5U);
}

/// The same where TLS ends: by something that is none, or without a word.
class BrokenTls : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Ways, BrokenTls, testing::Values("garbage", "truncated"));

TEST_P(BrokenTls, JustWhenAStreamIsReadyLosesNothing) {
    Federation f;
    ASSERT_TRUE(f.start()) << f.logs();
    SimServer partner{f.world, "198.51.100.31"};
    partner.habits.breaks_at_ready = GetParam();
    f.dns.srv("_xmpp-server._tcp.partner.test", 0, 0, 5269, "xmpp.partner.test");
    f.dns.address("xmpp.partner.test", "198.51.100.31");
    for (int n = 0; n < 60; ++n) {
        f.a.user().message("romeo@a.test", "juliet@partner.test", std::to_string(n), std::string(100, 'x'));
    }
    ASSERT_TRUE(f.world.run_until([&] { return partner.accepted() == 3; }, 10s)) << f.a.edge_log.dump();
    partner.habits.breaks_at_ready.clear();
    f.world.advance(25s);
    for (int n = 0; n < 60; ++n) {
        const std::string id = std::to_string(n);
        EXPECT_EQ(partner.count(id), 1U) << id;
        EXPECT_FALSE(f.a.user().got(id)) << id;
    }
    EXPECT_LE(partner.accepted(), 5U);
}

TEST_F(Delivery, GivesNothingToAStreamThatThePeerHasEnded) {
    c.manages = false;
    say("before");
    ASSERT_TRUE(f.world.run_until([&] { return c.count("before") == 1; }));
    f.world.advance(2s);
    for (int n = 0; n < 40; ++n) {
        if (n == 20) c.end(End::footer);
        say(n, n + 1);
        f.world.advance(500us);
    }
    f.world.advance(20s);
    expect_none_lost(0, 40);
}

TEST_F(Delivery, ReturnsWhatWaitsAtAStopOnce) {
    c.deafen();
    for (int n = 0; n < 20; ++n) say(std::to_string(n), 100, "d" + std::to_string(n) + ".test");
    f.world.advance(1s);
    for (const auto& shard : f.a.edge->shards) shard->s2s().shut();
    f.world.advance(20s);
    EXPECT_EQ(returned().size(), 20U);
    for (const auto& [id, times] : returned()) EXPECT_EQ(times, 1) << id;
    EXPECT_EQ(f.a.edge->shards.front()->s2s().open_streams(), 0U);
}

TEST_F(Delivery, LeavesAtAStopWhatIsNotAcknowledgedToTheCoreAndOpensNothing) {
    c.acks = Acks::none;
    say(0, 20);
    ASSERT_TRUE(f.world.run_until([&] { return c.count("19") == 1; }));
    const unsigned connections = c.connections();
    for (const auto& shard : f.a.edge->shards) shard->shut();
    say(20, 25);
    f.world.advance(3s);
    f.a.kill_edge();
    // They stay with the core until it knows that no edge comes back.
    f.world.advance(40s);
    EXPECT_EQ(returned().size(), 25U);
    EXPECT_EQ(c.connections(), connections);
    for (const auto& [id, times] : returned()) EXPECT_EQ(times, 1) << id;
}

TEST_F(Delivery, TakesTheLastAcknowledgementsBeforeAStopReturnsWhatIsLeft) {
    f.world.set_latency(f.a.edge_public, c.address(), 50ms);
    say("before");
    ASSERT_TRUE(f.world.run_until([&] { return c.count("before") == 1; }));
    f.world.advance(2s);
    say(0, 20);
    ASSERT_TRUE(f.world.run_until([&] { return c.count("0") == 1; }));
    for (const auto& shard : f.a.edge->shards) shard->s2s().shut();
    f.world.advance(20s);
    EXPECT_TRUE(returned().empty()) << "they have arrived";
    EXPECT_EQ(c.ids().size(), 21U);
}

/// A table of destinations that is soon full.
class Crowd : public Delivery {
protected:
    Crowd() { f.a.limits.outbound_streams = 64; }
    void crowd(int from, int to) {
        for (int n = from; n < to; ++n) say("x" + std::to_string(n), 100, "n" + std::to_string(n) + ".nowhere.test");
    }
    /// A sender of its own writes to the n-th of the names that one owner serves.
    void say_to_name_of_c(int n) {
        const std::string number = std::to_string(n);
        c.serve("n" + number + ".c.test");
        f.a.user().message("u" + number + "@a.test", "juliet@n" + number + ".c.test", number);
    }
};

TEST_F(Crowd, KeepsNobodyElseFromAFirstMessage) {
    for (int round = 0; round < 20; ++round) {
        crowd(round * 20, round * 20 + 20);
        f.world.advance(200ms);
        EXPECT_LE(f.a.edge->process.ledger.destinations(), 64U);
    }
    f.a.user().message("mercutio@a.test", "juliet@c.test", "healthy");
    EXPECT_TRUE(f.world.run_until([&] { return c.count("healthy") == 1; }, 10s));
    f.world.advance(40s);
    EXPECT_EQ(returned().size(), 400U) << "each sender's stanza was answered";
    say("later");
    EXPECT_TRUE(f.world.run_until([&] { return c.count("later") == 1; }, 10s)) << "his own too, when they have failed";
}

TEST_F(Crowd, OfManySendersMakesWayForWhatIsNew) {
    for (int n = 0; n < 300; ++n) {
        f.a.user().message("u" + std::to_string(n) + "@a.test", "x@n" + std::to_string(n) + ".nowhere.test",
                           "x" + std::to_string(n));
        if (n % 4 == 3) f.world.advance(300ms);
    }
    f.a.user().message("mercutio@a.test", "juliet@c.test", "healthy");
    EXPECT_TRUE(f.world.run_until([&] { return c.count("healthy") == 1; }, 10s));
    f.world.advance(40s);
    EXPECT_EQ(returned().size(), 300U);
    f.world.advance(10min);
    EXPECT_LE(f.a.edge->process.ledger.destinations(), 2U) << "what has never worked is soon forgotten";
}

/// All of these names work, and rest.
TEST_F(Crowd, OfNamesOfOneOwnerThatRestMakesWay) {
    for (int n = 0; n < 100; ++n) {
        say_to_name_of_c(n);
        f.world.advance(2s);
    }
    EXPECT_LE(f.a.edge->process.ledger.destinations(), 64U);
    SimPartner d{f.world, f.dns, "d.test", 32};
    say("hello", 100, "d.test");
    EXPECT_TRUE(f.world.run_until([&] { return d.count("hello") == 1; }, 10s)) << error_of("hello");
    f.world.advance(5min);
    EXPECT_EQ(returned().size(), 0U) << "each found a place";
    // They are as good as before.
    say("again", 100, "n3.c.test");
    EXPECT_TRUE(f.world.run_until([&] { return c.count("again") == 1; }, 10s));
}

TEST_F(Crowd, OfOneOwnerGoesBeforeOthers) {
    SimPartner d{f.world, f.dns, "d.test", 32};
    say("first", 100, "d.test");
    ASSERT_TRUE(f.world.run_until([&] { return d.count("first") == 1; }));
    f.world.advance(2min);
    const auto known = [&] {
        const auto all = pool().destinations();
        return std::any_of(all.begin(), all.end(), [](const auto& to) { return to.pair.remote.text() == "d.test"; });
    };
    for (int n = 0; n < 200; ++n) {
        say_to_name_of_c(n);
        f.world.advance(2s);
        ASSERT_TRUE(known()) << n;
    }
    EXPECT_EQ(d.open(), 1U);
}

/// All of these names work, and acknowledge nothing.
TEST_F(Crowd, OfNamesOfOneOwnerThatNeverRestLeavesRoomForOthers) {
    c.acks = Acks::none;
    for (int n = 0; n < 100; ++n) {
        say_to_name_of_c(n);
        f.world.advance(100ms);
    }
    EXPECT_LE(f.a.edge->process.ledger.destinations(), 64U);
    SimPartner d{f.world, f.dns, "d.test", 32};
    say("hello", 100, "d.test");
    EXPECT_TRUE(f.world.run_until([&] { return d.count("hello") == 1; }, 5s)) << error_of("hello");
}

/// Each is carried by a stream that its owner has opened (XEP-0288), and needs none of ours.
TEST_F(Crowd, OfNamesOnTheirOwnersStreamsLeavesRoomForOthers) {
    f.a.change([](config::Settings& settings) { settings.bidi = true; });
    std::vector<std::unique_ptr<RawPartner>> names;
    for (int n = 0; n < 100; ++n) {
        const std::string number = std::to_string(n);
        names.push_back(
            std::make_unique<RawPartner>(f.world, f.dns, "n" + number + ".many.test", "198.51.101." + number));
        names.back()->habits.bidi = true;
        RawStream& stream = names.back()->open(f.a.edge_public, "a.test");
        ASSERT_TRUE(f.world.run_until([&] { return stream.ready(); })) << n;
        f.world.advance(300ms);
    }
    EXPECT_LE(f.a.edge->process.ledger.destinations(), 64U);
    say("hello");
    EXPECT_TRUE(f.world.run_until([&] { return c.count("hello") == 1; }, 5s)) << error_of("hello");
    f.a.user().message("romeo@a.test", "u@n3.many.test", "there");
    EXPECT_TRUE(f.world.run_until([&] { return names[3]->got("there"); }, 5s));
}

/// Ten names each of ten owners: none has many, together they have more than the table.
class CrowdOfOwners : public testing::TestWithParam<std::uint32_t> {
protected:
    CrowdOfOwners() { f.a.limits.outbound_streams = 64; }
    void SetUp() override {
        f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
        f.a.settings.bidi = true;
        ASSERT_TRUE(f.start()) << f.logs();
    }
    void TearDown() override {
        if (HasFailure()) std::fputs(f.a.edge_log.dump().c_str(), stderr);
    }
    static std::string name_of(int n) { return "n" + std::to_string(n / 10) + ".o" + std::to_string(n % 10) + ".test"; }
    RawPartner& add(int n, bool bidi) {
        all.push_back(std::make_unique<RawPartner>(f.world, f.dns, name_of(n), "198.51.101." + std::to_string(n)));
        all.back()->habits.bidi = bidi;
        return *all.back();
    }
    /// People of ours write to others for the first time.
    void expect_room_for_ours() {
        for (int n = 0; n < 8; ++n) {
            const std::string to = "p" + std::to_string(n) + "." + std::to_string(n) + "c.test", id = "to " + to;
            c.serve(to);
            f.a.user().message("romeo@a.test", "juliet@" + to, id);
            EXPECT_TRUE(f.world.run_until([&] { return c.count(id) == 1; }, 5s)) << id;
        }
    }

    Federation f{GetParam()};
    SimPartner c{f.world, f.dns, "c.test", 31};
    std::vector<std::unique_ptr<RawPartner>> all;
};
INSTANTIATE_TEST_SUITE_P(Shards, CrowdOfOwners, testing::Values(1U, 2U));

/// Each has proved a name on a stream of its own that may carry ours (XEP-0288), and nobody has written to it.
TEST_P(CrowdOfOwners, OnTheirOwnStreamsTakesNoPlaceOfThoseToWhomWeWrite) {
    for (int n = 0; n < 100; ++n) {
        RawStream& stream = add(n, true).open(f.a.edge_public, "a.test");
        ASSERT_TRUE(f.world.run_until([&] { return stream.ready(); })) << n;
    }
    EXPECT_LE(f.a.edge->process.ledger.destinations(), 32U) << "half of the table";
    expect_room_for_ours();
    f.a.user().message("romeo@a.test", "u@" + name_of(1), "there");
    EXPECT_TRUE(f.world.run_until([&] { return all[1]->got("there"); }, 5s)) << "they are reached as before";
}

/// Each has somebody of ours answer again and again.
TEST_P(CrowdOfOwners, ThatHasUsAnswerTakesNoPlaceOfThoseToWhomWeWrite) {
    for (int n = 0; n < 100; ++n) {
        add(n, false);
        for (int answered = 0; answered <= n; ++answered) {
            const std::string from = "u" + std::to_string(answered) + "@a.test";
            f.a.user().say("<iq type='result' id='x' from='" + from + "' to='u@" + name_of(answered) + "'/>");
        }
        f.world.advance(50ms);
    }
    EXPECT_LE(f.a.edge->process.ledger.destinations(), 32U) << "half of the table";
    expect_room_for_ours();
}

/// Where nobody of ours writes, the streams that rest longest make way for the next.
TEST_P(CrowdOfOwners, IsAnsweredAllTheSame) {
    for (int n = 0; n < 100; ++n) {
        RawPartner& partner = add(n, false);
        f.a.user().say("<iq type='result' id='x' from='u@a.test' to='u@" + name_of(n) + "'/>");
        EXPECT_TRUE(f.world.run_until([&] { return partner.got("x"); }, 5s)) << n;
        f.world.advance(3s);
    }
}

/// A partner that answers without end on a stream of ours.
class Babbling : public Delivery {
protected:
    Babbling() {
        f.a.limits.inbound_bytes_per_second = 10000;
        f.a.limits.inbound_burst_bytes = 65536;
    }
};

TEST_F(Babbling, IsReadNoFasterThanAnybodyMayWrite) {
    RawPartner r{f.world, f.dns, "r.test", "198.51.100.9"};
    r.habits.sm = true;
    say("first", 100, "r.test");
    ASSERT_TRUE(f.world.run_until([&] { return r.got("first"); }));
    const auto read = [&] {
        std::uint64_t bytes = 0;
        for (const auto& stream : f.a.edge->shards.front()->s2s().streams()) {
            if (stream.direction == s2s::Direction::outbound && stream.remote == "r.test") bytes = stream.bytes_in;
        }
        return bytes;
    };
    std::string answers;
    while (answers.size() < 1 << 20) answers += "<a xmlns='urn:xmpp:sm:3' h='1'/>";
    r.accepted().front()->say(answers);
    f.world.advance(10s);
    EXPECT_GT(read(), 100'000U) << "it is read";
    EXPECT_LT(read(), 65536U + 100'000U + 2 * 65536U);
    say("second", 100, "r.test");
    EXPECT_TRUE(f.world.run_until([&] { return r.got("second"); }, 5s)) << "what goes there does not wait";
}

/// The table is the node's: one shard has filled it, the other needs a place.
TEST(CrowdOfAShard, GivesBackWhatItHasBeyondItsShare) {
    Federation f{2};
    f.a.limits.outbound_streams = 64;
    f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
    ASSERT_TRUE(f.start()) << f.logs();
    SimPartner c{f.world, f.dns, "c.test", 31};
    const auto name_of = [&](std::uint32_t shard, int& number) {
        for (;;) {
            std::string name = "c.n" + std::to_string(number++) + ".test";  // owners of one name each
            if (routing::owner("a.test", name, 2) == shard) return c.serve(name), name;
        }
    };
    int number = 0;
    for (int n = 0; n < 64; ++n) {
        f.a.user().message("u" + std::to_string(n) + "@a.test", "juliet@" + name_of(0, number), std::to_string(n));
        f.world.advance(300ms);
    }
    ASSERT_EQ(f.a.edge->process.ledger.destinations(), 64U);
    f.world.advance(2min);
    f.a.user().message("romeo@a.test", "juliet@" + name_of(1, number), "first");
    f.world.advance(3s);
    f.a.user().message("romeo@a.test", "juliet@" + name_of(1, number), "second");
    EXPECT_TRUE(f.world.run_until([&] { return c.count("second") == 1; }, 10s)) << f.a.edge_log.dump();
}

/// Each of the names is one owner's, and none of them answers for a while.
TEST(CrowdOfOneSender, HasAShareOfTheNodeAndNotOfEachShard) {
    constexpr std::uint32_t shards = 16;
    Federation f{shards};
    f.a.limits.outbound_streams = 1024;
    f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
    ASSERT_TRUE(f.start()) << f.logs();
    SimPartner c{f.world, f.dns, "c.test", 31};
    SimNetwork silent{f.world, {"198.51.100.77"}};
    f.world.block(f.a.edge_public, "198.51.100.77");
    for (int n = 0; n < 2000; ++n) {
        const std::string name = "n" + std::to_string(n) + ".test";
        f.dns.srv("_xmpp-server._tcp." + name, 0, 0, 5269, "xmpp." + name);
        f.dns.address("xmpp." + name, "198.51.100.77");
        f.a.user().message("one@a.test", "x@" + name, name);
        if (n % 50 == 49) f.world.advance(50ms);
    }
    f.world.advance(200ms);
    EXPECT_LE(f.a.edge->process.ledger.destinations(), 16U * shards) << "a sixteenth, and a few on each shard";
    f.a.user().message("other@a.test", "juliet@c.test", "m1");
    EXPECT_TRUE(f.world.run_until([&] { return c.count("m1") == 1; }, 5s));
}

/// A partner that was away.
class Returning : public testing::TestWithParam<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Shards, Returning, testing::Values(1U, 2U, 3U));

TEST_P(Returning, IsTriedAtOnceWhenItHasProvedThatItIsBack) {
    Federation f{GetParam()};
    ASSERT_TRUE(f.start()) << f.logs();
    const auto say = [&](SimUser& from, const std::string& local, const std::string& remote, const std::string& id) {
        from.message("u@" + local, "v@" + remote, id);
    };
    f.b.kill_edge();
    for (int n = 0; n < 180; ++n) {
        say(f.a.user(0), "a.test", "b.test", "in vain");
        say(f.a.user(1), "rooms.a.test", "b.test", "in vain");
        f.world.advance(1s);
    }
    f.b.start_edge();
    ASSERT_TRUE(f.world.run_until([&] { return f.b.up(); }));
    say(f.b.user(), "b.test", "a.test", "here I am");
    ASSERT_TRUE(f.world.run_until([&] { return f.a.user().got("here I am"); }));
    say(f.a.user(0), "a.test", "b.test", "welcome");
    say(f.a.user(1), "rooms.a.test", "b.test", "welcome too");
    EXPECT_TRUE(f.world.run_until([&] { return f.b.user().got("welcome") && f.b.user().got("welcome too"); }, 5s))
        << f.logs();
}

/// A failure that is over is no reason to remember somebody.
TEST(Forgetting, TakesThoseThatFailedAndCameBack) {
    Federation f;
    f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
    ASSERT_TRUE(f.start()) << f.logs();
    RawPartner c{f.world, f.dns, "c.test", "198.51.100.9"};
    c.habits.listens = false;
    f.a.user().message("romeo@a.test", "u@c.test", "in vain");
    ASSERT_TRUE(f.world.run_until([&] { return f.a.user().got("in vain"); }, 2min));
    c.habits.listens = true;
    RawStream& stream = c.open(f.a.edge_public, "a.test");
    ASSERT_TRUE(f.world.run_until([&] { return stream.ready(); }));
    stream.close();
    f.world.advance(2h);
    EXPECT_EQ(f.a.edge->process.ledger.destinations(), 0U);
}

/// The same at the core: an inside server that was down.
TEST_P(Returning, InsideServerIsTriedAtOnceWhenItHasProvedThatItIsBack) {
    constexpr const char* address = "10.1.0.51";
    Federation f{GetParam()};
    config::InsideServer server;
    server.domains = {*xmpp::Domain::parse("inside.a.test")};
    server.address = {address, 5269};
    server.tls = config::InsideTls::optional;
    f.a.servers = {server};
    f.a.settings.domains.push_back(*config::NamePattern::parse("inside.a.test"));
    f.dns.srv("_xmpp-server._tcp.inside.a.test", 0, 0, 5269, "xmpp.a.test");
    ASSERT_TRUE(f.start()) << f.logs();
    for (auto& shard : f.a.core->shards)
        ASSERT_TRUE(shard->s2s().listen({*IpAddress::parse(f.a.core_address), 5269}, false));
    for (int n = 0; n < 180; ++n) {
        f.b.user().message("juliet@b.test", "romeo@inside.a.test", "in vain");
        f.world.advance(1s);
    }
    RawPartner back{f.world, f.dns, "inside.a.test", address};
    RawStream& stream = back.open(f.a.core_address, "b.test");
    ASSERT_TRUE(f.world.run_until([&] { return stream.ready(); }, 10s)) << f.a.core_log.dump();
    f.b.user().message("juliet@b.test", "romeo@inside.a.test", "welcome");
    EXPECT_TRUE(f.world.run_until([&] { return back.got("welcome"); }, 5s)) << f.a.core_log.dump();
}

}  // namespace
}  // namespace sallyport::test
