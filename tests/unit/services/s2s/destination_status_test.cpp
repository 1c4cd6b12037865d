// The destinations of several shards, seen as one.
#include <gtest/gtest.h>

#include "services/s2s/context.h"

namespace sallyport::s2s {
namespace {

WallTime at(int seconds) { return WallTime{std::chrono::seconds{1'800'000'000 + seconds}}; }

DestinationStatus destination(const char* remote, WallTime success, WallTime failure) {
    DestinationStatus one;
    one.pair = {*xmpp::Domain::parse("corp.example"), *xmpp::Domain::parse(remote)};
    one.last_success = success;
    one.last_failure = failure;
    one.phase = failure > success ? PairPhase::waiting : PairPhase::ready;
    if (failure > success) {
        one.failures = 2;
        one.failure = xmpp::Failure{.stage = Stage::stream, .why = "connection lost"};
        one.next_retry = std::chrono::seconds{3};
    }
    return one;
}

TEST(DestinationsOfShards, ForgetAFailureThatAnotherShardHasOvertaken) {
    std::vector<DestinationStatus> all{destination("a.example", at(1), at(5)), destination("a.example", at(9), {}),
                                       destination("b.example", at(9), {})};
    forget_overtaken(all);
    EXPECT_EQ(all[0].phase, PairPhase::idle);
    EXPECT_EQ(all[0].failures, 0U);
    EXPECT_FALSE(all[0].failure);
    EXPECT_EQ(all[0].next_retry, Duration{0});
    EXPECT_EQ(all[1].phase, PairPhase::ready);
}

TEST(DestinationsOfShards, KeepWhatFailedLast) {
    std::vector<DestinationStatus> all{destination("a.example", at(1), at(5)), destination("a.example", at(3), {}),
                                       destination("b.example", at(9), {})};
    forget_overtaken(all);
    EXPECT_EQ(all[0].phase, PairPhase::waiting);
    EXPECT_EQ(all[0].failures, 2U);
    ASSERT_TRUE(all[0].failure);
    EXPECT_EQ(all[0].failure->why, "connection lost");
}

}  // namespace
}  // namespace sallyport::s2s
