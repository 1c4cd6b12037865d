// Messages (RFC 6121 8.5), copies (XEP-0280), and what waits for an absent user (XEP-0160).
#include <gtest/gtest.h>

#include "proto/xmpp/namespaces.h"
#include "unit/services/im/im_world.h"

namespace sallyport::test {
namespace {

namespace ns = xmpp::ns;

std::string chat(const std::string& to, const std::string& body, const std::string& more = "type='chat'") {
    return "<message to='" + to + "' " + more + "><body>" + body + "</body></message>";
}
std::string foreign(const std::string& to, const std::string& body, const std::string& type = "chat") {
    return "<message from='nurse@other.example/x' to='" + to + "' id='m' type='" + type + "'><body>" + body +
           "</body></message>";
}
std::string body_of(const std::optional<xml::Element>& message) {
    if (!message) return "nothing";
    const xml::Element* body = message->child(ns::client, "body");
    return body == nullptr ? "no body" : body->text();
}
TEST(ImMessages, StampsTheSenderAndReachesTheRecipient) {
    ImWorld world;
    Client juliet{world, "juliet"}, romeo{world, "romeo"};
    ASSERT_TRUE(juliet.online("balcony"));
    ASSERT_TRUE(romeo.online("orchard"));
    juliet.say(chat("romeo@corp.example", "wherefore"));
    const auto got = romeo.next("message");
    EXPECT_EQ(body_of(got), "wherefore");
    EXPECT_EQ(got->attribute("from"), "juliet@corp.example/balcony");
}

TEST(ImMessages, LeaveForOtherDomains) {
    ImWorld world;
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online("balcony"));
    juliet.say(chat("nurse@other.example", "come"));
    const auto gone = world.left();
    EXPECT_EQ(body_of(gone), "come");
    EXPECT_EQ(gone->attribute("from"), "juliet@corp.example/balcony");
}

TEST(ImMessages, GoToTheClientWithTheHighestPriority) {
    ImWorld world;
    Client low{world, "juliet"}, high{world, "juliet"}, negative{world, "juliet"};
    ASSERT_TRUE(low.online("low", "<presence><priority>1</priority></presence>"));
    ASSERT_TRUE(high.online("high", "<presence><priority>5</priority></presence>"));
    ASSERT_TRUE(negative.online("negative", "<presence><priority>-1</priority></presence>"));
    const auto delivery = world.from_outside(foreign("juliet@corp.example", "one"));
    EXPECT_EQ(body_of(high.next("message")), "one");
    world.settle();
    EXPECT_TRUE(delivery->settled);
    EXPECT_TRUE(low.silent("message"));
    EXPECT_TRUE(negative.silent("message"));
    (void)world.from_outside(foreign("juliet@corp.example/negative", "two"));
    EXPECT_EQ(body_of(negative.next("message")), "two");
}

TEST(ImMessages, OfEachTypeGoWhereTheirTypeSays) {
    ImWorld world;
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online("balcony"));
    struct Row {
        const char* to;
        const char* type;
        const char* wanted;  // what the sender gets; "": it is delivered; "silence"
    };
    for (const Row& row :
         {Row{"juliet@corp.example", "chat", ""}, Row{"juliet@corp.example", "normal", ""},
          Row{"juliet@corp.example", "headline", ""}, Row{"juliet@corp.example", "groupchat", "service-unavailable"},
          Row{"juliet@corp.example", "error", "silence"}, Row{"juliet@corp.example/gone", "chat", ""},
          Row{"juliet@corp.example/gone", "normal", "service-unavailable"},
          Row{"juliet@corp.example/gone", "headline", "service-unavailable"},
          Row{"juliet@corp.example/gone", "error", "silence"}, Row{"juliet@corp.example/balcony", "groupchat", ""},
          Row{"juliet@corp.example/balcony", "error", ""}, Row{"nobody@corp.example", "chat", "silence"},
          Row{"nobody@corp.example", "normal", "silence"},
          Row{"nobody@corp.example", "groupchat", "service-unavailable"},
          Row{"nobody@corp.example/x", "chat", "silence"},
          Row{"nobody@corp.example/x", "normal", "service-unavailable"}, Row{"nobody@corp.example", "error", "silence"},
          Row{"corp.example", "chat", "service-unavailable"}}) {
        SCOPED_TRACE(std::string{row.to} + " " + row.type);
        const auto delivery = world.from_outside(foreign(row.to, "x", row.type));
        const auto answer = world.left();
        const std::string wanted{row.wanted};
        EXPECT_EQ(condition_of(answer), wanted.empty() || wanted == "silence" ? "nothing" : wanted);
        EXPECT_EQ(juliet.silent("message"), !wanted.empty());
        EXPECT_TRUE(delivery->settled);
        juliet.received.clear();
    }
}

