// What breaks and comes back: links, processes, the peer's edge. Nothing is lost without a word.
#include <gtest/gtest.h>

#include <set>

#include "support/raw_partner.h"
#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

class Outage : public testing::TestWithParam<std::uint32_t> {
protected:
    void SetUp() override {
        f.b.core_hold = core_hold;
        ASSERT_TRUE(f.start()) << f.logs();
        f.a.user().message("romeo@a.test", "juliet@b.test", "first");
        ASSERT_TRUE(f.world.run_until([&] { return f.b.user().got("first"); }));
    }
    void TearDown() override {
        if (HasFailure()) std::fputs(f.logs().c_str(), stderr);
    }

    void send(int from, int to) {
        for (int n = from; n < to; ++n) f.a.user().message("romeo@a.test", "juliet@b.test", std::to_string(n));
    }
    /// "first" and the numbers below `end`, in order, once each.
    void expect_all(int end) {
        std::vector<std::string> expected{"first"};
        for (int n = 0; n < end; ++n) expected.push_back(std::to_string(n));
        EXPECT_EQ(f.b.user().ids_from("a.test"), expected);
    }
    [[nodiscard]] std::size_t arrived() { return f.b.user().received().size() - 1; }

    Duration core_hold = std::chrono::seconds{30};
    Federation f{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Shards, Outage, testing::Values(1U, 2U));

TEST_P(Outage, LosesAndDoublesNothingWhenTheSendersLinkBreaks) {
    send(0, 100);
    f.world.advance(std::chrono::microseconds{1500});
    f.world.reset_streams(f.a.edge_link);
    send(100, 200);
    ASSERT_TRUE(f.world.run_until([&] { return arrived() >= 200; }));
    f.world.advance(std::chrono::seconds{10});
    expect_all(200);
    EXPECT_GE(f.a.resumptions(), 1U);
    EXPECT_EQ(f.a.user().received().size(), 0U);
}

TEST_P(Outage, LosesAndDoublesNothingWhenTheReceiversLinkBreaksAtAnyMoment) {
    int next = 0;
    for (int cut = 0; cut < 20; ++cut) {
        send(next, next + 10);
        next += 10;
        f.world.advance(std::chrono::microseconds{250} * (cut % 8 + 8));
        f.world.reset_streams(f.b.edge_link);
        f.world.advance(std::chrono::milliseconds{cut % 3 * 400});
    }
    ASSERT_TRUE(f.world.run_until([&] { return arrived() >= 200; }));
    f.world.advance(std::chrono::seconds{10});
    expect_all(200);
    EXPECT_GE(f.b.resumptions(), 1U);
}

TEST_P(Outage, LosesNothingWhenTheLinksCableIsCutForAWhile) {
    send(0, 100);
    f.world.advance(std::chrono::microseconds{1500});
    f.world.block(f.a.core_address, f.a.edge_link);
    send(100, 200);
    f.world.advance(std::chrono::seconds{12});
    EXPECT_LT(arrived(), 200U);
    f.world.heal(f.a.core_address, f.a.edge_link);
    ASSERT_TRUE(f.world.run_until([&] { return arrived() >= 200; }));
    f.world.advance(std::chrono::seconds{10});
    expect_all(200);
}

TEST_P(Outage, DeliversWhatWaitedWhenThePeersEdgeReturns) {
    // The sign of life after a minute's silence acknowledges what came before; else it would be sent again.
    f.world.advance(std::chrono::seconds{70});
    f.b.kill_edge();
    send(0, 50);
    f.world.advance(std::chrono::seconds{10});
    EXPECT_EQ(arrived(), 0U);
    f.b.start_edge();
    ASSERT_TRUE(f.world.run_until([&] { return arrived() >= 50; }));
    f.world.advance(std::chrono::minutes{1});
    expect_all(50);
    EXPECT_TRUE(f.a.user().received().empty());
}

TEST_P(Outage, IsOverWithinTwoSecondsOfTheReturnOfThePeersEdge) {
    int next = 0;
    for (const auto away : {5, 7, 9, 11}) {
        // What is acknowledged before is not sent again.
        f.world.advance(std::chrono::seconds{70});
        f.b.kill_edge();
        send(next, next + 10);
        next += 10;
        f.world.advance(std::chrono::seconds{away});
        EXPECT_LT(arrived(), static_cast<std::size_t>(next));
        f.b.start_edge();
        const bool soon =
            f.world.run_until([&] { return arrived() >= static_cast<std::size_t>(next); }, std::chrono::seconds{2});
        EXPECT_TRUE(soon) << "after " << away << " s";
        ASSERT_TRUE(f.world.run_until([&] { return arrived() >= static_cast<std::size_t>(next); }));
    }
    expect_all(next);
}

TEST_P(Outage, ReturnsEachStanzaOnceWhenThePeersEdgeStaysDown) {
    send(0, 20);
    f.world.advance(std::chrono::microseconds{4500});
    f.b.kill_edge();
    send(20, 50);
    f.world.advance(std::chrono::minutes{2});
    std::set<std::string> delivered, bounced;
    for (const auto& received : f.b.user().received()) delivered.insert(received.id);
    for (const auto& received : f.a.user().received()) {
        EXPECT_EQ(received.type, "error");
        EXPECT_NE(received.bytes.find("<remote-server-timeout"), std::string::npos) << received.bytes;
        EXPECT_TRUE(bounced.insert(received.id).second) << "returned twice: " << received.id;
    }
    delivered.erase("first");
    for (int n = 0; n < 50; ++n) {
        const std::string id = std::to_string(n);
        EXPECT_TRUE(delivered.contains(id) || bounced.contains(id)) << "lost: " << id;
    }
    EXPECT_GE(bounced.size(), 30U);
}

TEST_P(Outage, AnswersThePingOfAPeerThatIsDownWithTheAttempt) {
    f.b.kill_edge();
    f.world.advance(std::chrono::seconds{1});
    std::optional<Result<Duration>> outcome;
    const xmpp::DomainPair pair{*xmpp::Domain::parse("a.test"), *xmpp::Domain::parse("b.test")};
    const auto at = routing::owner("a.test", "b.test", static_cast<std::uint32_t>(f.a.edge->shards.size()));
    f.a.edge->shards[at]->s2s().pool().ping(pair, [&](Result<Duration> result) { outcome = std::move(result); });
    ASSERT_TRUE(f.world.run_until([&] { return outcome.has_value(); }, std::chrono::seconds{5}));
    ASSERT_FALSE(outcome->has_value());
    EXPECT_EQ(outcome->error().code, "ping-no-answer");
    EXPECT_NE(outcome->error().text.find("tcp"), std::string::npos) << outcome->error().text;
}

TEST_P(Outage, SendsAgainWhatAStreamLostBeforeItsAcknowledgementsWereOn) {
    f.world.set_latency(f.b.core_address, f.b.edge_link, std::chrono::milliseconds{500});
    f.a.user().message("romeo@a.test", "juliet@rooms.b.test", "x1");
    SimUser& rooms = f.b.user(1);
    // The first stanza goes out with the pair's readiness, before the peer has answered <enable/>.
    ASSERT_TRUE(f.world.run_until([&] { return f.a.edge_log.count("s2s.pair.ready") == 2; }));
    f.world.reset_streams(f.a.edge_public);
    f.a.user().message("romeo@a.test", "juliet@rooms.b.test", "x2");
    ASSERT_TRUE(f.world.run_until([&] { return rooms.got("x2"); }));
    f.world.advance(std::chrono::minutes{2});
    EXPECT_EQ(rooms.ids_from("a.test"), (std::vector<std::string>{"x1", "x2"}));
    EXPECT_TRUE(f.a.user().received().empty());
}

TEST_P(Outage, GivesANewCoreProcessWhatTheOldOneHadNotDone) {
    f.world.set_latency(f.b.core_address, f.b.edge_link, std::chrono::milliseconds{20});
    send(0, 40);
    f.world.advance(std::chrono::milliseconds{15});
    f.b.kill_core();
    send(40, 80);
    f.world.advance(std::chrono::seconds{2});
    EXPECT_LT(arrived(), 40U);
    f.b.start_core(false);
    f.b.attach_users();
    ASSERT_TRUE(f.world.run_until([&] { return f.b.user().attached(); }));
    f.b.dial_edge();
    ASSERT_TRUE(f.world.run_until([&] { return arrived() >= 80; }));
    f.world.advance(std::chrono::minutes{1});
    expect_all(80);
    EXPECT_TRUE(f.a.user().received().empty());
    EXPECT_GE(f.b.edge_log.count("link.session.given-up"), 1U);
}

/// The shard of the edge where all links of a new core process land.
class OneShardForAllLinks : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Shards, OneShardForAllLinks, testing::Values(0U, 1U));

