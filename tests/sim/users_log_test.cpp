// What strangers and whoever writes to users can have a presence node log: it draws on a budget (threat T81).
#include <gtest/gtest.h>

#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;

class LogOfAPresenceNode : public testing::Test {
protected:
    void SetUp() override {
        f.a.limits.offline_stanzas = 5;
        f.a.keep_users({"juliet"});
        ASSERT_TRUE(f.start()) << f.logs();
        f.a.presence_log.forget();
    }
    Federation f{1, true};
};

TEST_F(LogOfAPresenceNode, IsNotFilledByStrangersWhoFailToLogIn) {
    SimNetwork host{f.world, {"198.51.100.77"}};
    for (int n = 0; n < 60; ++n) {
        SimClient stranger{f.world,       host,     {*IpAddress::parse(f.a.presence_address), 5222},
                           "chat.a.test", "juliet", "guess"};
        (void)stranger.login();
    }
    for (int n = 0; n < 60; ++n) {
        SimClient stranger{f.world,       host,     {*IpAddress::parse(f.a.presence_address), 5222},
                           "chat.a.test", "juliet", "guess"};
        stranger.connect();
        stranger.say(
            "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
            "to='chat.a.test' version='1.0'><message/>");
        f.world.advance(1s);
    }
    EXPECT_GT(f.a.presence_log.count("c2s.login.failed"), 0U);
    EXPECT_EQ(f.a.presence_log.without_source(), std::vector<std::string>{});
}

TEST_F(LogOfAPresenceNode, IsNotFilledByThoseWhoWriteToAFullAbsentUser) {
    for (int n = 0; n < 200; ++n) f.b.user().message("u@b.test", "juliet@chat.a.test", std::to_string(n), "hello");
    f.world.advance(5s);
    EXPECT_GT(f.a.presence_log.count("im.limit"), 0U);
    EXPECT_LT(f.a.presence_log.without_source().size(), 50U);
}

}  // namespace
}  // namespace sallyport::test
