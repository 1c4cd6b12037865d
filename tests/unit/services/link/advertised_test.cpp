// What other shards are told that a shard's links lead to.
#include "services/link/advertised.h"

#include <gtest/gtest.h>

#include <thread>

namespace sallyport::link {
namespace {

TEST(Advertised, IsReplacedAsAWhole) {
    Advertised advertised;
    EXPECT_FALSE(advertised.serves("a.test"));
    advertised.replace({"a.test", "b.test"}, {{"core1", "x"}});
    EXPECT_TRUE(advertised.serves("b.test"));
    EXPECT_FALSE(advertised.serves("test"));
    EXPECT_TRUE(advertised.links({"core1", "x"}));
    EXPECT_FALSE(advertised.links({"core1", "y"})) << "another process of that node";
    EXPECT_FALSE(advertised.links({"core2", "x"}));
    advertised.replace({"c.test"}, {});
    EXPECT_FALSE(advertised.serves("a.test"));
    EXPECT_TRUE(advertised.serves("c.test"));
    EXPECT_FALSE(advertised.links({"core1", "x"}));
}

TEST(Advertised, IsAskedFromAnyThread) {
    Advertised advertised;
    advertised.replace({"a.test", "b.test"}, {{"core1", "x"}});
    bool always = true;
    std::thread asks{[&] {
        for (int n = 0; n < 1000; ++n)
            always = always && advertised.serves("a.test") && advertised.links({"core1", "x"});
    }};
    for (int n = 0; n < 1000; ++n) advertised.replace({"a.test", std::to_string(n)}, {{"core1", "x"}});
    asks.join();
    EXPECT_TRUE(always);
}

}  // namespace
}  // namespace sallyport::link
