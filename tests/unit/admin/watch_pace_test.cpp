// What the watch does beside judging, and how often: what it asks of a disk and of servers inside, and how often an
// alarm that stands changes its words.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "admin/api/watch.h"
#include "fake_node.h"
#include "support/sim_world.h"

namespace sallyport::test {
namespace {

TEST(Watch, KeepsWhatADiskSaidWhileItHangsOrCannotBeLookedAt) {
    SimWorld world;
    FakeNode node;
    node.other_loop = &world.loop();
    std::vector<std::pair<std::function<void()>, std::function<void()>>> waiting;
    node.disk = [&](auto work, auto then) {
        waiting.emplace_back(std::move(work), std::move(then));
        return true;
    };
    const admin::Watch watch{node};
    world.advance(std::chrono::seconds{10});
    EXPECT_GE(node.briefly_gathered, 15U) << "nothing else waits for the disk";
    ASSERT_EQ(waiting.size(), 1U) << "and one question is enough";
    EXPECT_FALSE(node.current.host.disk);
    const auto finish = [&] {
        auto [work, then] = std::move(waiting.back());
        waiting.clear();
        work();
        then();
    };
    finish();
    ASSERT_TRUE(node.current.host.disk);
    node.current.host.disk = {1, true};
    node.node_file.node.data += "/gone";
    world.advance(std::chrono::seconds{1});
    ASSERT_EQ(waiting.size(), 1U);
    finish();
    ASSERT_TRUE(node.current.host.disk) << "that it cannot be looked at does not make it well";
    EXPECT_TRUE(node.current.host.disk->read_only);
}

/// Whatever changes the words: each change is an event.
TEST(Watch, TakesOverNewWordsOfAnAlarmNowAndThen) {
    FakeNode node;
    admin::Watch watch{node};
    std::set<std::string> said;
    const auto look = [&](int n) {
        node.current.history_trouble = "trouble " + std::to_string(n);
        node.current.now += std::chrono::milliseconds{500};
        watch.judge(node.current, node.loop().wall(), admin::Depth::brief);
        for (const services::Alarm& alarm : node.board.standing()) {
            if (alarm.code == services::AlarmCode::history_store) said.insert(alarm.detail);
        }
    };
    for (int n = 0; n < 58; ++n) look(n);
    EXPECT_EQ(said, (std::set<std::string>{"trouble 0", "trouble 1", "trouble 2", "trouble 3"}));
    for (int n = 58; n < 62; ++n) look(n);
    EXPECT_GT(said.size(), 4U) << "after half a minute it may";
}

/// A server that refuses one pair may serve another.
TEST(Watch, AsksAnInternalServerOverTheFailedPairAndTheOneThatWorkedLast) {
    SimWorld world;
    FakeNode node;
    node.other_loop = &world.loop();
    node.node_file.role = config::Role::core;
    node.node_file.inside.servers.emplace_back().domains = {*xmpp::Domain::parse("b.test")};
    const auto destination = [&](const char* local) -> s2s::DestinationStatus& {
        auto& to = node.current.destinations.emplace_back();
        to.pair = {*xmpp::Domain::parse(local), *xmpp::Domain::parse("b.test")};
        return to;
    };
    s2s::DestinationStatus& failed = destination("a.test");
    failed.phase = s2s::PairPhase::waiting;
    failed.failures = 1;
    failed.failed_at = TimePoint{std::chrono::hours{2}};
    destination("c.test").worked_at = TimePoint{std::chrono::hours{1}};
    destination("d.test").worked_at = TimePoint{std::chrono::minutes{1}};
    {
        const admin::Watch watch{node};
        world.advance(std::chrono::seconds{1});
        EXPECT_EQ(node.pinged, (std::vector<std::string>{"a.test:b.test", "c.test:b.test"}));
        EXPECT_TRUE(node.board.stands(services::AlarmCode::inside_down, "b.test"));
    }
    node.pinged.clear();
    node.current.destinations.back().phase = s2s::PairPhase::ready;
    const admin::Watch watch{node};
    world.advance(std::chrono::seconds{1});
    EXPECT_TRUE(node.pinged.empty()) << "it serves";
    EXPECT_FALSE(node.board.stands(services::AlarmCode::inside_down, "b.test"));
}

}  // namespace
}  // namespace sallyport::test