TEST(ImMessages, WaitForAnAbsentUserWithTheirTime) {
    ImWorld world;
    const auto delivery = world.from_outside(foreign("juliet@corp.example", "later"));
    world.settle();
    EXPECT_TRUE(delivery->settled);
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    const auto got = juliet.next("message");
    EXPECT_EQ(body_of(got), "later");
    const xml::Element* delay = got->child(ns::delay, "delay");
    ASSERT_NE(delay, nullptr);
    EXPECT_EQ(delay->attribute("from"), "corp.example");
    EXPECT_EQ(delay->attribute("stamp").size(), 20U);
    world.world.advance(std::chrono::seconds{2});
    juliet.cut();
    Client again{world, "juliet"};
    ASSERT_TRUE(again.online());
    EXPECT_TRUE(again.silent("message")) << "delivered twice";
}

TEST(ImMessages, SurviveARestartWhileTheyWait) {
    ImWorld world;
    (void)world.from_outside(foreign("juliet@corp.example", "later"));
    world.settle();
    world.stop_service();
    world.start_service();
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    EXPECT_EQ(body_of(juliet.next("message")), "later");
}

TEST(ImMessages, ComeBackWhenNoMoreIsKept) {
    Limits limits;
    limits.offline_stanzas = 8;  // a stranger has two of them
    ImWorld world{limits};
    for (int i = 0; i < 2; ++i) {
        (void)world.from_outside(foreign("juliet@corp.example", "kept"));
        EXPECT_FALSE(world.left());
    }
    const auto third = world.from_outside(foreign("juliet@corp.example", "too much"));
    EXPECT_EQ(condition_of(world.left()), "service-unavailable");
    EXPECT_TRUE(third->settled);
}

TEST(ImMessages, ThatSayNothingAreNotKept) {
    ImWorld world;
    for (const std::string content : {"<composing xmlns='http://jabber.org/protocol/chatstates'/>",
                                      "<body>x</body><no-store xmlns='urn:xmpp:hints'/>"}) {
        const auto delivery = world.from_outside(
            "<message from='nurse@other.example/x' to='juliet@corp.example' type='chat'>" + content + "</message>");
        EXPECT_FALSE(world.left());
        EXPECT_TRUE(delivery->settled);
    }
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    EXPECT_TRUE(juliet.silent("message"));
}

class Carbons : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(desk.online("desk", "<presence><priority>5</priority></presence>"));
        ASSERT_TRUE(phone.online("phone"));
        ASSERT_TRUE(phone.ask("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>"));
        desk.received.clear();
    }
    ImWorld world;
    Client desk{world, "juliet"}, phone{world, "juliet"};
};

TEST_F(Carbons, OfWhatIsReceivedAndSentReachTheOtherClient) {
    (void)world.from_outside(foreign("juliet@corp.example/desk", "in"));
    auto copy = phone.next("message");
    ASSERT_TRUE(copy);
    EXPECT_EQ(copy->attribute("from"), "juliet@corp.example");
    EXPECT_EQ(copy->attribute("to"), "juliet@corp.example/phone");
    const xml::Element* received = copy->child(ns::carbons, "received");
    ASSERT_NE(received, nullptr);
    EXPECT_EQ(body_of(*received->child(ns::forward, "forwarded")->child(ns::client, "message")), "in");
    desk.say(chat("nurse@other.example", "out"));
    copy = phone.next("message");
    ASSERT_TRUE(copy);
    const xml::Element* sent = copy->child(ns::carbons, "sent");
    ASSERT_NE(sent, nullptr);
    const xml::Element* inner = sent->child(ns::forward, "forwarded")->child(ns::client, "message");
    EXPECT_EQ(inner->attribute("from"), "juliet@corp.example/desk");
}

TEST_F(Carbons, AreNotMadeOfPrivateOrForgedMessages) {
    for (const std::string& more :
         {std::string{"<private xmlns='urn:xmpp:carbons:2'/>"}, std::string{"<no-copy xmlns='urn:xmpp:hints'/>"},
          std::string{"<sent xmlns='urn:xmpp:carbons:2'/>"}, std::string{"<received xmlns='urn:xmpp:carbons:2'/>"},
          std::string{"<x xmlns='http://jabber.org/protocol/muc#user'/>"}}) {
        (void)world.from_outside(
            "<message from='nurse@other.example/x' to='juliet@corp.example/desk' type='chat'><body>b</body>" + more +
            "</message>");
        EXPECT_TRUE(desk.next("message")) << more;
        EXPECT_TRUE(phone.silent("message")) << more;
    }
    (void)world.from_outside(foreign("juliet@corp.example/desk", "room", "groupchat"));
    EXPECT_TRUE(phone.silent("message"));
}

