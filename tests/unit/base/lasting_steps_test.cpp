// Steps that settle by themselves, and steps that do not.
#include "base/lasting_steps.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

using namespace std::chrono_literals;

ChainStep one(StepState state) { return {"loaded", state, {"messages are returned", "restart it"}}; }

TEST(LastingSteps, AreFailedOnlyWhenTheyHaveFailedForAWhile) {
    LastingSteps steps;
    const TimePoint start{1h};
    const auto now = [&](Duration after, StepState state = StepState::failed) {
        return steps.judge({one(state)}, start + after).front();
    };
    EXPECT_EQ(now(0s).state, StepState::pending);
    EXPECT_EQ(now(1900ms).state, StepState::pending);
    EXPECT_EQ(now(1900ms).reason.text().find("returned"), std::string::npos) << "nothing follows from it yet";
    EXPECT_EQ(now(2s), one(StepState::failed));
    EXPECT_EQ(now(3s, StepState::in_force), one(StepState::in_force));
    EXPECT_EQ(now(4s).state, StepState::pending) << "it failed anew";
    EXPECT_EQ(steps.judge({}, start + 5s), std::vector<ChainStep>{});
    EXPECT_EQ(now(13s).state, StepState::pending) << "it was away meanwhile";
}

TEST(LastingSteps, AreJudgedEachByItself) {
    LastingSteps steps;
    const ChainStep other{"told", StepState::failed, {"401"}};
    (void)steps.judge({one(StepState::failed)}, TimePoint{10s});
    const auto both = steps.judge({one(StepState::failed), other}, TimePoint{15s});
    EXPECT_EQ(both[0].state, StepState::failed);
    EXPECT_EQ(both[1].state, StepState::pending);
}

}  // namespace
}  // namespace sallyport
