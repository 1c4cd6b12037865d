// What a core says of the router of a presence node, and when it says that messages are returned.
#include "services/provision/router_step.h"

#include <gtest/gtest.h>

namespace sallyport::provision {
namespace {

using Rows = std::vector<std::string>;

const std::string one_edge = "cm-2_s2scp-1.edge1-b-test", other_edge = "cm-2_s2scp-1.edge2-b-test";

ChainStep step_with(const Rows& wanted, const std::optional<Rows>& loaded) {
    return router_step("imp1.b.test", wanted, loaded);
}

TEST(RouterStep, IsInForceWhenTheRouterHasEveryRow) {
    EXPECT_EQ(step_with({one_edge}, Rows{one_edge}).state, StepState::in_force);
    EXPECT_EQ(step_with({one_edge}, Rows{one_edge, "another"}).state, StepState::in_force);
    EXPECT_EQ(step_with({}, Rows{}).state, StepState::off);
    EXPECT_EQ(step_with({one_edge}, std::nullopt).state, StepState::pending) << "nobody knows";
}

TEST(RouterStep, SaysThatMessagesAreReturnedOnlyWhenTheRouterHasNothing) {
    const ChainStep nothing = step_with({one_edge, other_edge}, Rows{});
    EXPECT_EQ(nothing.state, StepState::failed);
    EXPECT_NE(nothing.reason.why.find("has not loaded " + one_edge + ", " + other_edge + ": " + std::string{one_way}),
              std::string::npos)
        << nothing.reason.why;
    EXPECT_NE(nothing.reason.remedy.find("restart router"), std::string::npos);
    const ChainStep some = step_with({one_edge, other_edge}, Rows{one_edge});
    EXPECT_EQ(some.state, StepState::failed);
    EXPECT_EQ(some.reason.why, "its router has not loaded " + other_edge + "; it works with " + one_edge)
        << "so some leave";
    EXPECT_EQ(step_with({one_edge}, Rows{other_edge}).reason.why.find("returned"), std::string::npos)
        << "they leave over other_edge";
}

}  // namespace
}  // namespace sallyport::provision
