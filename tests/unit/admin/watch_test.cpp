// What the watch raises and lowers, how soon, and what it costs.
#include "admin/api/watch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "admin/api/problems.h"
#include "fake_node.h"
#include "support/sim_world.h"

namespace sallyport::test {
namespace {

link::SessionStatus core_link() {
    link::SessionStatus link;
    link.state = link::LinkState::open;
    link.far_realm = "core1-b-test";
    link.far_role = Role::core;
    link.bound = {"b.test"};
    return link;
}

TEST(Watch, RaisesAndLowersWhatItFinds) {
    FakeNode node;
    admin::Watch watch{node};
    const WallTime now{std::chrono::hours{24 * 20'000}};
    const auto days = [&](int count) { return now + std::chrono::hours{24 * count}; };
    node.current.certificates.push_back({admin::CertificateUse::s2s, "b.test", "b.pem", {}});
    const auto stands = [&](services::AlarmCode code, const std::string& key) {
        watch.judge(node.current, now, admin::Depth::whole);
        return node.board.stands(code, key);
    };
    using enum services::AlarmCode;
    CertFacts& facts = node.current.certificates[0].facts;
    facts.not_after = days(31);
    EXPECT_FALSE(stands(certificate_expiring, "s2s b.test"));
    facts.not_after = days(29);
    EXPECT_TRUE(stands(certificate_expiring, "s2s b.test"));
    facts.not_after = days(6);
    EXPECT_TRUE(stands(certificate_expiring_soon, "s2s b.test"));
    EXPECT_FALSE(stands(certificate_expiring, "s2s b.test"));
    facts.not_after = days(-1);
    EXPECT_TRUE(stands(certificate_expired, "s2s b.test"));
    facts.not_after = days(300);
    EXPECT_FALSE(stands(certificate_expired, "s2s b.test"));
    facts.not_before = days(1);
    EXPECT_TRUE(stands(certificate_not_yet, "s2s b.test"));
    facts.not_before = days(-1);
    EXPECT_FALSE(stands(certificate_not_yet, "s2s b.test"));

    s2s::StreamStatus& stream = node.current.streams.emplace_back();
    stream.remote = "a.test";
    EXPECT_FALSE(stands(peer_certificate_expired, "a.test")) << "it has no certificate";
    stream.certificate_not_after = days(-2);
    EXPECT_TRUE(stands(peer_certificate_expired, "a.test"));

    // A link may be away for a moment, however often it is looked at.
    node.current.now = TimePoint{std::chrono::hours{1}};
    node.current.links.emplace_back().far_role = Role::core;
    node.current.links[0].state = link::LinkState::open;
    EXPECT_FALSE(stands(link_down, "a core"));
    node.current.links.clear();
    EXPECT_FALSE(stands(link_down, "a core"));
    node.current.now += std::chrono::milliseconds{1400};
    EXPECT_FALSE(stands(link_down, "a core"));
    EXPECT_FALSE(stands(link_down, "a core"));
    node.current.now += std::chrono::milliseconds{100};
    EXPECT_TRUE(stands(link_down, "a core"));
    node.current.links.emplace_back().far_role = Role::core;
    node.current.links[0].state = link::LinkState::open;
    EXPECT_FALSE(stands(link_down, "a core"));

    EXPECT_FALSE(stands(link_stanza, "core-test"));
    node.current.now = TimePoint{std::chrono::hours{10}};
    node.current.link_culprits = {{"core-test", "a.test", "b.test", "it ended", node.current.now}};
    EXPECT_TRUE(stands(link_stanza, "core-test"));
    node.current.now += std::chrono::minutes{61};
    EXPECT_FALSE(stands(link_stanza, "core-test")) << "an hour later";

    const std::string folder = node.node_file.node.data;
    EXPECT_FALSE(stands(disk_low, folder));
    node.current.host.disk = {40ULL << 20U, false};
    EXPECT_TRUE(stands(disk_low, folder));
    EXPECT_EQ(node.board.find(disk_low, folder)->sentence(),
              "the disk of " + folder + " is almost full: 40 MiB are free");
    node.current.alarms = node.board.standing();
    node.current.host.disk = {39ULL << 20U, false};
    EXPECT_TRUE(stands(disk_low, folder));
    EXPECT_EQ(node.board.find(disk_low, folder)->detail, "40 MiB are free") << "that it moves a little is no news";
    node.current.host.disk = {0, false};
    EXPECT_TRUE(stands(disk_low, folder));
    EXPECT_EQ(node.board.find(disk_low, folder)->sentence(), "the disk of " + folder + " is full");
    node.current.alarms = node.board.standing();
    node.current.host.disk = {1ULL << 20U, false};
    EXPECT_TRUE(stands(disk_low, folder));
    EXPECT_EQ(node.board.find(disk_low, folder)->sentence(), "the disk of " + folder + " is full") << "no news";
    node.current.host.disk = {127ULL << 20U, false};
    EXPECT_TRUE(stands(disk_low, folder)) << "lowered at twice what raises it";
    node.current.host.disk = {128ULL << 20U, false};
    EXPECT_FALSE(stands(disk_low, folder));
    node.current.alarms = node.board.standing();
    node.current.host.disk = {65ULL << 20U, false};
    EXPECT_FALSE(stands(disk_low, folder));
    node.current.host.disk = {1ULL << 40U, true};
    EXPECT_FALSE(stands(disk_low, folder));
    EXPECT_TRUE(stands(disk_read_only, folder));
    node.current.history_trouble = "disk I/O error";
    EXPECT_TRUE(stands(history_store, folder + "/history.db"));
}

using enum services::AlarmCode;

/// The steps that a presence node, a core and an edge show when the router has not loaded its rows.
TEST(Watch, RaisesAnAlarmForAFailedStepOfThisNodeAndLeavesThoseOfAnotherToIt) {
    FakeNode node;
    admin::Watch watch{node};
    const std::string step = "loaded by the router of imp1.b.test";
    const auto look = [&] {
        watch.judge(node.current, node.loop().wall(), admin::Depth::brief);
        node.current.alarms = node.board.standing();
        return node.board.find(services::AlarmCode::chain_failed, step);
    };
    const auto problems = [&] {
        const auto all = node.ask("status").at("problems").as_array();
        return std::count_if(all.begin(), all.end(), [&](const auto& problem) {
            return text_at(problem, "text").find(step + ": it has not") != std::string::npos &&
                   text_at(problem, "remedy").find("restart it") != std::string::npos;
        });
    };
    node.current.chain = {{step, StepState::pending, {"it has not", "restart it"}}};
    EXPECT_EQ(look(), nullptr) << "pending is not failed";
    EXPECT_EQ(problems(), 0);
    node.current.chain[0].state = StepState::failed;
    ASSERT_NE(look(), nullptr);
    EXPECT_EQ(look()->cure(), "restart it");
    EXPECT_EQ(look()->severity(), services::AlarmSeverity::error);
    EXPECT_EQ(problems(), 1) << "one problem is told once";
    node.current.chain[0].alarm = "axl.refused imp1";
    EXPECT_EQ(look(), nullptr) << "another alarm tells of it";
    node.current.chain[0] = {step, StepState::failed, {"it has not", "restart it"}, "", "core1.b.test"};
    EXPECT_EQ(look(), nullptr) << "the core raises it";
    EXPECT_EQ(problems(), 0) << "its alarm is about to come";
    node.board.raise(
        services::AlarmCode::far_alarm, "core1.b.test: chain.failed " + step, step + ": it has not",
        {services::AlarmSeverity::error, "an alarm of core1.b.test", "on core1.b.test: restart it", "core1.b.test"});
    node.current.chain[0].alarm = "chain.failed " + step;
    EXPECT_EQ(look(), nullptr);
    EXPECT_EQ(problems(), 1) << "not once more as the core's alarm";
    const auto shown = node.ask("alarms").at("alarms").at(0);
    EXPECT_EQ(text_at(shown, "node"), "core1.b.test");
    EXPECT_EQ(text_at(shown, "severity"), "error");
    EXPECT_EQ(text_at(shown, "cure"), "on core1.b.test: restart it");
}

TEST(Watch, TellsOfRowsThatAreNotLoadedOnce) {
    FakeNode node;
    node.node_file.role = config::Role::presence;
    const auto problems = [&](const std::string& part) {
        const auto found =
            admin::problems({node.current, node.node_file, *node.settings().snapshot(), node.loop().wall()});
        return std::count_if(found.begin(), found.end(),
                             [&](const auto& one) { return one.text.find(part) != std::string::npos; });
    };
    node.current.links = {core_link()};
    node.current.router.emplace();
    node.current.router->pending = {"xmpps2snodes", "link.secret"};
    node.current.router->obstacle = {"xmpps2snodes has 1 row, 0 loaded", "restart the router"};
    node.current.router->obstacle_is_step = true;
    node.current.chain = {{"loaded by the router", StepState::failed, node.current.router->obstacle}};
    EXPECT_EQ(problems("xmpps2snodes"), 1);
    EXPECT_EQ(problems("link.secret"), 1) << "that is another matter";
    node.current.chain[0].state = StepState::in_force;
    EXPECT_EQ(problems("configuration: xmpps2snodes"), 1) << "rows that were taken away, say";
    node.current.router->obstacle = {"presence.federation_node_status is on", "switch it off"};
    node.current.router->obstacle_is_step = false;
    EXPECT_EQ(problems("other domains cannot be reached: presence.federation_node_status is on"), 1);
}

/// Alarms within a second: what costs little is looked at twice in it, what needs all streams once a minute.
TEST(Watch, LooksBrieflyTwiceASecond) {
    SimWorld world;
    FakeNode node;
    node.other_loop = &world.loop();
    const admin::Watch watch{node};
    node.current.links = {core_link()};
    node.current.streams.resize(10'000);
    node.current.streams[0].remote = "a.test";
    node.current.streams[0].certificate_not_after = node.loop().wall() - std::chrono::hours{1};
    world.advance(std::chrono::milliseconds{1200});
    EXPECT_EQ(node.gathered, 1U);
    EXPECT_EQ(node.briefly_gathered, 1U);
    EXPECT_TRUE(node.board.stands(peer_certificate_expired, "a.test"));
    world.advance(std::chrono::minutes{10});
    EXPECT_LE(node.gathered, 11U) << "whole status costs a copy of every stream";
    EXPECT_GE(node.briefly_gathered, 1140U);
    EXPECT_TRUE(node.board.stands(peer_certificate_expired, "a.test")) << "a brief look does not lower it";
    node.current.chain = {{"told to imp1.b.test", StepState::failed, {"it refuses the password"}}};
    world.advance(std::chrono::seconds{1});
    EXPECT_TRUE(node.board.stands(chain_failed, "told to imp1.b.test"));
    node.current.chain.clear();
    world.advance(std::chrono::seconds{1});
    EXPECT_FALSE(node.board.stands(chain_failed, "told to imp1.b.test"));
}

TEST(Watch, TellsOfACopyOfALinkedNodeUntilItIsGone) {
    FakeNode node;
    admin::Watch watch{node};
    const auto stands = [&] {
        watch.judge(node.current, node.loop().wall(), admin::Depth::whole);
        return node.board.stands(services::AlarmCode::link_copy, "core1-b-test");
    };
    node.current.now = TimePoint{std::chrono::hours{1}};
    EXPECT_FALSE(stands());
    node.current.link_copies = {{"core1-b-test", *Endpoint::parse("10.0.0.8:40001"), *Endpoint::parse("10.0.0.9:40002"),
                                 node.current.now - std::chrono::minutes{1}, 3}};
    ASSERT_TRUE(stands());
    EXPECT_NE(boost::json::serialize(node.ask("alarms")).find("one at 10.0.0.8 is turned away; the one at 10.0.0.9 is"),
              std::string::npos);
    node.current.alarms = node.board.standing();
    const auto status = boost::json::serialize(node.ask("status"));
    EXPECT_NE(status.find("two running nodes have the name and key of core1-b-test"), std::string::npos) << status;
    node.current.links = {core_link()};
    const auto why = boost::json::serialize(node.ask("why", R"({"from":"a.test","to":"b.test"})"));
    EXPECT_NE(why.find("a copy of it at 10.0.0.8:40001 is turned away"), std::string::npos) << why;
    node.current.now += std::chrono::minutes{15};
    EXPECT_FALSE(stands());
}

TEST(Watch, TellsOfAnInsideAuthorityThatNobodyAccepts) {
    FakeNode node;
    admin::Watch watch{node};
    const WallTime now = node.loop().wall();
    const auto years = [&](int count) { return now + std::chrono::hours{24 * 365 * count}; };
    const auto stands = [&](WallTime from, WallTime until) {
        node.current.inside_authority = {admin::CertificateUse::inside, {}, "data/inside-ca.pem", {}};
        node.current.inside_authority->facts.not_before = from;
        node.current.inside_authority->facts.not_after = until;
        watch.judge(node.current, now, admin::Depth::whole);
        return node.board.stands(services::AlarmCode::inside_authority, "data/inside-ca.pem");
    };
    EXPECT_FALSE(stands(years(-1), years(9)));
    EXPECT_TRUE(stands(years(-50), years(-40))) << "made in 1970";
    EXPECT_TRUE(stands(years(30), years(40))) << "made far ahead";
    EXPECT_FALSE(stands(years(-1), years(9)));
}

class WatchedClocks : public testing::Test {
protected:
    /// `minutes` after the first look by the steady clock, `leap` by the other one.
    void look(int minutes, Duration leap = Duration{0}, std::optional<bool> synchronised = true) {
        const Duration passed = std::chrono::minutes{minutes};
        const WallTime wall =
            WallTime{std::chrono::hours{480'000}} + std::chrono::duration_cast<WallTime::duration>(passed + leap);
        watch.see_clocks({wall, TimePoint{passed}, synchronised});
        watch.judge(node.current, wall, admin::Depth::brief);
    }
    bool stands(services::AlarmCode code, const std::string& key) { return node.board.stands(code, key); }
    FakeNode node;
    std::string host = node.node_file.node.name;
    admin::Watch watch{node};
};
TEST_F(WatchedClocks, LeapIsAnAlarmForAWhile) {
    look(0);
    look(1, std::chrono::seconds{2});
    EXPECT_FALSE(stands(clock_jumped, host));
    look(2, std::chrono::seconds{-3598});
    ASSERT_TRUE(stands(clock_jumped, host));
    EXPECT_EQ(node.board.standing().at(0).detail, "by 3600.0 s back");
    look(3, std::chrono::seconds{-3598});
    EXPECT_TRUE(stands(clock_jumped, host));
    look(63, std::chrono::seconds{-3598});
    EXPECT_FALSE(stands(clock_jumped, host));
}

TEST_F(WatchedClocks, ThatCannotBeRightAreAnAlarm) {
    look(0);
    EXPECT_FALSE(stands(clock_wrong, host));
    look(1, -std::chrono::hours{479'000});
    ASSERT_TRUE(stands(clock_wrong, host));
    EXPECT_EQ(node.board.standing().at(0).detail, "it says 1970-02-11");
    look(2, std::chrono::hours{24 * 365 * 60});
    EXPECT_TRUE(stands(clock_wrong, host));
    look(3);
    EXPECT_FALSE(stands(clock_wrong, host));
}

TEST_F(WatchedClocks, WithoutATimeServiceAreAnAlarmAfterAWhile) {
    look(0, {}, false);
    look(14, {}, false);
    EXPECT_FALSE(stands(clock_unsynchronised, host));
    look(15, {}, false);
    EXPECT_TRUE(stands(clock_unsynchronised, host));
    look(16);
    EXPECT_FALSE(stands(clock_unsynchronised, host));
    look(17, {}, std::nullopt);
    look(60, {}, std::nullopt);
    EXPECT_FALSE(stands(clock_unsynchronised, host)) << "the kernel does not tell";
}

TEST_F(WatchedClocks, OfLinkedNodesAreHeldAgainstOurs) {
    node.current.links = {core_link(), core_link()};
    const auto judge = [&] { watch.judge(node.current, node.loop().wall(), admin::Depth::whole); };
    judge();
    EXPECT_FALSE(stands(clock_skew, "core1-b-test"));
    EXPECT_EQ(text_at(node.ask("status").at("links").at(0), "clock_skew_seconds"), "null");
    node.current.links[1].clock_skew = std::chrono::milliseconds{-7250};
    judge();
    ASSERT_TRUE(stands(clock_skew, "core1-b-test"));
    const auto detail = [&] { return node.board.find(clock_skew, "core1-b-test")->detail; };
    EXPECT_EQ(detail(), "it is 7.2 s behind");
    EXPECT_EQ(text_at(node.ask("status").at("links").at(1), "clock_skew_seconds"), "-7.25");
    const auto told = boost::json::serialize(node.ask("check.link"));
    EXPECT_NE(told.find("the clock of core1-b-test differs from ours: it is 7.2 s behind"), std::string::npos) << told;
    node.current.links[1].clock_skew = std::chrono::milliseconds{-7950};
    node.current.alarms = node.board.standing();
    judge();
    EXPECT_EQ(detail(), "it is 7.2 s behind") << "that it moves a little is no news";
    node.current.links[1].clock_skew = std::chrono::milliseconds{250};
    judge();
    EXPECT_FALSE(stands(clock_skew, "core1-b-test"));
}

TEST(Watch, TellsOfACertificateThatWaitsForAReload) {
    FakeNode node;
    admin::Watch watch{node};
    const TestPki pki;
    const std::string file = pki.folder() + "/b.test.pem";
    const auto load = [&] {
        node.current.certificates = {
            {admin::CertificateUse::s2s, "b.test", file, *io::own_certificate(*pki.context({"b.test"}), "b.test")}};
    };
    const auto stands = [&] {
        watch.see_files(node.current.certificates);
        watch.judge(node.current, node.loop().wall(), admin::Depth::brief);
        return node.board.stands(certificate_replaced, "s2s b.test");
    };
    load();
    EXPECT_FALSE(stands());
    (void)pki.identity("b.test");
    EXPECT_TRUE(stands()) << "a new one is in its place";
    std::filesystem::remove(file);
    EXPECT_FALSE(stands()) << "nothing to reload";
    load();
    EXPECT_FALSE(stands());
}

}  // namespace
}  // namespace sallyport::test
