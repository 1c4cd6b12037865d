// What one client, or one stranger with many domains, makes the node do: short questions with long answers, presence
// that goes to many, readings of the disk.
#include <gtest/gtest.h>

#include <algorithm>

#include "proto/xmpp/namespaces.h"
#include "support/repeat.h"
#include "unit/services/im/im_world.h"

namespace sallyport::test {
namespace {

namespace ns = xmpp::ns;

std::string message(const std::string& from, const std::string& to, const std::string& id = "m") {
    return "<message from='" + from + "' to='" + to + "' id='" + id + "' type='chat'><body>" + id + "</body></message>";
}
std::string condition_of(const xml::Element& stanza) {
    const xml::Element* error = stanza.child(ns::client, "error");
    return error == nullptr ? "type " + std::string{stanza.attribute("type")} : error->first_child()->name;
}
TEST(ImSpending, ALongRosterIsNotBuiltForEveryQuestionOfAPacket) {
    ImWorld world;
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    const std::string group(1000, 'g');
    for (int i = 0; i < 100; ++i) {
        std::string item = "<item jid='c" + std::to_string(i) + "@other.example'>";
        for (int n = 0; n < 20; ++n) item += "<group>" + std::to_string(n) + group + "</group>";
        const auto done =
            juliet.ask("<iq type='set' id='s'><query xmlns='jabber:iq:roster'>" + item + "</item></query></iq>");
        ASSERT_TRUE(done && done->attribute("type") == "result") << i;
    }
    world.world.advance(std::chrono::minutes{2});
    juliet.received.clear();
    juliet.say(repeated("<iq type='get' id='many'><query xmlns='jabber:iq:roster'/></iq>", 24));
    const auto answers = [&] {
        return std::count_if(juliet.received.begin(), juliet.received.end(), [](const xml::Element& one) {
            return one.attribute("id") == "many" && one.attribute("type") == "result";
        });
    };
    world.settle();
    EXPECT_GE(answers(), 1);
    EXPECT_LE(answers(), 6) << "two megabytes each";
    world.world.advance(std::chrono::minutes{9});
    EXPECT_EQ(answers(), 24) << "each is answered at last";
    EXPECT_FALSE(juliet.closed);
}

TEST(ImSpending, PresenceThatGoesToManyIsPaidForByItsClient) {
    Limits limits;
    limits.client_burst_bytes = 65536;
    limits.client_bytes_per_second = 8192;
    ImWorld world{limits};
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    for (int i = 0; i < 100; ++i) {
        const std::string contact = "c" + std::to_string(i) + "@other.example";
        (void)world.from_outside("<presence from='" + contact + "' to='juliet@corp.example' type='subscribe'/>");
        ASSERT_TRUE(juliet.next("presence", "subscribe"));
        juliet.say("<presence type='subscribed' to='" + contact + "'/>");
        world.settle();
    }
    world.world.advance(std::chrono::minutes{2});
    world.outside.gone.clear();
    juliet.say(repeated("<presence/>", 200) + "<message to='nurse@other.example'><body>behind</body></message>");
    world.settle();
    EXPECT_GE(world.outside.gone.size(), 100U);
    EXPECT_LE(world.outside.gone.size(), 2000U) << "a packet of two kilobytes";
    world.world.advance(std::chrono::minutes{10});
    ASSERT_EQ(world.outside.gone.size(), 20001U) << "the rest comes later, all of it";
    EXPECT_EQ(world.outside.gone.back().tree.name, "message") << "in order";
}

TEST(ImSpending, PresenceForAllIsShort) {
    ImWorld world;
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    const auto presence = [](std::size_t size) {
        return "<presence><status>" + std::string(size, 's') + "</status></presence>";
    };
    juliet.received.clear();
    juliet.say(presence(20000));
    const auto error = juliet.next("presence", "error");
    ASSERT_TRUE(error);
    EXPECT_EQ(condition_of(*error), "policy-violation");
    juliet.say(presence(10000));
    const auto echo = juliet.next("presence");
    ASSERT_TRUE(echo) << "its stream goes on";
    EXPECT_EQ(echo->child(ns::client, "status")->text().size(), 10000U);
}

TEST(ImSpending, KeptStanzasAreReadOnceAtATime) {
    ImWorld world;
    for (const char* id : {"0", "1", "2"}) (void)world.from_outside(message("a@b.example", "juliet@corp.example", id));
    world.settle();
    world.stop_service();
    world.disk_is_stuck = true;
    world.start_service();
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.login());
    juliet.say(repeated("<presence/><presence><priority>-1</priority></presence>", 300) + "<presence/>");
    world.settle();
    EXPECT_LE(world.storage->waiting(), 2U);
    const auto ids = [&] {
        std::vector<std::string> all;
        for (const xml::Element& one : juliet.received) {
            if (one.name == "message") all.emplace_back(one.attribute("id"));
        }
        return all;
    };
    ASSERT_TRUE(ids().empty());
    for (int i = 0; i < 5; ++i) {
        world.elsewhere.advance(std::chrono::seconds{1});
        world.settle();
    }
    EXPECT_EQ(ids(), (std::vector<std::string>{"0", "1", "2"}));
}

TEST(ImSpending, AStrangerWithManyDomainsLeavesRoomToThoseWhoOwnAccounts) {
    ImWorld world;
    world.stop_service();
    world.reading_is_stuck = true;
    world.limits.account_jobs = 20;
    world.start_service();
    const auto stranger = [](int n) { return "a@d" + std::to_string(n) + ".evil.example"; };
    for (int n = 0; n < 40; ++n) (void)world.from_outside(message(stranger(n), "juliet@corp.example"));
    world.settle();
    EXPECT_EQ(world.outside.gone.size(), 25U) << "the last quarter is the user's own";
    for (int n = 0; n < 40; ++n) {
        for (int user = 0; user < 1000; ++user) {
            const std::string name = std::to_string(n) + "-" + std::to_string(user);
            (void)world.from_outside(message(stranger(n), name + "@corp.example"));
        }
    }
    world.settle();
    EXPECT_EQ(world.storage->waiting(), im::Storage::most_waiting - im::Storage::most_waiting / 4);
    Client romeo{world, "romeo"};
    romeo.connect();
    romeo.header();
    romeo.secure();
    romeo.header();
    romeo.authenticate();
    EXPECT_EQ(romeo.failure, "nothing") << "it is looked up, not turned away";
    EXPECT_EQ(world.storage->waiting(), im::Storage::most_waiting - im::Storage::most_waiting / 4 + 1);
}

}  // namespace
}  // namespace sallyport::test
