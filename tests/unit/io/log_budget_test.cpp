// A flood leaves a handful of lines and a number, and hides nothing of others.
#include "io/log/log_budget.h"

#include <gtest/gtest.h>

#include "base/endpoint.h"
#include "support/sim_log.h"
#include "support/sim_world.h"

namespace sallyport::io {
namespace {

using std::chrono::seconds;

class LogBudgetTest : public testing::Test {
protected:
    void say(std::string_view event, const std::string& source, LogLevel level = LogLevel::warn) {
        Logger{budget, LogModule::s2s}.write_for(source, level, event, {{"remote", source}});
    }
    std::size_t lines(const std::string& event) { return sink.count(event); }

    test::SimWorld world;
    test::MemorySink sink;
    LogBudget budget{sink, world.loop(), {20, 100}};
};

TEST_F(LogBudgetTest, LetsWhatIsRareThrough) {
    for (int i = 0; i < 20; ++i) say("s2s.answer.dropped", "192.0.2.1");
    EXPECT_EQ(lines("s2s.answer.dropped"), 20U);
    world.advance(seconds{11});
    budget.settle();
    EXPECT_EQ(lines("log.repeated"), 0U);
    EXPECT_EQ(budget.table().entries, 0U);
}

TEST_F(LogBudgetTest, CountsTheRestOfAFlood) {
    for (int i = 0; i < 832; ++i) say("s2s.answer.dropped", "192.0.2.1");
    EXPECT_EQ(lines("s2s.answer.dropped"), 20U);
    say("s2s.answer.dropped", "192.0.2.2");
    say("s2s.refused", "192.0.2.1");
    EXPECT_EQ(lines("s2s.answer.dropped"), 21U) << "another address";
    EXPECT_EQ(lines("s2s.refused"), 1U) << "another event";
    world.advance(seconds{10});
    budget.settle();
    EXPECT_EQ(lines("log.repeated"), 1U);
    EXPECT_EQ(sink.last("log.repeated", "more"), "812");
    EXPECT_EQ(sink.last("log.repeated", "of"), "s2s.answer.dropped");
    EXPECT_EQ(sink.last("log.repeated", "from"), "192.0.2.1");
    EXPECT_EQ(sink.last("log.repeated", "seconds"), "10");
}

TEST_F(LogBudgetTest, ALastingFloodLeavesTwoLinesInTenSeconds) {
    for (int second = 0; second < 3600; ++second) {
        for (int i = 0; i < 100; ++i) say("s2s.answer.dropped", "192.0.2.1");
        world.advance(seconds{1});
    }
    EXPECT_LE(lines("s2s.answer.dropped") + lines("log.repeated"), 20U + 2U * 361U);
    EXPECT_GE(lines("log.repeated"), 355U);
    world.advance(seconds{20});
    budget.settle();
    world.advance(seconds{20});
    budget.settle();
    EXPECT_EQ(budget.table().entries, 0U);
    const std::size_t before = lines("s2s.answer.dropped");
    for (int i = 0; i < 20; ++i) say("s2s.answer.dropped", "192.0.2.1");
    EXPECT_EQ(lines("s2s.answer.dropped"), before + 20) << "who was calm has the whole budget again";
}

TEST_F(LogBudgetTest, BoundsAFloodFromManyAddresses) {
    for (unsigned i = 0; i < 100'000; ++i) {
        say("s2s.answer.dropped", IpAddress::v4(0x0A000000U + i).text());
        ASSERT_LE(budget.table().entries, budget.table().bound);
    }
    EXPECT_EQ(lines("s2s.answer.dropped"), 20U * LogBudget::all_share);
    world.advance(seconds{10});
    budget.settle();
    EXPECT_EQ(sink.last("log.repeated", "from"), "many addresses");
    EXPECT_EQ(sink.last("log.repeated", "more"), std::to_string(100'000 - 20 * LogBudget::all_share));
}

TEST_F(LogBudgetTest, LeavesWhatIsOursAndDetailsAlone) {
    for (int i = 0; i < 1000; ++i) {
        Logger{budget, LogModule::link}.warn("link.down", {});
        say("s2s.detail", "192.0.2.1", LogLevel::debug);
    }
    EXPECT_EQ(lines("link.down"), 1000U);
    EXPECT_EQ(lines("s2s.detail"), 1000U);
}

TEST(LogSource, CountsOneIpv6SubscriberAsOne) {
    EXPECT_EQ(log_source(*IpAddress::parse("192.0.2.1")), "192.0.2.1");
    EXPECT_EQ(log_source(*IpAddress::parse("2001:db8:1:2:3::4")), "2001:db8:1:2::/64");
}

}  // namespace
}  // namespace sallyport::io
