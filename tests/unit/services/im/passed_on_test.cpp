// What the service lets out, the next hop takes; what was passed on to it, it takes, however tight its own limits are.
#include <gtest/gtest.h>

#include "proto/xmpp/namespaces.h"
#include "unit/services/im/im_world.h"

namespace sallyport::test {
namespace {

TEST(ImPassedOn, WhatAClientSaysAndWouldGrowTooLongComesBack) {
    Limits limits = open_profile({});
    limits.after_auth.element_bytes = unlimited;
    limits.client_bytes_per_second = limits.client_burst_bytes = std::uint64_t{64} << 20;
    ImWorld world{limits};
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    juliet.say("<message to='nurse@other.example' id='1' type='chat'><body><![CDATA[" +
               std::string(passed_on_bytes / 5 + 1000, '&') + "]]></body></message>");
    EXPECT_EQ(condition_of(juliet.next("message", "error")), "policy-violation");
    EXPECT_FALSE(world.left());
    juliet.say("<message to='nurse@other.example' id='2' type='chat'><body>short</body></message>");
    world.settle();
    const auto left = world.left();
    ASSERT_TRUE(left) << "the client's stream goes on";
    EXPECT_EQ(left->attribute("id"), "2");
}

TEST(ImPassedOn, WhatOthersLetInIsDelivered) {
    ImWorld world;
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    const XmlLimits& own = Limits{}.after_auth;
    std::string attributes, depth, ends;
    for (std::size_t i = 0; i < own.attributes; ++i) attributes += " a" + std::to_string(i) + "=''";
    for (std::size_t i = 0; i < own.depth + 1; ++i) {
        depth += "<x>";
        ends += "</x>";
    }
    for (const std::string& content :
         {"<x" + attributes + " b=''/>", "<x a='" + std::string(own.attribute_bytes + 1, 'x') + "'/>", depth + ends}) {
        world.from_outside(
            "<message from='nurse@other.example/x' to='juliet@corp.example' id='m' type='chat'><body>hi</body>" +
            content + "</message>");
        const auto got = juliet.next("message");
        ASSERT_TRUE(got) << content.substr(0, 60);
        EXPECT_EQ(got->attribute("id"), "m");
    }
}

}  // namespace
}  // namespace sallyport::test