TEST(ImMessages, FromElsewhereInTheNameOfAUserAreDropped) {
    ImWorld world;
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    const auto delivery = world.from_outside(
        "<message from='romeo@corp.example/x' to='juliet@corp.example' type='chat'><body>b</body></message>");
    EXPECT_TRUE(juliet.silent("message"));
    EXPECT_TRUE(delivery->settled);
    EXPECT_EQ(world.log.count("im.forged"), 1U);
}

TEST(ImMessages, WaitWhileTheNextHopIsHeavy) {
    ImWorld world;
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    world.service->hold(true);
    juliet.say(chat("nurse@other.example", "x"));
    EXPECT_FALSE(world.left());
    world.service->hold(false);
    EXPECT_TRUE(world.left());
}

TEST(ImMessages, BoundTheRateOfAClient) {
    Limits limits;
    limits.client_burst_bytes = 16384;
    limits.client_bytes_per_second = 1024;
    ImWorld world{limits};
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    for (int batch = 0; batch < 10; ++batch) {
        for (int i = 0; i < 20; ++i) juliet.say(chat("nurse@other.example", std::string(500, 'x')));
        world.world.advance(std::chrono::milliseconds{20});
    }
    EXPECT_LT(world.outside.gone.size(), 100U);
    world.world.advance(std::chrono::minutes{3});
    EXPECT_EQ(world.outside.gone.size(), 200U);
}

TEST(ImMessages, KeptOnesComeBeforeThoseOfTheMomentOfLogin) {
    ImWorld world;
    std::vector<std::string> expected;
    const auto send = [&](const std::string& to) {
        expected.push_back(std::to_string(expected.size()));
        (void)world.from_outside(foreign(to, expected.back()));
    };
    for (int i = 0; i < 5; ++i) send("juliet@corp.example");
    world.settle();
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.login("desk"));
    juliet.say("<presence/>");
    // The disk is asked with the turn in which the presence is taken, and answers with a later one.
    ASSERT_TRUE(world.world.run_until([&] {
        const auto sessions = world.service->status().sessions;
        return !sessions.empty() && sessions.front().available;
    }));
    send("juliet@corp.example");
    send("juliet@corp.example/desk");
    send("juliet@corp.example");
    std::vector<std::string> got;
    while (const auto message = juliet.next("message")) got.push_back(body_of(message));
    EXPECT_EQ(got, expected);
}

TEST(ImMessages, KeptWhileAClientHasNoRoomComeWhenItHas) {
    for (const bool acknowledges : {false, true}) {
        Limits limits;
        limits.offline_bytes = 8 << 20;
        ImWorld world{limits};
        Client juliet{world, "juliet"};
        ASSERT_TRUE(juliet.online());
        if (acknowledges) {
            juliet.say("<enable xmlns='urn:xmpp:sm:3'/>");
            ASSERT_TRUE(juliet.next("enabled"));
        }
        juliet.read(false);
        std::vector<std::string> expected;
        const std::string filling(50000, 'x');
        for (int i = 0; i < 40; ++i) {
            expected.push_back(std::to_string(i) + filling);
            (void)world.from_outside(foreign("juliet@corp.example", expected.back()));
        }
        world.settle();
        ASSERT_TRUE(world.outside.gone.empty()) << "some were sent, the rest is on the disk";
        juliet.read(true);
        world.settle();
        expected.emplace_back("last");
        (void)world.from_outside(foreign("juliet@corp.example", expected.back()));
        world.settle();
        std::vector<std::string> got;
        while (const auto message = juliet.next("message")) got.push_back(body_of(message));
        EXPECT_EQ(got.size(), expected.size()) << "without another login";
        EXPECT_TRUE(got == expected) << "in order";
    }
}

TEST(ImMessages, WaitForKeptOnesNoLongerThanTheDiskIsWorth) {
    ImWorld world;
    world.stop_service();
    world.disk_is_stuck = true;
    world.start_service();
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.login());
    juliet.say("<presence/>");
    world.settle();
    (void)world.from_outside(foreign("juliet@corp.example", "one"));
    world.world.advance(std::chrono::seconds{6});
    EXPECT_EQ(body_of(juliet.next("message")), "one");
    (void)world.from_outside(foreign("juliet@corp.example", "two"));
    EXPECT_EQ(body_of(juliet.next("message")), "two");
}

