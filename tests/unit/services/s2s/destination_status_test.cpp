// The destinations of several shards, seen as one.
#include <gtest/gtest.h>

#include <optional>

#include "services/s2s/context.h"

namespace sallyport::s2s {
namespace {

TimePoint at(int seconds) { return TimePoint{std::chrono::seconds{seconds}}; }

DestinationStatus destination(const char* remote, std::optional<TimePoint> success, std::optional<TimePoint> failure) {
    DestinationStatus one;
    one.pair = {*xmpp::Domain::parse("corp.example"), *xmpp::Domain::parse(remote)};
    one.worked_at = success;
    one.failed_at = failure;
    one.phase = failure > success ? PairPhase::waiting : PairPhase::ready;
    if (failure > success) {
        one.failures = 2;
        one.failure = xmpp::Failure{.stage = Stage::stream, .why = "connection lost"};
        one.next_retry = std::chrono::seconds{3};
    }
    return one;
}

TEST(DestinationsOfShards, ForgetAFailureThatAnotherShardHasOvertaken) {
    std::vector<DestinationStatus> all{destination("a.example", at(1), at(5)),
                                       destination("a.example", at(9), std::nullopt),
                                       destination("b.example", at(9), std::nullopt)};
    forget_overtaken(all);
    EXPECT_EQ(all[0].phase, PairPhase::idle);
    EXPECT_EQ(all[0].failures, 0U);
    EXPECT_FALSE(all[0].failure);
    EXPECT_EQ(all[0].next_retry, Duration{0});
    EXPECT_EQ(all[1].phase, PairPhase::ready);
}

TEST(DestinationsOfShards, AreComparedWithoutTheClockThatMayBeSet) {
    std::vector<DestinationStatus> all{destination("a.example", at(1), at(5)),
                                       destination("a.example", at(3), std::nullopt)};
    all[0].last_failure = WallTime{std::chrono::hours{1}};
    all[1].last_success = WallTime{std::chrono::hours{2}};
    forget_overtaken(all);
    EXPECT_EQ(all[0].failures, 2U) << "the clock was set back";
}

TEST(DestinationsOfShards, KeepWhatFailedLast) {
    std::vector<DestinationStatus> all{destination("a.example", at(1), at(5)),
                                       destination("a.example", at(3), std::nullopt),
                                       destination("b.example", at(9), std::nullopt)};
    forget_overtaken(all);
    EXPECT_EQ(all[0].phase, PairPhase::waiting);
    EXPECT_EQ(all[0].failures, 2U);
    ASSERT_TRUE(all[0].failure);
    EXPECT_EQ(all[0].failure->why, "connection lost");
}

}  // namespace
}  // namespace sallyport::s2s
