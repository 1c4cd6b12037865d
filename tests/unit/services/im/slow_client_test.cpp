// A client that is quiet and reads slowly: what shows that it lives, and when it is asked.
#include <gtest/gtest.h>

#include <algorithm>

#include "unit/services/im/im_world.h"

namespace sallyport::test {
namespace {

class SlowClient : public testing::Test {
protected:
    /// So much is sent to it that it reads for `rounds` rounds of a window each.
    void send(int rounds) {
        for (int n = 0; n < rounds * 7; ++n) {
            (void)world.from_outside(
                "<message from='nurse@other.example/x' to='juliet@corp.example' type='chat'><body>" +
                std::string(9000, 'x') + "</body></message>");
        }
        world.settle_now();
    }
    /// What has reached it; nothing more is taken meanwhile.
    void read_a_little() {
        juliet.read(true);
        world.settle_now();
        juliet.read(false);
    }
    [[nodiscard]] std::ptrdiff_t questions() const {
        return std::count_if(juliet.received.begin(), juliet.received.end(),
                             [](const auto& element) { return element.child("urn:xmpp:ping", "ping") != nullptr; });
    }
    void answer() {
        for (const xml::Element& element : std::exchange(juliet.received, {})) {
            if (element.child("urn:xmpp:ping", "ping") == nullptr) continue;
            juliet.say("<iq type='result' id='" + std::string{element.attribute("id")} + "'/>");
        }
    }
    void pass(int seconds) { world.world.advance(std::chrono::seconds{seconds}); }
    ImWorld world;
    Client juliet{world, "juliet"};
};

TEST_F(SlowClient, IsAliveWhileItTakesWhatWaits) {
    ASSERT_TRUE(juliet.online());
    juliet.read(false);
    send(15);
    for (int round = 0; round < 14; ++round) {
        pass(50);
        ASSERT_FALSE(juliet.closed) << round;
        EXPECT_EQ(questions(), 0) << "it would have waited behind what it is about";
        read_a_little();
    }
    // Nothing waits any more: now it is asked, and has to answer like any other.
    juliet.read(true);
    pass(70);
    EXPECT_EQ(questions(), 1);
    answer();
    pass(300);
    EXPECT_FALSE(juliet.closed);
    pass(310);
    EXPECT_EQ(questions(), 1);
    pass(70);
    EXPECT_TRUE(juliet.closed) << "it did not answer";
}

TEST_F(SlowClient, ThatTakesNothingIsDead) {
    ASSERT_TRUE(juliet.online());
    juliet.read(false);
    send(3);
    pass(590);
    EXPECT_EQ(world.service->status().sessions.size(), 1U);
    pass(140);
    EXPECT_TRUE(world.service->status().sessions.empty());
}

/// Its TCP takes what there is room for, whether or not it lives.
TEST_F(SlowClient, IsNotAliveForWhatItsTcpTakes) {
    ASSERT_TRUE(juliet.online());
    juliet.read(false);
    for (int minute = 0; minute < 9; ++minute) pass(60);
    for (int n = 0; n < 5; ++n) {
        (void)world.from_outside(
            "<message from='nurse@other.example/x' to='juliet@corp.example' type='chat'><body>x</body></message>");
        pass(30);
    }
    pass(60);
    EXPECT_TRUE(world.service->status().sessions.empty());
}

TEST_F(SlowClient, IsAskedAtOnceWhereNothingWaits) {
    ASSERT_TRUE(juliet.online());
    pass(610);
    EXPECT_EQ(questions(), 1);
    answer();
    pass(610);
    EXPECT_EQ(questions(), 1);
    EXPECT_FALSE(juliet.closed);
}

}  // namespace
}  // namespace sallyport::test