TEST_P(OneShardForAllLinks, GetsWhatTheOthersHeldForTheOldProcess) {
    Federation f{2};
    ASSERT_TRUE(f.start()) << f.logs();
    const auto say = [&](const std::string& id) { f.a.user().message("romeo@a.test", "juliet@b.test", id); };
    std::vector<std::string> expected{"first"};
    say("first");
    ASSERT_TRUE(f.world.run_until([&] { return f.b.user().got("first"); }));
    f.b.kill_core();
    for (int n = 0; n < 40; ++n) say(expected.emplace_back(std::to_string(n)));
    f.world.advance(std::chrono::seconds{2});
    f.b.edge->next_shard = GetParam();
    f.b.edge->one_shard_has_all_links = true;
    f.b.start_core(false);
    f.b.attach_users();
    ASSERT_TRUE(f.world.run_until([&] { return f.b.user().attached(); }));
    f.b.dial_edge();
    ASSERT_TRUE(f.world.run_until([&] { return f.b.up(); }));
    for (int n = 40; n < 80; ++n) say(expected.emplace_back(std::to_string(n)));
    f.world.advance(std::chrono::seconds{3});
    EXPECT_EQ(f.b.user().ids_from("a.test"), expected) << f.logs();
    EXPECT_TRUE(f.a.user().received().empty());
}

