// The plan: what is missing comes, what is ours and not wanted goes, what is others' stays.
#include "model/provision/plan.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sallyport::provision {
namespace {

using Ids = std::vector<std::string>;

TEST(Plan, OnlyEdgesThatFederateAreWanted) {
    EXPECT_EQ(desired_rows({{"edge2", "cm-2_s2scp-1.edge2", true},
                            {"edge1", "cm-2_s2scp-1.edge1", true},
                            {"edge3", "cm-2_s2scp-1.edge3", false},
                            {"edge1 again", "cm-2_s2scp-1.edge1", true}}),
              (Ids{"cm-2_s2scp-1.edge1", "cm-2_s2scp-1.edge2"}));
    EXPECT_EQ(desired_rows({}), Ids{});
}

TEST(Plan, AddsWhatIsMissing) { EXPECT_EQ(plan_rows({"a", "b"}, {"b", "x"}, {}), (Plan{{"a"}, {}})); }

TEST(Plan, RemovesOnlyWhatIsOurs) {
    EXPECT_EQ(plan_rows({}, {"a", "b", "x"}, {"a", "b", "c"}), (Plan{{}, {"a", "b"}}));
    EXPECT_EQ(plan_rows({"b"}, {"a", "b", "x"}, {"a", "b"}), (Plan{{}, {"a"}}));
    EXPECT_EQ(plan_rows({}, {"x", "y"}, {}), Plan{});
}

TEST(Plan, NothingToDoIsEmpty) {
    EXPECT_TRUE(plan_rows({"a"}, {"a", "x"}, {"a"}).empty());
    EXPECT_TRUE(plan_rows({}, {}, {"a"}).empty());
}

TEST(Plan, AppliedItLeavesNothingToDo) {
    // Every combination of three ids being wanted, there, and ours.
    const Ids names = {"a", "b", "c"};
    const auto chosen = [&](unsigned bits) {
        Ids ids;
        for (unsigned i = 0; i < 3; ++i) {
            if ((bits >> i & 1U) != 0) ids.push_back(names[i]);
        }
        return ids;
    };
    for (unsigned desired = 0; desired < 8; ++desired) {
        for (unsigned observed = 0; observed < 8; ++observed) {
            for (unsigned ours = 0; ours < 8; ++ours) {
                const Plan plan = plan_rows(chosen(desired), chosen(observed), chosen(ours));
                Ids after = chosen(observed);
                for (const std::string& id : plan.remove) std::erase(after, id);
                after.insert(after.end(), plan.add.begin(), plan.add.end());
                EXPECT_TRUE(plan_rows(chosen(desired), after, chosen(ours)).empty());
                for (unsigned i = 0; i < 3; ++i) {
                    const bool others = (observed >> i & 1U) != 0 && (ours >> i & 1U) == 0;
                    if (others) {
                        EXPECT_EQ(std::count(after.begin(), after.end(), names[i]), 1);
                    }
                }
            }
        }
    }
}

}  // namespace
}  // namespace sallyport::provision