TEST(ImMessages, WaitingBehindKeptOnesAreNotLostWhenTheClientGoes) {
    ImWorld world;
    (void)world.from_outside(foreign("juliet@corp.example", "0"));
    world.settle();
    std::shared_ptr<ImWorld::Delivery> late;
    {
        Client juliet{world, "juliet"};
        ASSERT_TRUE(juliet.login("desk"));
        juliet.say("<enable xmlns='urn:xmpp:sm:3'/><presence/>");
        ASSERT_TRUE(world.world.run_until([&] {
            const auto sessions = world.service->status().sessions;
            return !sessions.empty() && sessions.front().available;
        }));
        late = world.from_outside(foreign("juliet@corp.example", "1"));
        juliet.cut();
    }
    world.settle();
    EXPECT_TRUE(late->settled);
    Client again{world, "juliet"};
    ASSERT_TRUE(again.online());
    EXPECT_EQ(body_of(again.next("message")), "0");
    EXPECT_EQ(body_of(again.next("message")), "1");
}

TEST(ImMessages, ToMalformedAddressesComeBackAsGivenAndEndNothing) {
    ImWorld world;
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online("balcony"));
    juliet.say("<enable xmlns='urn:xmpp:sm:3'/>");
    ASSERT_TRUE(juliet.next("enabled"));
    for (const char* to : {"☃@other.example/r", "💩@corp.example", "@", "a@-", "a@b/", "a&amp;b@other.example"}) {
        juliet.say("<message to='" + std::string{to} + "' id='m1'><body>x</body></message>");
        const auto error = juliet.next("message", "error");
        ASSERT_TRUE(error) << to;
        EXPECT_EQ(condition_of(error), "jid-malformed");
        EXPECT_EQ(error->attribute("id"), "m1");
        EXPECT_EQ(xml::escaped(error->attribute("from")), to);
        juliet.say("<presence to='" + std::string{to} + "' type='subscribe'/>");
        EXPECT_EQ(condition_of(juliet.next("presence", "error")), "jid-malformed") << to;
    }
    juliet.say("<message to='☃@other.example' type='error'/>");
    EXPECT_TRUE(juliet.silent("message"));
    juliet.say(
        "<message to='nurse@other.example'><x xmlns='urn:x'><error "
        "xmlns='http://etherx.jabber.org/streams'/></x></message>");
    EXPECT_EQ(condition_of(juliet.next("message", "error")), "bad-request");
    juliet.say("<r xmlns='urn:xmpp:sm:3'/>");
    EXPECT_EQ(juliet.next("a")->attribute("h"), "14") << "each is a stanza that was handled";
    juliet.say(chat("nurse@other.example", "come"));
    EXPECT_EQ(body_of(world.left()), "come");
}

TEST(ImMessages, BeyondALimitAreReadPastAndReturned) {
    Limits limits;
    limits.after_auth = {10000, 50, 8, 16, 3071, 8};
    limits.client_bytes_per_second = limits.client_burst_bytes = 1 << 24;
    ImWorld world{limits};
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online("balcony"));
    juliet.say("<enable xmlns='urn:xmpp:sm:3'/>");
    ASSERT_TRUE(juliet.next("enabled"));
    std::string many;
    for (int i = 0; i < 60; ++i) many += "<a/>";
    int sent = 0;
    for (const std::string& body :
         {"<body>" + std::string(39000, 'x') + "</body>", many, "<x a='" + std::string(4000, 'y') + "'/>"}) {
        juliet.say("<message to='nurse@other.example' id='m" + std::to_string(++sent) + "'>" + body + "</message>");
        const auto error = juliet.next("message", "error");
        ASSERT_TRUE(error);
        EXPECT_EQ(condition_of(error), "policy-violation");
        EXPECT_EQ(error->attribute("id"), "m" + std::to_string(sent));
        EXPECT_EQ(error->attribute("from"), "nurse@other.example");
    }
    juliet.say("<iq to='nurse@other.example' id='i1' type='result'>" + many + "</iq>");
    EXPECT_TRUE(juliet.silent("iq")) << "a result is not answered";
    juliet.say("<r xmlns='urn:xmpp:sm:3'/>");
    EXPECT_EQ(juliet.next("a")->attribute("h"), "4");
    juliet.say("<message to='nurse@other.example'><body>" + std::string(41000, 'x'));
    EXPECT_TRUE(juliet.next("error")) << "four times the limit";
}

}  // namespace
}  // namespace sallyport::test
