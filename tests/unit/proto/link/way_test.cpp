#include "proto/link/way.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace sallyport::test {
namespace {

using link::Way;

const link::Names names{{"b.test"}, {"edge1-b-test"}};

TEST(LinkWay, LeadsOverWhoServesTheDomainOrReachesTheRealm) {
    EXPECT_TRUE((Way{}.allows("core-test", names)));
    EXPECT_TRUE((Way{Way::By::domain, "b.test"}.allows("core-test", names)));
    EXPECT_FALSE((Way{Way::By::domain, "c.test"}.allows("core-test", names)));
    EXPECT_FALSE((Way{Way::By::domain, "edge1-b-test"}.allows("core-test", names)));
    EXPECT_TRUE((Way{Way::By::realm, "edge1-b-test"}.allows("core-test", names)));
    EXPECT_FALSE((Way{Way::By::realm, "b.test"}.allows("core-test", names)));
    EXPECT_TRUE((Way{Way::By::far, "core-test"}.allows("core-test", names)));
    EXPECT_FALSE((Way{Way::By::far, "edge1-b-test"}.allows("core-test", names)));
    EXPECT_FALSE((Way{Way::By::none, {}}.allows("core-test", names)));
}

TEST(LinkWay, HangsOnNamesWhereTheFarSideSaysThem) {
    EXPECT_TRUE((Way{Way::By::domain, "b.test"}.hangs_on_names()));
    EXPECT_TRUE((Way{Way::By::realm, "b-test"}.hangs_on_names()));
    EXPECT_FALSE(Way{}.hangs_on_names());
    EXPECT_FALSE((Way{Way::By::far, "b-test"}.hangs_on_names()));
    EXPECT_FALSE((Way{Way::By::none, {}}.hangs_on_names()));
}

TEST(LinkWay, PrefersANodeThatIsThereToAnyThatIsAway) {
    for (int n = 0; n < 100; ++n) {
        const std::string domain = "d" + std::to_string(n) + ".test";
        EXPECT_GT(link::weight_for("a.test", domain, "0-one", true),
                  link::weight_for("a.test", domain, "0-two", false));
    }
}

TEST(LinkWay, KeepsAPairOfDomainsToItsSessionAndSpreadsThePairs) {
    std::map<std::string, int> pairs;
    for (int n = 0; n < 3000; ++n) {
        const std::string domain = "d" + std::to_string(n) + ".test";
        const auto best = [&](const std::vector<std::string>& sessions) {
            std::string chosen;
            std::uint64_t most = 0;
            for (const std::string& session : sessions) {
                const std::uint64_t weight = link::weight_for("a.test", domain, session, true);
                if (weight <= most) continue;
                most = weight;
                chosen = session;
            }
            return chosen;
        };
        const std::string chosen = best({"0-one", "0-two", "1-three"});
        ++pairs[chosen];
        // Another session more or less moves no pair but its own.
        if (chosen != "1-three") {
            EXPECT_EQ(best({"0-two", "0-one"}), chosen);
        }
    }
    ASSERT_EQ(pairs.size(), 3U);
    for (const auto& [session, count] : pairs) EXPECT_NEAR(count, 1000, 150) << session;
}

}  // namespace
}  // namespace sallyport::test
