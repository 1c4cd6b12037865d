// What somebody from outside, or one user, can make an edge write to its log: each has a budget (threat T81).
#include <gtest/gtest.h>

#include <algorithm>

#include "support/raw_partner.h"
#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;

TEST(LogOfTheEdge, IsNotFilledByAPartnerThatAsksAllTheTime) {
    Federation f;
    f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
    ASSERT_TRUE(f.start());
    RawPartner c{f.world, f.dns, "c.test", "198.51.100.9"};
    RawStream& stream = c.open(f.a.edge_public, "a.test");
    ASSERT_TRUE(f.world.run_until([&] { return stream.ready(); }));
    f.world.advance(1s);
    f.a.edge_log.forget();
    for (int n = 0; n < 500; ++n) stream.say("<db:verify from='c.test' to='a.test' id='x'>00</db:verify>");
    f.world.advance(5s);
    EXPECT_LT(f.a.edge_log.without_source().size(), 100U);
}

TEST(LogOfTheEdge, IsNotFilledByAUserWhoWritesToADeniedDomain) {
    Federation f;
    f.a.settings.deny_list = {*config::NamePattern::parse("denied.test")};
    ASSERT_TRUE(f.start());
    f.a.edge_log.forget();
    for (int n = 0; n < 500; ++n) f.a.user().message("romeo@a.test", "u@denied.test", std::to_string(n));
    f.world.advance(5s);
    EXPECT_LT(f.a.edge_log.without_source().size(), 100U);
}

TEST(LogOfTheEdge, IsNotFilledByAUserWhoInventsDomains) {
    Federation f;
    ASSERT_TRUE(f.start());
    f.a.edge_log.forget();
    for (int n = 0; n < 400; ++n) f.a.user().message("romeo@a.test", "u@n" + std::to_string(n) + ".test", "m");
    f.world.advance(5s);
    EXPECT_LT(f.a.edge_log.without_source().size(), 100U);
}

}  // namespace
}  // namespace sallyport::test
