// Roles by name, and realms.
#include "base/role.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(Role, IsFoundByItsName) {
    for (const RoleRow& row : role_rows) {
        EXPECT_EQ(text(row.role), row.name);
        EXPECT_EQ(find_role(row.name), row.role);
    }
    for (const char* other : {"", "Edge", "edges", "gateway"}) EXPECT_EQ(find_role(other), std::nullopt) << other;
}

TEST(Realm, IsTheNameWithoutDots) {
    EXPECT_EQ(realm_of("edge1.b.test"), "edge1-b-test");
    EXPECT_EQ(realm_of("edge-1"), "edge-1");
}

}  // namespace
}  // namespace sallyport