/// A core that gives up what it could not send much sooner than the edge does.
class ImpatientCore : public Outage {
protected:
    ImpatientCore() { core_hold = std::chrono::seconds{4}; }
};
INSTANTIATE_TEST_SUITE_P(Shards, ImpatientCore, testing::Values(1U, 2U, 3U));

TEST_P(ImpatientCore, LeavesNothingInTheSessionThatItGaveUp) {
    int next = 0;
    for (int cut = 0; cut < 6; ++cut) {
        f.world.block(f.b.core_address, f.b.edge_link);
        f.b.user(1).message("tea@rooms.b.test", "romeo@a.test", "in vain");
        f.world.advance(std::chrono::seconds{12});
        send(next, next + 10);
        f.world.advance(std::chrono::seconds{6});
        f.world.heal(f.b.core_address, f.b.edge_link);
        ASSERT_TRUE(f.world.run_until([&] { return f.b.up(); }));
        f.world.advance(std::chrono::seconds{2});
        send(next + 10, next + 20);
        next += 20;
        f.world.advance(std::chrono::seconds{2});
        EXPECT_EQ(arrived(), static_cast<std::size_t>(next)) << "after cut " << cut;
    }
    EXPECT_GE(f.b.core_log.count("link.session.given-up"), 6U);
    f.world.advance(std::chrono::minutes{1});
    expect_all(next);
    EXPECT_TRUE(f.a.user().received().empty());
}

/// Stanzas that came within the limits and are longer since they were written afresh.
class ImpatientCoreOfTightLimits : public ImpatientCore {
protected:
    ImpatientCoreOfTightLimits() {
        f.b.settings.security_mode = s2s::SecurityMode::tls_optional;
        f.b.limits.after_auth.element_bytes = most;
    }
    static constexpr std::size_t most = 20'000;
};
INSTANTIATE_TEST_SUITE_P(Shards, ImpatientCoreOfTightLimits, testing::Values(1U, 2U, 3U));

TEST_P(ImpatientCoreOfTightLimits, GetsWhatHasGrownThroughAnotherSession) {
    RawPartner c{f.world, f.dns, "c.test", "198.51.100.9"};
    RawStream& stream = c.open(f.b.edge_public, "b.test");
    ASSERT_TRUE(f.world.run_until([&] { return stream.ready(); }));
    const std::string grows = "<![CDATA[" + std::string(most / 5, '&') + "]]>";
    std::vector<std::string> expected;
    for (int cut = 0; cut < 3; ++cut) {
        f.world.block(f.b.core_address, f.b.edge_link);
        f.b.user(1).message("tea@rooms.b.test", "romeo@a.test", "in vain");
        f.world.advance(std::chrono::seconds{12});
        for (int n = 0; n < 10; ++n) {
            stream.message("u@c.test", "juliet@b.test", expected.emplace_back(std::to_string(expected.size())),
                           n % 2 == 0 ? grows : "");
        }
        f.world.advance(std::chrono::seconds{6});
        f.world.heal(f.b.core_address, f.b.edge_link);
        ASSERT_TRUE(f.world.run_until([&] { return f.b.up(); }));
        f.world.advance(std::chrono::seconds{4});
        EXPECT_EQ(f.b.user().ids_from("c.test"), expected) << "after cut " << cut;
    }
    EXPECT_GE(f.b.core_log.count("link.session.given-up"), 3U);
    EXPECT_GT(f.b.user().with_id("0").front()->bytes.size(), most);
    EXPECT_TRUE(stream.ids().empty());
    EXPECT_TRUE(c.accepted().empty()) << "nothing was returned";
}

}  // namespace
}  // namespace sallyport::test
