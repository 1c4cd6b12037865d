// A message that several clients of its user get, one of which stays away: it comes once to each, and it is lost with
// none of them.
#include <gtest/gtest.h>

#include <algorithm>

#include "unit/services/im/im_world.h"

namespace sallyport::test {
namespace {

constexpr const char* bare_address = "juliet@corp.example";

class Copies : public testing::Test {
protected:
    /// The id of its session.
    std::string acknowledge(Client& client) {
        client.say("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        const auto enabled = client.next("enabled");
        EXPECT_TRUE(enabled);
        return enabled ? std::string{enabled->attribute("id")} : std::string{};
    }
    void has_got(Client& client, unsigned h) {
        client.say("<a xmlns='urn:xmpp:sm:3' h='" + std::to_string(h) + "'/>");
        world.settle();
    }
    std::shared_ptr<ImWorld::Delivery> send(const std::string& to = bare_address) {
        auto delivery = world.from_outside("<message from='nurse@other.example/x' to='" + to +
                                           "' id='m' type='chat'><body>one</body></message>");
        world.settle();
        return delivery;
    }
    /// Messages, and copies of messages, since the last question.
    static std::ptrdiff_t got(Client& client) {
        client.world.settle();
        const auto all = std::exchange(client.received, {});
        return std::count_if(all.begin(), all.end(), [](const auto& element) { return element.name == "message"; });
    }
    [[nodiscard]] std::uint64_t on_disk() const { return world.directory->store()->list()->front().waiting; }
    void pass(int seconds) { world.world.advance(std::chrono::seconds{seconds}); }
    ImWorld world;
};

TEST_F(Copies, ComeOnceToWhoIsThere) {
    for (const bool acknowledges : {true, false}) {
        for (const bool closes : {true, false}) {
            Client phone{world, "juliet"}, desk{world, "juliet"};
            ASSERT_TRUE(phone.online("phone"));
            (void)acknowledge(phone);
            ASSERT_TRUE(desk.online("desk"));
            if (acknowledges) (void)acknowledge(desk);
            if (!closes) phone.cut();
            (void)got(desk);
            const auto sent = send();
            EXPECT_EQ(got(desk), 1);
            if (acknowledges) has_got(desk, 1);
            EXPECT_TRUE(sent->settled) << "one of them has it";
            pass(closes ? 5 : 12);
            EXPECT_EQ(on_disk(), 0U) << "nothing is laid by that somebody has";
            if (closes) phone.say("</stream:stream>");
            pass(closes ? 5 : 301);
            EXPECT_EQ(world.service->status().sessions.size(), 1U);
            EXPECT_EQ(got(desk), 0) << (acknowledges ? "acknowledged" : "written") << (closes ? ", closed" : ", away");
            EXPECT_EQ(on_disk(), 0U);
            EXPECT_TRUE(world.outside.gone.empty());
        }
    }
}

TEST_F(Copies, ComeOnceToWhoIsSlow) {
    Client phone{world, "juliet"}, desk{world, "juliet"};
    ASSERT_TRUE(phone.online("phone"));
    (void)acknowledge(phone);
    ASSERT_TRUE(desk.online("desk"));
    (void)acknowledge(desk);
    phone.cut();
    (void)got(desk);
    const auto sent = send();
    EXPECT_EQ(got(desk), 1);
    EXPECT_FALSE(sent->settled);
    pass(15);
    EXPECT_TRUE(sent->settled);
    EXPECT_EQ(on_disk(), 1U) << "laid by once";
    pass(301);
    EXPECT_EQ(world.service->status().sessions.size(), 1U);
    EXPECT_EQ(got(desk), 0);
    EXPECT_EQ(on_disk(), 1U) << "it may yet be lost";
    has_got(desk, 1);
    EXPECT_EQ(on_disk(), 0U);
}

TEST_F(Copies, ThatNobodyAcknowledgesAreKeptOnce) {
    for (const int before : {1, 15}) {
        Client phone{world, "juliet"}, desk{world, "juliet"};
        ASSERT_TRUE(phone.online("phone"));
        (void)acknowledge(phone);
        ASSERT_TRUE(desk.online("desk"));
        (void)acknowledge(desk);
        phone.cut();
        const auto sent = send();
        pass(before);
        desk.cut();
        pass(301);
        EXPECT_TRUE(world.service->status().sessions.empty());
        EXPECT_TRUE(sent->settled);
        EXPECT_EQ(on_disk(), 1U);
        Client next{world, "juliet"};
        ASSERT_TRUE(next.online("next"));
        pass(2);  // it comes alone, when what was sent before has been read
        EXPECT_EQ(got(next), 1) << before;
        next.say("</stream:stream>");
        world.settle();
        EXPECT_EQ(on_disk(), 0U);
    }
}

TEST_F(Copies, OfCarbonsComeOnce) {
    for (const char* resource : {"", "/phone"}) {
        for (const bool acknowledges : {true, false}) {
            Client phone{world, "juliet"}, desk{world, "juliet"};
            ASSERT_TRUE(phone.online("phone", "<presence><priority>5</priority></presence>"));
            (void)acknowledge(phone);
            ASSERT_TRUE(desk.online("desk"));
            ASSERT_TRUE(desk.ask("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>"));
            if (acknowledges) (void)acknowledge(desk);
            phone.cut();
            (void)got(desk);
            const auto sent = send(std::string{bare_address} + resource);
            EXPECT_EQ(got(desk), 1);
            if (acknowledges) has_got(desk, 1);
            EXPECT_TRUE(sent->settled);
            pass(301);
            EXPECT_EQ(world.service->status().sessions.size(), 1U);
            EXPECT_EQ(got(desk), 0) << resource << (acknowledges ? " acknowledged" : " written");
            EXPECT_EQ(on_disk(), 0U);
        }
    }
}

/// The next client gets the message itself, although what was lost last was a copy.
TEST_F(Copies, OfCarbonsThatAreLostLeaveTheMessage) {
    Client phone{world, "juliet"}, desk{world, "juliet"};
    ASSERT_TRUE(phone.online("phone", "<presence><priority>5</priority></presence>"));
    (void)acknowledge(phone);
    ASSERT_TRUE(desk.online("desk"));
    ASSERT_TRUE(desk.ask("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>"));
    (void)acknowledge(desk);
    phone.cut();
    (void)send();
    pass(10);
    desk.cut();
    pass(310);
    EXPECT_EQ(on_disk(), 1U);
    Client next{world, "juliet"};
    ASSERT_TRUE(next.online("next"));
    const auto message = next.next("message");
    ASSERT_TRUE(message);
    EXPECT_EQ(message->attribute("from"), "nurse@other.example/x");
    EXPECT_TRUE(next.silent("message"));
}

TEST_F(Copies, AreNotTakenFromWhoComesBack) {
    Client phone{world, "juliet"}, desk{world, "juliet"}, again{world, "juliet"};
    ASSERT_TRUE(phone.online("phone"));
    const std::string id = acknowledge(phone);
    ASSERT_TRUE(desk.online("desk"));
    (void)acknowledge(desk);
    has_got(phone, 1);  // the presence of the other one
    phone.cut();
    (void)got(desk);
    (void)send();
    has_got(desk, 1);
    (void)got(desk);
    pass(30);
    again.connect();
    again.header();
    again.secure();
    again.header();
    again.authenticate();
    again.header();
    again.say("<resume xmlns='urn:xmpp:sm:3' previd='" + id + "' h='1'/>");
    ASSERT_TRUE(again.next("resumed"));
    EXPECT_EQ(got(again), 1);
    again.say("</stream:stream>");
    world.settle();
    EXPECT_EQ(got(desk), 0);
    EXPECT_EQ(on_disk(), 0U);
}

TEST_F(Copies, OfWhichOneEndsAClientGoBackToNobodyWhenAnotherHasIt) {
    Client desk{world, "juliet"};
    std::string id;
    {
        Client phone{world, "juliet"};
        ASSERT_TRUE(phone.online("phone"));
        id = acknowledge(phone);
        ASSERT_TRUE(desk.online("desk"));
        (void)acknowledge(desk);
        has_got(phone, 1);  // the presence of the other one
        (void)send();
        has_got(desk, 1);
        phone.crash();
    }
    bool came = true;
    for (int n = 0; n < 4 && came; ++n) {
        Client phone{world, "juliet"};
        phone.connect();
        phone.header();
        phone.secure();
        phone.header();
        phone.authenticate();
        phone.header();
        phone.say("<resume xmlns='urn:xmpp:sm:3' previd='" + id + "' h='1'/>");
        ASSERT_TRUE(phone.next("resumed"));
        came = got(phone) != 0;
        phone.crash();
    }
    EXPECT_FALSE(came) << "it is not sent again and again";
    EXPECT_EQ(world.log.count("im.stanza.taken-out"), 1U);
    EXPECT_FALSE(world.left());
}

TEST_F(Copies, AreKeptOnceWhenTheNodeStops) {
    Client phone{world, "juliet"}, desk{world, "juliet"};
    ASSERT_TRUE(phone.online("phone"));
    (void)acknowledge(phone);
    ASSERT_TRUE(desk.online("desk"));
    (void)acknowledge(desk);
    const auto sent = send();
    world.service->put_down();
    world.settle();
    EXPECT_TRUE(sent->settled);
    EXPECT_EQ(on_disk(), 1U);
    has_got(desk, 1);
    EXPECT_EQ(on_disk(), 0U) << "the other one has it as well as not";
}

/// Ten clients that are away may not have ten windows on the disk.
TEST_F(Copies, AndMessagesToManyClientsTakeNoMoreOfTheDiskThanOneClient) {
    world.stop_service();
    world.limits.client_queue_stanzas = 16;
    world.limits.offline_stanzas = 100;
    world.start_service();
    for (const char* resource : {"one", "two"}) {
        Client phone{world, "juliet"};
        ASSERT_TRUE(phone.online(resource));
        (void)acknowledge(phone);
        phone.cut();
    }
    for (const char* resource : {"/one", "/two"}) {
        for (int n = 0; n < (resource[1] == 'o' ? 12 : 10); ++n) (void)send(std::string{bare_address} + resource);
    }
    pass(30);
    const auto sessions = world.service->status().sessions;
    ASSERT_EQ(sessions.size(), 1U);
    EXPECT_EQ(sessions.front().jid, std::string{bare_address} + "/two") << "the one with most ends";
    EXPECT_EQ(on_disk(), 22U);
    EXPECT_TRUE(world.outside.gone.empty()) << "nothing comes back";
    EXPECT_GE(world.log.count("im.limit"), 1U);
}

}  // namespace
}  // namespace sallyport::test
