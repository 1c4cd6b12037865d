// Alarms that stand and fall, and the page that lists them.
#include "services/alarms/alarm_board.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "support/sim_log.h"

namespace sallyport::services {
namespace {

using enum AlarmCode;

class SettableClock final : public Clock {
public:
    [[nodiscard]] TimePoint now() const override { return TimePoint{std::chrono::seconds{second}}; }
    [[nodiscard]] WallTime wall() const override { return WallTime{std::chrono::seconds{second}}; }
    int second = 1000;
};

class Board : public testing::Test {
protected:
    SettableClock clock;
    test::MemorySink log;
    AlarmBoard board{clock, Logger{log, LogModule::node}};
};

TEST_F(Board, CountsWhatIsRaisedAgainAndLogsOnlyNews) {
    board.raise(ssh_down, "10.20.0.10:2222", "no answer");
    clock.second = 1005;
    board.raise(ssh_down, "10.20.0.10:2222", "no answer");
    const auto standing = board.standing();
    ASSERT_EQ(standing.size(), 1u);
    EXPECT_EQ(standing[0].count, 2u);
    EXPECT_EQ(standing[0].first, WallTime{std::chrono::seconds{1000}});
    EXPECT_EQ(standing[0].last, WallTime{std::chrono::seconds{1005}});
    EXPECT_EQ(standing[0].text(), "the provisioning connection to 10.20.0.10:2222 is down");
    EXPECT_EQ(log.count("alarm.raised"), 1u);
    board.raise(ssh_down, "10.20.0.10:2222", "refused");
    EXPECT_EQ(log.count("alarm.raised"), 2u);
    EXPECT_EQ(log.last("alarm.raised", "why"), "refused");
}

TEST_F(Board, KeepsTheWordsThatAnAlarmHasOfItsOwn) {
    board.raise(ssh_down, "a", "no answer");
    clock.second = 1001;
    board.raise(router_restart, "core1: x", "why", {AlarmSeverity::error, "an alarm of core1", "go there", "core1"});
    const Alarm alarm = board.standing().at(0);
    EXPECT_EQ(alarm.code, router_restart) << "the gravest first, by its own severity";
    EXPECT_EQ(alarm.sentence(), "an alarm of core1: why");
    EXPECT_EQ(alarm.cure(), "go there");
    EXPECT_EQ(alarm.words.node, "core1");
    EXPECT_EQ(log.last("alarm.raised", "cure"), "go there");
    board.raise_once(router_restart, "core1: x", "why",
                     {AlarmSeverity::error, "an alarm of core1", "go there", "core1"});
    EXPECT_EQ(log.count("alarm.raised"), 2u);
    board.raise_once(router_restart, "core1: x", "why");
    EXPECT_EQ(log.count("alarm.raised"), 3u) << "other words are news";
    EXPECT_EQ(board.find(router_restart, "core1: x")->severity(), AlarmSeverity::warning) << "that of its row again";
}

TEST_F(Board, TellsOfEachChange) {
    int changes = 0;
    board.on_changed([&] { ++changes; });
    board.raise(ssh_down, "a", "no answer");
    board.raise(ssh_down, "a", "no answer");
    EXPECT_EQ(changes, 1) << "that it is raised again is none";
    board.raise(ssh_down, "a", "refused");
    board.lower(ssh_down, "a");
    board.lower(ssh_down, "a");
    EXPECT_EQ(changes, 3);
}

Alarm acknowledged_before(AlarmCode code, const std::string& key) {
    Alarm alarm;
    alarm.code = code;
    alarm.key = key;
    alarm.count = 7;
    alarm.first = WallTime{std::chrono::seconds{500}};
    alarm.acknowledged = WallTime{std::chrono::seconds{600}};
    alarm.acknowledged_by = "anna";
    alarm.note = "ordered";
    return alarm;
}

TEST_F(Board, TakesOverWhoKnewOfAnAlarmBeforeTheStart) {
    std::vector<std::string> forgotten, kept;
    board.raise(axl_down, "imp1.test", "no answer");
    board.remember({acknowledged_before(ssh_down, "a"), acknowledged_before(ssh_down, "b"),
                    acknowledged_before(axl_down, "imp1.test")},
                   {[&](const Alarm& alarm) { kept.push_back(alarm.key); },
                    [&](const Alarm& alarm) { forgotten.push_back(alarm.key); }});
    EXPECT_EQ(board.standing().at(0).acknowledged_by, "anna") << "it was raised before the store could be read";
    clock.second += 60;
    board.raise(ssh_down, "a", "no answer");
    ASSERT_EQ(board.standing().size(), 2u);
    const Alarm alarm = board.standing().at(0);
    EXPECT_EQ(alarm.key, "a");
    EXPECT_EQ(alarm.acknowledged_by, "anna");
    EXPECT_EQ(alarm.note, "ordered");
    EXPECT_EQ(alarm.acknowledged, WallTime{std::chrono::seconds{600}});
    EXPECT_EQ(alarm.first, WallTime{std::chrono::seconds{500}});
    EXPECT_EQ(alarm.count, 8u);
    board.lower(ssh_down, "a");
    EXPECT_EQ(forgotten, std::vector<std::string>{"a"});
    clock.second += 3600;
    board.settle();
    EXPECT_EQ(forgotten, (std::vector<std::string>{"a", "b"})) << "nobody raised it again: its cause is gone";
    board.raise(ssh_down, "b", "no answer");
    const auto anew = board.standing();
    const auto b = std::find_if(anew.begin(), anew.end(), [](const Alarm& one) { return one.key == "b"; });
    ASSERT_NE(b, anew.end());
    EXPECT_EQ(b->acknowledged_by, "") << "another occurrence";
    ASSERT_TRUE(board.acknowledge(b->number, "otto", ""));
    EXPECT_EQ(kept, std::vector<std::string>{"b"});
}

TEST_F(Board, RemembersWhatWasLowered) {
    board.raise(ssh_down, "a", "x");
    board.raise(ssh_down, "b", "x");
    clock.second = 1010;
    board.lower(ssh_down, "a");
    board.lower(ssh_down, "a");
    EXPECT_FALSE(board.stands(ssh_down, "a"));
    EXPECT_TRUE(board.stands(ssh_down, "b"));
    ASSERT_EQ(board.lowered().size(), 1u);
    EXPECT_EQ(board.lowered()[0].lowered, WallTime{std::chrono::seconds{1010}});
    EXPECT_EQ(log.count("alarm.lowered"), 1u);
    board.raise(ssh_down, "a", "x");
    EXPECT_EQ(board.standing().back().count, 1u) << "a new occurrence counts anew";
}

TEST_F(Board, NamesTheGravestFirst) {
    board.raise(ssh_down, "a", "");
    clock.second = 1001;
    board.raise(ssh_host_key, "a", "");
    clock.second = 999;
    board.raise(replication_differs, "a", "");
    std::vector<AlarmCode> order;
    for (const Alarm& alarm : board.standing()) order.push_back(alarm.code);
    EXPECT_EQ(order, (std::vector{ssh_host_key, replication_differs, ssh_down}));
}

TEST_F(Board, HoldsABoundedNumberAndSaysSo) {
    for (std::size_t i = 0; i < AlarmBoard::most_standing + 10; ++i) board.raise(ssh_down, std::to_string(i), "x");
    EXPECT_EQ(board.standing().size(), AlarmBoard::most_standing + 1);
    EXPECT_TRUE(board.stands(alarms_full, ""));
    for (std::size_t i = 0; i < AlarmBoard::most_standing; ++i) board.lower(ssh_down, std::to_string(i));
    EXPECT_TRUE(board.standing().empty());
    EXPECT_EQ(board.lowered().size(), AlarmBoard::most_lowered);
    board.raise(ssh_down, "long", std::string(10'000, 'd'));
    EXPECT_EQ(board.standing()[0].detail.size(), AlarmBoard::longest_detail);
}

TEST_F(Board, RemembersWhoKnowsOfAnAlarmUntilItIsLowered) {
    board.raise(ssh_down, "a", "x");
    const std::uint64_t number = board.standing()[0].number;
    EXPECT_EQ(board.acknowledge(number + 1, "anna", "").error().code, "alarm-unknown");
    ASSERT_TRUE(board.acknowledge(number, "anna", std::string(500, 'n')));
    board.raise(ssh_down, "a", "y");
    EXPECT_EQ(board.standing()[0].acknowledged_by, "anna");
    EXPECT_EQ(board.standing()[0].note.size(), AlarmBoard::longest_note);
    EXPECT_EQ(log.last("alarm.acknowledged", "author"), "anna");
    board.lower(ssh_down, "a");
    board.raise(ssh_down, "a", "x");
    EXPECT_EQ(board.standing()[0].acknowledged_by, "");
    EXPECT_GT(board.standing()[0].number, number);
}

TEST_F(Board, LowersWhatIsNotFoundAnyMore) {
    board.raise(certificate_expired, "a", "");
    board.raise(certificate_expired, "b", "");
    board.raise(link_down, "c", "");
    board.lower_others(certificate_expired, {"b"});
    EXPECT_FALSE(board.stands(certificate_expired, "a"));
    EXPECT_TRUE(board.stands(certificate_expired, "b"));
    EXPECT_TRUE(board.stands(link_down, "c"));
}

TEST_F(Board, TheCureNamesTheThing) {
    board.raise(log_verbose, "dns", "");
    EXPECT_NE(board.standing()[0].cure().find("`log level dns info`"), std::string::npos);
    EXPECT_EQ(board.standing()[0].cure().find("{key}"), std::string::npos);
}

TEST(AlarmTable, IsInTheManualAndHasACureForEverything) {
    std::ifstream page{SALLYPORT_SOURCE_DIR "/docs/manual/alarms.md"};
    std::stringstream text;
    text << page.rdbuf();
    for (const AlarmRow& row : alarm_rows()) {
        EXPECT_NE(text.str().find("| `" + std::string{row.name} + "` | " + std::string{services::text(row.severity)}),
                  std::string::npos)
            << row.name;
        EXPECT_FALSE(row.cure.empty()) << row.name;
    }
}

}  // namespace
}  // namespace sallyport::services
