// The names of steps, and reading them back.
#include "base/chain_step.h"

#include <gtest/gtest.h>

#include <set>

namespace sallyport {
namespace {

TEST(ChainStep, ANameIsReadAsTheStepThatItWasMadeFor) {
    std::set<std::string_view> names;
    for (const StepRow& row : step_rows()) {
        EXPECT_TRUE(names.insert(row.name).second) << row.name;
        const bool is_about = row.text.find("{about}") != std::string_view::npos;
        const std::string made = step_name(row.kind, "core1.b.test");
        EXPECT_EQ(made.find('{'), std::string::npos) << made;
        const auto read = read_step(made);
        ASSERT_TRUE(read) << made;
        EXPECT_EQ(read->row->name, row.name) << made;
        EXPECT_EQ(read->about, is_about ? "core1.b.test" : "") << made;
    }
}

TEST(ChainStep, ANameOfAnotherReleaseIsNone) {
    EXPECT_FALSE(read_step("something new on core1.b.test"));
    EXPECT_FALSE(read_step("loaded by the router "));
    EXPECT_FALSE(read_step(""));
}

TEST(ChainStep, NodesKnowStepsByTheNamesTheyAlwaysHad) {
    EXPECT_EQ(step_name(StepKind::received_on, "core1.b.test"), "settings received on core1.b.test");
    EXPECT_EQ(step_name(StepKind::told_server, "imp1.b.test:8443"), "told to the IM&P server imp1.b.test:8443");
    EXPECT_EQ(step_name(StepKind::loaded), "loaded by the router");
}

}  // namespace
}  // namespace sallyport
