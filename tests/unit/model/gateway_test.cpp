#include "model/route/gateway.h"

#include <gtest/gtest.h>

#include <map>

namespace sallyport {
namespace {

TEST(Gateway, FindsTheLongestRealmThatAComponentEndsIn) {
    const std::vector<std::string> realms{"com", "edge1-coluc-com", "1-coluc-com", "b.edge1-coluc-com"};
    EXPECT_EQ(route::realm_of("cm-2_s2scp-1.edge1-coluc-com", realms), "edge1-coluc-com");
    EXPECT_EQ(route::realm_of("cm-2_s2scp-1.b.edge1-coluc-com", realms), "b.edge1-coluc-com");
    EXPECT_EQ(route::realm_of("edge1-coluc-com", realms), "edge1-coluc-com");
    EXPECT_EQ(route::realm_of("CM-2_S2SCP-1.Edge1-Coluc-COM", realms), "edge1-coluc-com");
    EXPECT_EQ(route::realm_of("cm-2_s2scp-1.edge2-coluc-com", realms), "") << "a realm is no part of a name";
    EXPECT_EQ(route::realm_of("", {""}), "");
    EXPECT_EQ(route::s2s_component_of("edge1-coluc-com"), "cm-2_s2scp-1.edge1-coluc-com");
}

TEST(Gateway, CountsEachReachedRealmOnce) {
    const std::vector<std::string> components{"cm-2_s2scp-1.e2", "cm-2_s2scp-1.e1", "other.e2", "cm-2_s2scp-1.e3"};
    EXPECT_EQ(route::gateways(components, {"e1", "e2", "e9"}), (std::vector<std::string>{"e1", "e2"}));
    EXPECT_TRUE(route::gateways(components, {}).empty());
}

TEST(Gateway, KeepsAPairWhileItsGatewayIsThereAndSpreadsPairs) {
    const std::vector<std::string> three{"e1", "e2", "e3"}, two{"e1", "e3"};
    std::map<std::string, int> load;
    for (int n = 0; n < 3000; ++n) {
        const std::string remote = "peer" + std::to_string(n) + ".test";
        const std::string chosen{route::choose_gateway("a.test", remote, three)};
        ++load[chosen];
        const std::string_view without{route::choose_gateway("a.test", remote, two)};
        EXPECT_TRUE(chosen == "e2" || without == chosen) << "only pairs of e2 move";
        EXPECT_EQ(route::choose_gateway("a.test", remote, three), chosen);
    }
    for (const std::string& gateway : three) EXPECT_GT(load[gateway], 800) << gateway;
    EXPECT_EQ(route::choose_gateway("a.test", "b.test", {}), "");
    EXPECT_EQ(route::choose_gateway("a.test", "b.test", {"e1"}), "e1");
}

}  // namespace
}  // namespace sallyport
