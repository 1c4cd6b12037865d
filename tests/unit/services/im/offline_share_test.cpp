// The room for what waits for an absent user: nobody who writes to him fills it for others, and strangers least of all.
#include <gtest/gtest.h>

#include "unit/services/im/im_world.h"

namespace sallyport::test {
namespace {

class OfflineShare : public testing::Test {
protected:
    /// What the sender hears; "no answer": it is kept.
    std::string say(const std::string& from, std::size_t bytes = 1) {
        (void)world.from_outside("<message from='" + from + "' to='juliet@corp.example' id='m' type='chat'><body>" +
                                 std::string(bytes, 'x') + "</body></message>");
        world.world.advance(std::chrono::milliseconds{20});
        if (world.outside.gone.empty()) return "no answer";
        const std::string condition = condition_of(world.outside.gone.front().tree);
        world.outside.gone.clear();
        return condition;
    }
    /// How many of `messages` are kept.
    std::size_t flood(const std::string& from, std::size_t messages, std::size_t bytes = 1) {
        std::size_t kept = 0;
        for (std::size_t n = 0; n < messages; ++n) kept += say(from, bytes) == "no answer" ? 1 : 0;
        return kept;
    }
    void befriend(const std::string& whom) {
        Client juliet{world, "juliet"};
        ASSERT_TRUE(juliet.login());
        ASSERT_TRUE(juliet.ask("<iq type='set' id='i'><query xmlns='jabber:iq:roster'><item jid='" + whom +
                               "'/></query></iq>"));
        juliet.say("</stream:stream>");
        world.settle();
    }
    std::string say_as_romeo() {
        Client romeo{world, "romeo"};
        EXPECT_TRUE(romeo.online());
        romeo.say("<message to='juliet@corp.example' id='m' type='chat'><body>x</body></message>");
        const auto answer = romeo.next("message");
        romeo.say("</stream:stream>");
        world.settle();
        return answer ? condition_of(answer) : "no answer";
    }
    [[nodiscard]] std::uint64_t on_disk() const { return world.directory->store()->list()->front().waiting; }
    ImWorld world;
};

TEST_F(OfflineShare, OfAStrangerLeavesRoomForEverybodyElse) {
    befriend("nurse@other.example");
    EXPECT_LT(flood("x@evil.example", 200), 100U);
    EXPECT_EQ(say("x@evil.example"), "service-unavailable");
    EXPECT_EQ(say("y@evil.example"), "service-unavailable") << "names are cheap";
    EXPECT_EQ(say("nurse@other.example"), "no answer");
    EXPECT_EQ(say("first@contact.example"), "no answer");
    EXPECT_EQ(say_as_romeo(), "no answer");
}

TEST_F(OfflineShare, OfAllStrangersIsHalf) {
    befriend("nurse@other.example");
    std::size_t kept = 0;
    for (int domain = 0; domain < 60; ++domain) kept += flood("x@evil" + std::to_string(domain) + ".example", 4);
    EXPECT_EQ(kept, 100U);
    EXPECT_EQ(flood("nurse@other.example", 60), 50U) << "as much as it leaves to others";
    EXPECT_EQ(say_as_romeo(), "no answer");
    EXPECT_EQ(on_disk(), 151U);
}

TEST_F(OfflineShare, IsOneOfBytesToo) {
    befriend("nurse@other.example");
    EXPECT_EQ(flood("x@evil.example", 10, 200000), 1U);
    EXPECT_EQ(flood("x@other-evil.example", 10, 200000), 1U);
    EXPECT_EQ(flood("nurse@other.example", 2, 250000), 1U);
    EXPECT_EQ(say_as_romeo(), "no answer");
}

/// Large providers have all kinds of users.
TEST_F(OfflineShare, OfAContactIsItsOwnBesideItsDomain) {
    befriend("nurse@evil.example");
    (void)flood("x@evil.example", 200);
    EXPECT_EQ(say("nurse@evil.example/phone"), "no answer");
}

TEST_F(OfflineShare, IsAskedForByEachSender) {
    befriend("nurse@other.example");
    // The account stays in memory: its client is there and takes no messages.
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online("desk", "<presence><priority>-1</priority></presence>"));
    (void)flood("x@evil.example", 200);
    EXPECT_EQ(say("x@evil.example"), "service-unavailable");
    EXPECT_EQ(say("nurse@other.example"), "no answer");
    EXPECT_EQ(say("first@contact.example"), "no answer");
}

TEST_F(OfflineShare, IsFreeAgainWhenTheUserHasComeForIt) {
    const std::size_t kept = flood("x@evil.example", 200);
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    world.world.advance(std::chrono::seconds{5});
    juliet.say("</stream:stream>");
    world.settle();
    EXPECT_EQ(on_disk(), 0U);
    EXPECT_EQ(flood("x@evil.example", 200), kept);
}

/// What is laid by while a client may come back waits there for its user when it does not.
TEST_F(OfflineShare, OfAStrangerIsNoLargerForAClientThatIsAway) {
    befriend("nurse@other.example");
    {
        Client phone{world, "juliet"};
        ASSERT_TRUE(phone.online("phone"));
        phone.say("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        ASSERT_TRUE(phone.next("enabled"));
        phone.cut();
    }
    EXPECT_GT(flood("x@evil.example", 900), 800U) << "as much as a session may hold";
    world.world.advance(std::chrono::seconds{310});
    EXPECT_TRUE(world.service->status().sessions.empty());
    EXPECT_GT(on_disk(), 800U);
    EXPECT_EQ(say("x@evil.example"), "service-unavailable");
    EXPECT_EQ(say("nurse@other.example"), "no answer");
    EXPECT_EQ(say_as_romeo(), "no answer");
}

}  // namespace
}  // namespace sallyport::test
