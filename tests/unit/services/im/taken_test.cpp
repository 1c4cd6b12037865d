// Clients without XEP-0198: what is on its way to them is known by their TCP alone, and none of it is lost.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "proto/xmpp/namespaces.h"
#include "unit/services/im/im_world.h"

namespace sallyport::test {
namespace {

constexpr std::size_t most = 40;

std::string message(std::size_t n, std::size_t bytes, const std::string& to = "juliet@corp.example") {
    const std::string id = std::to_string(n);
    return "<message from='nurse@other.example/x' to='" + to + "' id='" + id + "' type='chat'><body>" + id +
           "</body><pad xmlns='urn:pad'>" + std::string(bytes, 'x') + "</pad></message>";
}

enum class End { reset, silence, fin, replaced, removed };

class Taken : public testing::Test {
protected:
    /// More than its TCP has room for, and less than what is laid by at once.
    void send(std::size_t bytes = 4000) {
        for (std::size_t n = 0; n < most; ++n) deliveries.push_back(world.from_outside(message(n, bytes)));
    }
    /// Bodies of messages, in their order.
    static std::vector<std::size_t> bodies(Client& client) {
        std::vector<std::size_t> all;
        for (const xml::Element& element : std::exchange(client.received, {})) {
            const xml::Element* body = element.child(xmpp::ns::client, "body");
            if (element.name == "message" && body != nullptr) all.push_back(std::stoul(body->text()));
        }
        return all;
    }
    std::vector<std::size_t> read_all(const std::string& user = "juliet") {
        Client next{world, user};
        EXPECT_TRUE(next.online("next"));
        pass(70);
        auto all = bodies(next);
        next.say("</stream:stream>");
        world.settle();
        return all;
    }
    static std::vector<std::size_t> numbers(std::size_t from = 0) {
        std::vector<std::size_t> all;
        for (; from < most; ++from) all.push_back(from);
        return all;
    }
    [[nodiscard]] std::uint64_t on_disk() const { return world.directory->store()->list()->front().waiting; }
    [[nodiscard]] std::ptrdiff_t settled() const {
        return std::count_if(deliveries.begin(), deliveries.end(), [](const auto& one) { return one->settled; });
    }
    void moment() { world.world.advance(std::chrono::milliseconds{10}); }
    void pass(int seconds) { world.world.advance(std::chrono::seconds{seconds}); }
    ImWorld world;
    std::vector<std::shared_ptr<ImWorld::Delivery>> deliveries;
};

class EndOfTaken : public Taken, public testing::WithParamInterface<End> {};
INSTANTIATE_TEST_SUITE_P(Ends, EndOfTaken,
                         testing::Values(End::reset, End::silence, End::fin, End::replaced, End::removed));

TEST_P(EndOfTaken, LosesNothing) {
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    juliet.read(false);
    send();
    pass(5);
    EXPECT_LT(settled(), 20) << "its TCP has room for some of them only";
    switch (GetParam()) {
        case End::reset: juliet.cut(); break;
        case End::silence:
            world.world.fabric().block(*IpAddress::parse("192.0.2.1"), *IpAddress::parse("198.51.100.7"), true);
            pass(700);
            world.world.fabric().block(*IpAddress::parse("192.0.2.1"), *IpAddress::parse("198.51.100.7"), false);
            break;
        case End::fin: juliet.crash(); break;
        case End::replaced: break;
        case End::removed: ASSERT_TRUE(world.service->end_client(*xmpp::Jid::parse("juliet@corp.example/desk"), 0));
    }
    if (GetParam() == End::replaced) {
        Client next{world, "juliet"};
        ASSERT_TRUE(next.online("desk"));
        pass(70);
        EXPECT_EQ(bodies(next), numbers());
    } else {
        pass(10);
        EXPECT_EQ(read_all(), numbers());
    }
    EXPECT_EQ(settled(), static_cast<std::ptrdiff_t>(most));
    EXPECT_EQ(on_disk(), 0U);
    EXPECT_TRUE(world.outside.gone.empty());
}

TEST_F(Taken, GoesToTheOtherClients) {
    Client desk{world, "juliet"}, phone{world, "juliet"};
    ASSERT_TRUE(desk.online("desk", "<presence><priority>5</priority></presence>"));
    ASSERT_TRUE(phone.online("phone"));
    desk.read(false);
    send();
    pass(5);
    EXPECT_EQ(bodies(phone).size(), 0U);
    desk.cut();
    pass(2);
    EXPECT_EQ(bodies(phone), numbers());
    EXPECT_EQ(on_disk(), 0U);
}

TEST_F(Taken, IsAnsweredForByItsKind) {
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    juliet.read(false);
    send();
    pass(1);
    const auto query = world.from_outside(
        "<iq from='nurse@other.example/x' to='juliet@corp.example/desk' id='q' type='get'>"
        "<query xmlns='jabber:iq:version'/></iq>");
    const auto presence = world.from_outside("<presence from='nurse@other.example/x' to='juliet@corp.example/desk'/>");
    const auto error = world.from_outside(
        "<message from='nurse@other.example/x' to='juliet@corp.example/desk' id='e' type='error'><body>99</body>"
        "<error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
    pass(1);
    EXPECT_FALSE(query->settled || presence->settled || error->settled);
    juliet.cut();
    const auto answer = world.left();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->attribute("id"), "q");
    EXPECT_EQ(condition_of(answer), "service-unavailable");
    EXPECT_EQ(world.left(), std::nullopt);
    EXPECT_TRUE(query->settled && presence->settled && error->settled);
    EXPECT_EQ(read_all(), numbers());
}

/// Slow is not dead: everything comes once, and in its order.
TEST_F(Taken, ByASlowClientComesOnce) {
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    juliet.read(false);
    send();
    for (int round = 0; round < 10; ++round) {
        pass(5);
        juliet.read(true);
        world.settle_now();
        juliet.read(false);
    }
    EXPECT_EQ(bodies(juliet), numbers());
    pass(5);
    EXPECT_EQ(settled(), static_cast<std::ptrdiff_t>(most));
    EXPECT_EQ(on_disk(), 0U);
    juliet.cut();
    pass(2);
    EXPECT_EQ(read_all(), std::vector<std::size_t>{});
    EXPECT_TRUE(world.outside.gone.empty());
}

/// A client that closes in order has read what its TCP took, however short a time ago.
TEST_F(Taken, UntilAnOrderlyEndComesOnce) {
    for (const bool reads : {true, false}) {
        SCOPED_TRACE(reads);
        Client juliet{world, "juliet"};
        ASSERT_TRUE(juliet.online());
        juliet.received.clear();
        juliet.read(false);
        send();
        world.settle_now();
        juliet.say("</stream:stream>");
        world.settle_now();
        juliet.read(reads);
        pass(10);
        EXPECT_EQ(bodies(juliet), reads ? numbers() : std::vector<std::size_t>{});
        EXPECT_EQ(on_disk(), reads ? 0U : most);
        EXPECT_EQ(read_all(), reads ? std::vector<std::size_t>{} : numbers());
    }
    EXPECT_EQ(settled(), static_cast<std::ptrdiff_t>(2 * most));
}

/// It says goodbye and is gone, without a look at our closing tag.
TEST_F(Taken, UntilAHastyGoodbyeComesOnce) {
    send(10);
    world.settle();
    {
        Client juliet{world, "juliet"};
        ASSERT_TRUE(juliet.login());
        juliet.say("<presence/>");
        moment();
        ASSERT_EQ(bodies(juliet), numbers());
        juliet.say("</stream:stream>");
        world.world.advance(std::chrono::milliseconds{1});
        juliet.cut();
        moment();
    }
    EXPECT_EQ(on_disk(), 0U);
    EXPECT_EQ(read_all(), std::vector<std::size_t>{});
}

TEST_F(Taken, IsForgottenByTheDiskNoSooner) {
    send();
    world.settle();
    EXPECT_EQ(on_disk(), most);
    {
        Client juliet{world, "juliet"};
        ASSERT_TRUE(juliet.login());
        juliet.read(false);
        juliet.say("<presence/>");
        pass(5);
        EXPECT_EQ(on_disk(), most) << "it reads none of them";
        juliet.cut();
        pass(2);
    }
    EXPECT_EQ(on_disk(), most);
    EXPECT_EQ(read_all(), numbers());
    EXPECT_EQ(on_disk(), 0U);
}

TEST_F(Taken, IsToldSoonAndForgottenSoonWhereAClientReads) {
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    const auto delivery = world.from_outside(message(1, 100));
    world.world.advance(std::chrono::milliseconds{100});
    EXPECT_TRUE(delivery->settled);
    EXPECT_EQ(world.service->status().sessions.front().unacknowledged, 0U);
    pass(2);
    juliet.cut();
    pass(2);
    EXPECT_EQ(on_disk(), 0U);
}

TEST_F(Taken, IsPutOnTheDiskWhenTheNodeStops) {
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    juliet.read(false);
    send();
    pass(1);
    world.stop_service();
    EXPECT_EQ(settled(), static_cast<std::ptrdiff_t>(most));
    world.start_service();
    EXPECT_EQ(read_all(), numbers());
    EXPECT_TRUE(world.outside.gone.empty());
}

/// XEP-0198 3: what came before `<enable/>` is not counted.
TEST_F(Taken, BeforeAcknowledgementsBegan) {
    for (const std::size_t read_of_them : {0, 5}) {
        SCOPED_TRACE(read_of_them);
        Client juliet{world, "juliet"};
        ASSERT_TRUE(juliet.login());
        juliet.say("<presence/>");
        world.settle();
        juliet.received.clear();
        juliet.read(false);
        deliveries.clear();
        send();
        moment();
        juliet.say("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        moment();
        for (std::size_t n = 0; n < 5; ++n) (void)world.from_outside(message(most + n, 10));
        std::string id;
        unsigned h = 0;
        if (read_of_them != 0) {
            juliet.read(true);
            pass(1);
            for (const xml::Element& element : juliet.received) {
                if (element.name == "enabled") id = element.attribute("id");
            }
            EXPECT_EQ(bodies(juliet).size(), most + 5);
            juliet.say("<a xmlns='urn:xmpp:sm:3' h='5'/>");
            moment();
            h = 5;
            EXPECT_EQ(world.service->status().sessions.front().unacknowledged, 0U);
            EXPECT_EQ(settled(), static_cast<std::ptrdiff_t>(most));
        }
        juliet.cut();
        world.settle();
        if (read_of_them == 0) {  // it does not even know that it may come back
            pass(310);
            auto all = numbers();
            for (std::size_t n = 0; n < 5; ++n) all.push_back(most + n);
            EXPECT_EQ(read_all(), all);
            continue;
        }
        Client again{world, "juliet"};
        again.connect();
        again.header();
        again.secure();
        again.header();
        again.authenticate();
        again.header();
        again.say("<resume xmlns='urn:xmpp:sm:3' previd='" + id + "' h='" + std::to_string(h) + "'/>");
        ASSERT_TRUE(again.next("resumed"));
        (void)world.from_outside(message(7, 10));
        pass(1);
        EXPECT_EQ(bodies(again), std::vector<std::size_t>{7});
        again.say("<a xmlns='urn:xmpp:sm:3' h='6'/>");
        world.settle();
        EXPECT_FALSE(again.closed);
        EXPECT_EQ(world.service->status().sessions.front().unacknowledged, 0U);
        again.say("</stream:stream>");
        world.settle();
    }
}

/// What may wait for a client is bounded; what it has no room for goes the usual ways.
TEST_F(Taken, IsBounded) {
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    juliet.read(false);
    constexpr std::size_t many = 4000;
    for (std::size_t n = 0; n < many; ++n) {
        (void)world.from_outside(message(n, 150));
        if (n % 100 != 0) continue;
        EXPECT_LE(world.service->status().sessions.front().unacknowledged, world.limits.client_queue_stanzas);
    }
    pass(5);
    const std::size_t returned = world.outside.gone.size();
    EXPECT_GT(returned, 0U);
    EXPECT_EQ(world.service->status().sessions.size(), 1U) << "it is slow, and may yet read";
    world.outside.gone.clear();
    juliet.read(true);
    pass(20);
    std::set<std::size_t> had;
    for (const std::size_t one : bodies(juliet)) EXPECT_TRUE(had.insert(one).second) << one;
    EXPECT_EQ(had.size() + returned, many);
    EXPECT_EQ(on_disk(), 0U);
    EXPECT_TRUE(world.outside.gone.empty());
}

}  // namespace
}  // namespace sallyport::test
