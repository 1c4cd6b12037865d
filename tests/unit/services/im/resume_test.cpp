// Acknowledgements and resumption (XEP-0198): nothing is lost, nothing comes twice.
#include <gtest/gtest.h>

#include <algorithm>

#include "proto/xmpp/namespaces.h"
#include "unit/services/im/im_world.h"

namespace sallyport::test {
namespace {

std::string foreign(const std::string& body, const std::string& to = "juliet@corp.example") {
    return "<message from='nurse@other.example/x' to='" + to + "' type='chat'><body>" + body + "</body></message>";
}
std::string body_of(const std::optional<xml::Element>& message) {
    return message ? message->child(xmpp::ns::client, "body")->text() : "nothing";
}

class Resume : public testing::Test {
protected:
    explicit Resume(Limits limits = {}) : world{limits} {}
    void begin(Client& client, const std::string& resource = "desk") {
        ASSERT_TRUE(client.online(resource));
        client.say("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        const auto enabled = client.next("enabled");
        ASSERT_TRUE(enabled);
        id = enabled->attribute("id");
        EXPECT_FALSE(id.empty());
    }
    /// A new connection up to the answer to `<resume/>`.
    std::optional<xml::Element> resume(Client& client, unsigned h) {
        client.connect();
        client.header();
        client.secure();
        client.header();
        client.authenticate();
        EXPECT_EQ(client.failure, "");
        client.header();
        client.say("<resume xmlns='urn:xmpp:sm:3' previd='" + id + "' h='" + std::to_string(h) + "'/>");
        return client.next();
    }
    ImWorld world;
    std::string id;
};

TEST_F(Resume, SettlesATicketWhenTheClientAcknowledges) {
    Client juliet{world, "juliet"};
    begin(juliet);
    const auto delivery = world.from_outside(foreign("one"));
    EXPECT_EQ(body_of(juliet.next("message")), "one");
    EXPECT_TRUE(juliet.next("r"));
    EXPECT_FALSE(delivery->settled);
    juliet.say("<a xmlns='urn:xmpp:sm:3' h='1'/>");
    world.settle();
    EXPECT_TRUE(delivery->settled);
}

TEST_F(Resume, WithoutACountIsDeclinedAndTheClientBinds) {
    Client juliet{world, "juliet"};
    juliet.connect();
    juliet.header();
    juliet.secure();
    juliet.header();
    juliet.authenticate();
    juliet.header();
    juliet.say("<resume xmlns='urn:xmpp:sm:3' previd='x'/>");
    const auto failed = juliet.next();
    ASSERT_TRUE(failed);
    EXPECT_EQ(failed->name, "failed");
    EXPECT_EQ(failed->first_child()->name, "bad-request");
    juliet.say("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
    const auto bound = juliet.next("iq");
    ASSERT_TRUE(bound);
    EXPECT_EQ(bound->attribute("type"), "result");
    EXPECT_FALSE(juliet.closed);
}

TEST_F(Resume, GivesTheClientWhatItDidNotAcknowledge) {
    Client juliet{world, "juliet"}, again{world, "juliet"};
    begin(juliet);
    const auto one = world.from_outside(foreign("one"));
    const auto two = world.from_outside(foreign("two"));
    EXPECT_EQ(body_of(juliet.next("message")), "one");
    juliet.cut();
    const auto three = world.from_outside(foreign("three"));
    const auto resumed = resume(again, 1);
    ASSERT_TRUE(resumed);
    EXPECT_EQ(resumed->name, "resumed");
    EXPECT_EQ(body_of(again.next("message")), "two");
    EXPECT_EQ(body_of(again.next("message")), "three");
    EXPECT_TRUE(one->settled);
    EXPECT_FALSE(two->settled);
    again.say("<a xmlns='urn:xmpp:sm:3' h='3'/>");
    world.settle();
    EXPECT_TRUE(two->settled && three->settled);
    EXPECT_EQ(world.service->status().sessions.size(), 1U);
}

/// A phone that loses its connection again and again and takes another resource each time.
class FewResources : public Resume {
protected:
    FewResources()
        : Resume{[] {
              Limits limits;
              limits.client_resources = 2;
              return limits;
          }()} {}
};

TEST_F(FewResources, AreNotTakenByClientsThatAreAway) {
    Client desk{world, "juliet"};
    ASSERT_TRUE(desk.online("desk"));
    for (int n = 0; n < 5; ++n) {
        Client phone{world, "juliet"};
        begin(phone, "phone" + std::to_string(n));
        const auto sent = world.from_outside(foreign("kept", "juliet@corp.example/phone" + std::to_string(n)));
        phone.cut();
        world.settle();
        EXPECT_FALSE(sent->settled) << "its session waits for it";
    }
    EXPECT_EQ(world.service->status().sessions.size(), 2U);
    // What the phones never confirmed went to the client that is there.
    for (int n = 0; n < 4; ++n) EXPECT_EQ(body_of(desk.next("message")), "kept") << n;
    Client tablet{world, "juliet"}, another{world, "juliet"};
    EXPECT_TRUE(tablet.login("tablet")) << "the last phone makes room";
    EXPECT_FALSE(another.login("another")) << "both are connected";
}

TEST_F(Resume, TellsTheClientWhatWasReceivedSoThatNothingComesTwice) {
    Client juliet{world, "juliet"}, again{world, "juliet"};
    begin(juliet);
    juliet.say(
        "<message to='nurse@other.example'><body>a</body></message><message "
        "to='nurse@other.example'><body>b</body></message>");
    world.settle();
    ASSERT_EQ(world.outside.gone.size(), 2U);
    EXPECT_TRUE(world.left());  // the first is delivered, the second on its way
    juliet.cut();
    const auto resumed = resume(again, 0);
    ASSERT_TRUE(resumed);
    EXPECT_EQ(resumed->attribute("h"), "2") << "what is on its way is not to be sent again";
    // The counts of both sides agree from here on: neither less than was told, nor more than was sent.
    const auto counted = [&]() -> std::string {
        again.say("<r xmlns='urn:xmpp:sm:3'/>");
        const auto answer = again.next("a");
        return answer ? std::string{answer->attribute("h")} : "nothing";
    };
    EXPECT_EQ(counted(), "2");
    again.say("<message to='nurse@other.example'><body>c</body></message>");
    world.settle();
    EXPECT_EQ(counted(), "2");
    while (world.left()) {
    }
    world.settle();
    EXPECT_EQ(counted(), "3");
}

TEST_F(Resume, CountsAgreeOverManyResumptions) {
    Client first{world, "juliet"};
    begin(first);
    unsigned sent = 0;
    Client* now = &first;
    std::vector<std::unique_ptr<Client>> all;
    for (int round = 0; round < 5; ++round) {
        for (int i = 0; i < 3; ++i) {
            now->say("<message to='nurse@other.example'><body>" + std::to_string(++sent) + "</body></message>");
        }
        world.settle();
        (void)world.left();
        now->cut();
        all.push_back(std::make_unique<Client>(world, "juliet"));
        now = all.back().get();
        const auto resumed = resume(*now, 0);
        ASSERT_TRUE(resumed);
        // A client sends again what is beyond it.
        EXPECT_EQ(resumed->attribute("h"), std::to_string(sent));
    }
    while (world.left()) {
    }
    now->say("<r xmlns='urn:xmpp:sm:3'/>");
    EXPECT_EQ(now->next("a")->attribute("h"), std::to_string(sent));
}

TEST_F(Resume, KeepsOnTheDiskWhatNobodyCameBackFor) {
    Client juliet{world, "juliet"};
    begin(juliet);
    const auto one = world.from_outside(foreign("one"));
    EXPECT_EQ(body_of(juliet.next("message")), "one");
    juliet.cut();
    world.world.advance(std::chrono::seconds{301});
    EXPECT_TRUE(one->settled);
    EXPECT_EQ(world.service->status().sessions.size(), 0U);
    Client again{world, "juliet"};
    ASSERT_TRUE(again.online());
    EXPECT_EQ(body_of(again.next("message")), "one");
}

TEST_F(Resume, KeepsWhatWasOnItsWayFromTheDisk) {
    (void)world.from_outside(foreign("old"));
    world.settle();
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.login());
    juliet.say("<enable xmlns='urn:xmpp:sm:3' resume='true'/><presence/>");
    EXPECT_EQ(body_of(juliet.next("message")), "old");
    juliet.cut();
    world.world.advance(std::chrono::seconds{301});
    Client again{world, "juliet"};
    ASSERT_TRUE(again.online());
    EXPECT_EQ(body_of(again.next("message")), "old");
    EXPECT_TRUE(again.silent("message"));
}

TEST_F(Resume, GoesToAnotherClientWhenOneIsThere) {
    Client juliet{world, "juliet"}, phone{world, "juliet"};
    begin(juliet);
    const auto one = world.from_outside(foreign("one"));
    EXPECT_EQ(body_of(juliet.next("message")), "one");
    juliet.cut();
    ASSERT_TRUE(phone.online("phone"));
    world.world.advance(std::chrono::seconds{301});
    EXPECT_EQ(body_of(phone.next("message")), "one");
    EXPECT_TRUE(one->settled);
}

TEST_F(Resume, IsRefusedToOthersAndForWrongCounts) {
    Client juliet{world, "juliet"};
    begin(juliet);
    juliet.cut();
    Client romeo{world, "romeo"}, liar{world, "juliet"};
    EXPECT_EQ(resume(romeo, 0)->name, "failed");
    EXPECT_EQ(resume(liar, 5)->name, "failed");
    EXPECT_TRUE(liar.bind("other"));
}

TEST_F(Resume, EndsAStreamThatAcknowledgesTooMuch) {
    Client juliet{world, "juliet"};
    begin(juliet);
    juliet.say("<a xmlns='urn:xmpp:sm:3' h='9'/>");
    const auto error = juliet.next("error");
    ASSERT_TRUE(error);
    EXPECT_NE(error->child(xmpp::ns::stream_management, "handled-count-too-high"), nullptr);
}

TEST_F(Resume, EndsWithAClosingTag) {
    Client juliet{world, "juliet"};
    begin(juliet);
    juliet.say("</stream:stream>");
    world.settle();
    EXPECT_EQ(world.service->status().sessions.size(), 0U);
}

class SmallWindow : public Resume {
protected:
    static Limits small() {
        Limits limits;
        limits.client_queue_stanzas = 16;
        return limits;
    }
    SmallWindow() : Resume{small()} {}
};

TEST_F(SmallWindow, EndsASessionThatAcknowledgesNothing) {
    Client juliet{world, "juliet"};
    begin(juliet);
    juliet.cut();
    std::vector<std::shared_ptr<ImWorld::Delivery>> all;
    for (int i = 0; i < 30; ++i) all.push_back(world.from_outside(foreign(std::to_string(i))));
    world.settle();
    for (const auto& delivery : all) EXPECT_TRUE(delivery->settled);
    Client again{world, "juliet"};
    ASSERT_TRUE(again.online());
    for (int i = 0; i < 30; ++i) EXPECT_NE(body_of(again.next("message")), "nothing");
}

class Away : public Resume {
protected:
    void restart(im::AwayBounds bounds) {
        world.stop_service();
        world.away = bounds;
        world.start_service();
    }
    [[nodiscard]] std::vector<std::string> sessions() const {
        std::vector<std::string> all;
        for (const auto& session : world.service->status().sessions) all.push_back(session.jid);
        return all;
    }
};

TEST_F(Away, AreBoundedForTheWholeNodeAndTheOneThatIsAwayLongestEnds) {
    im::AwayBounds bounds;
    bounds.sessions = 2;
    restart(bounds);
    for (const char* resource : {"a", "b", "c"}) {
        Client juliet{world, "juliet"};
        begin(juliet, resource);
        juliet.cut();
        world.settle();
    }
    EXPECT_EQ(sessions(), (std::vector<std::string>{"juliet@corp.example/b", "juliet@corp.example/c"}));
    EXPECT_GE(world.log.count("im.limit"), 1U);
    TableFills all;
    world.service->tables(all);
    const auto row = std::find_if(all.begin(), all.end(), [](const auto& table) { return table.name == "users.away"; });
    ASSERT_NE(row, all.end());
    EXPECT_EQ(row->entries, 2U);
    EXPECT_EQ(row->bound, 2U);
    // Who is back leaves its place.
    Client again{world, "juliet"};
    const auto resumed = resume(again, 0);
    ASSERT_TRUE(resumed);
    EXPECT_EQ(resumed->name, "resumed");
    Client romeo{world, "romeo"};
    begin(romeo);
    romeo.cut();
    world.settle();
    EXPECT_EQ(sessions().size(), 3U);
}

TEST_F(Away, WhoIsFloodedEndsAndItsMessagesWaitOnTheDisk) {
    im::AwayBounds bounds;
    bounds.bytes = 128 << 10;
    restart(bounds);
    {
        Client juliet{world, "juliet"}, romeo{world, "romeo"};
        begin(juliet);
        begin(romeo);
        juliet.cut();
        romeo.cut();
    }
    world.settle();
    (void)world.from_outside(foreign("small", "romeo@corp.example"));
    for (int n = 0; n < 20; ++n) (void)world.from_outside(foreign(std::string(10000, 'x')));
    world.settle();
    EXPECT_EQ(sessions(), std::vector<std::string>{"romeo@corp.example/desk"});
    EXPECT_TRUE(world.outside.gone.empty()) << "nothing comes back";
    Client again{world, "romeo"};
    const auto resumed = resume(again, 0);
    ASSERT_TRUE(resumed);
    EXPECT_EQ(resumed->name, "resumed");
    EXPECT_EQ(body_of(again.next("message")), "small");
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    for (int n = 0; n < 20; ++n) EXPECT_TRUE(juliet.next("message")) << n;
    // What was counted is counted no more: there is as much room as before.
    again.say("<a xmlns='urn:xmpp:sm:3' h='1'/>");
    again.cut();
    world.settle();
    for (int n = 0; n < 10; ++n) (void)world.from_outside(foreign(std::string(9000, 'x'), "romeo@corp.example"));
    world.settle();
    EXPECT_EQ(sessions().size(), 2U);
}

}  // namespace
}  // namespace sallyport::test
