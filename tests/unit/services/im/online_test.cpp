// What an administrator sees of clients: sessions page by page, log-ins that were refused, and the end of a session.
#include <gtest/gtest.h>

#include "unit/services/im/im_world.h"

namespace sallyport::test {
namespace {

im::OnlineClient only(const im::OnlinePage& page) {
    EXPECT_EQ(page.clients.size(), 1U);
    return page.clients.empty() ? im::OnlineClient{} : page.clients.front();
}

TEST(Online, ShowsHowAClientLoggedInAndWhatItSaysOfItself) {
    ImWorld world;
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online(
        "balcony",
        "<presence><show>dnd</show><priority>7</priority><status>a secret</status>"
        "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://client.example' ver='x'/></presence>"));
    const im::OnlineClient shown = only(world.service->online({}));
    EXPECT_EQ(shown.user, "juliet@corp.example");
    EXPECT_EQ(shown.resource, "balcony");
    EXPECT_EQ(shown.mechanism, "SCRAM-SHA-256-PLUS");
    EXPECT_EQ(shown.binding, "tls-exporter");
    EXPECT_EQ(shown.client, "https://client.example");
    EXPECT_EQ(shown.show, "dnd");
    EXPECT_EQ(shown.priority, 7);
    EXPECT_TRUE(shown.available);
    EXPECT_TRUE(shown.connected);
    EXPECT_FALSE(shown.resumable_for);
    EXPECT_TRUE(shown.remote_address.starts_with("198.51.100.7:")) << shown.remote_address;
    EXPECT_FALSE(shown.tls.empty());
}

TEST(Online, TakesNoWordsOfAClientForOnesOfTheStandard) {
    ImWorld world;
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online("desk",
                              "<presence><show>&lt;script></show><c xmlns='http://jabber.org/protocol/caps'"
                              " hash='sha-1' node='" +
                                  std::string(5000, 'n') + "' ver='x'/></presence>"));
    const im::OnlineClient shown = only(world.service->online({}));
    EXPECT_EQ(shown.show, "");
    EXPECT_EQ(shown.client.size(), 200U);
}

TEST(Online, SaysThatALoginWasNotBound) {
    ImWorld world;
    Client juliet{world, "juliet"};
    juliet.connect();
    juliet.header();
    juliet.secure();
    juliet.header();
    juliet.authenticate("SCRAM-SHA-1", "n");
    ASSERT_EQ(juliet.failure, "");
    juliet.header();
    ASSERT_TRUE(juliet.bind("desk"));
    EXPECT_EQ(only(world.service->online({})).binding, "");
    EXPECT_EQ(only(world.service->online({})).mechanism, "SCRAM-SHA-1");
}

TEST(Online, SaysHowLongAClientThatIsGoneMayComeBackAndWhatWaitsForIt) {
    ImWorld world;
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    juliet.say("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
    ASSERT_TRUE(juliet.next("enabled"));
    juliet.cut();
    world.settle();
    const auto delivery =
        world.from_outside("<message from='nurse@other.example' to='juliet@corp.example'><body>one</body></message>");
    world.settle();
    im::OnlineQuery query;
    query.which = im::OnlineQuery::Which::connected;
    EXPECT_TRUE(world.service->online(query).clients.empty());
    query.which = im::OnlineQuery::Which::away;
    const im::OnlinePage page = world.service->online(query);
    const im::OnlineClient shown = only(page);
    EXPECT_FALSE(shown.connected);
    ASSERT_TRUE(shown.resumable_for);
    EXPECT_LE(*shown.resumable_for, std::chrono::seconds{300});
    EXPECT_GT(*shown.resumable_for, std::chrono::seconds{290});
    EXPECT_EQ(shown.unacknowledged, 1U);
    EXPECT_GT(shown.unacknowledged_bytes, 0U);
    EXPECT_EQ(page.sessions, 1U);
    EXPECT_EQ(page.away, 1U);
}

TEST(Online, ComesInPagesEachSessionOnce) {
    ImWorld world;
    std::vector<std::unique_ptr<Client>> clients;
    for (const char* user : {"juliet", "romeo"}) {
        for (const char* resource : {"one", "two", "three"}) {
            clients.push_back(std::make_unique<Client>(world, user));
            ASSERT_TRUE(clients.back()->online(resource));
        }
    }
    for (std::size_t most = 1; most <= 7; ++most) {
        std::vector<std::string> seen;
        im::OnlineQuery query;
        query.most = most;
        for (unsigned pages = 0; pages < 10; ++pages) {
            const im::OnlinePage page = world.service->online(query);
            EXPECT_LE(page.clients.size(), most);
            for (const im::OnlineClient& client : page.clients) seen.push_back(client.user + "/" + client.resource);
            if (!page.next) break;
            query.after = *page.next;
        }
        const std::vector<std::string> expected{"juliet@corp.example/one",   "juliet@corp.example/two",
                                                "juliet@corp.example/three", "romeo@corp.example/one",
                                                "romeo@corp.example/two",    "romeo@corp.example/three"};
        EXPECT_EQ(seen, expected) << most;
    }
    std::vector<std::string> away;
    im::OnlineQuery few;
    few.looks = 3;
    few.which = im::OnlineQuery::Which::connected;
    unsigned turns = 0;
    for (bool more = true; more && turns < 20; ++turns) {
        const im::OnlinePage page = world.service->online(few);
        EXPECT_LE(page.clients.size(), 2U) << "a turn has its bound, however many are wanted";
        for (const im::OnlineClient& client : page.clients) away.push_back(client.resource);
        more = page.next.has_value();
        if (more) few.after = *page.next;
    }
    EXPECT_EQ(away, (std::vector<std::string>{"one", "two", "three", "one", "two", "three"}));
    EXPECT_GE(turns, 3U);
    im::OnlineQuery query;
    query.user = "rom";
    EXPECT_EQ(world.service->online(query).clients.size(), 3U);
    query.user = "nobody";
    EXPECT_TRUE(world.service->online(query).clients.empty());
}

TEST(Online, EndsOneSessionAndNoOther) {
    ImWorld world;
    Client desk{world, "juliet"}, phone{world, "juliet"};
    ASSERT_TRUE(desk.online("desk"));
    ASSERT_TRUE(phone.online("phone"));
    const auto jid = xmpp::Jid::parse("juliet@corp.example/phone").value();
    const std::uint64_t number = world.service->online({}).clients.back().number;
    EXPECT_EQ(world.service->end_client(jid, number + 1).error().code, "client-changed");
    ASSERT_TRUE(world.service->end_client(jid, number));
    world.settle();
    EXPECT_TRUE(phone.closed || phone.footer);
    EXPECT_FALSE(desk.closed || desk.footer);
    EXPECT_EQ(only(world.service->online({})).resource, "desk");
    EXPECT_EQ(world.service->online({}).sessions, 1U);
    EXPECT_EQ(world.service->end_client(jid, 0).error().code, "client-unknown");
    Client again{world, "juliet"};
    EXPECT_TRUE(again.online("phone"));
}

TEST(Online, RemembersWhoseLoginWasRefusedAndWhyButNoPassword) {
    ImWorld world;
    for (unsigned i = 0; i < 2; ++i) {
        Client wrong{world, "juliet", "a wrong password"};
        EXPECT_FALSE(wrong.login());
    }
    Client nobody{world, "nobody"};
    EXPECT_FALSE(nobody.login());
    const auto refused = world.service->refused_logins(10);
    ASSERT_EQ(refused.size(), 2U);
    EXPECT_EQ(refused[0].user, "nobody@corp.example");
    EXPECT_EQ(refused[1].user, "juliet@corp.example");
    EXPECT_EQ(refused[1].count, 2U);
    EXPECT_NE(refused[0].why, refused[1].why) << "the administrator may know that there is no such user";
    for (const im::RefusedLogin& one : refused) {
        EXPECT_EQ(one.from.text(), "198.51.100.7");
        EXPECT_EQ(one.condition, "not-authorized");
        EXPECT_EQ(one.why.find("a wrong password"), std::string::npos);
    }
}

TEST(RefusedLogins, AreBoundedAndOneAddressDoesNotPushOutTheOthers) {
    im::RefusedLogins logins{16};
    const auto note = [&](const char* address, const std::string& user) {
        im::RefusedLogin login;
        login.from = *IpAddress::parse(address);
        login.user = user;
        logins.note(login);
    };
    note("192.0.2.1", "anna");
    for (unsigned i = 0; i < 1000; ++i) note("198.51.100.7", "guess" + std::to_string(i));
    EXPECT_EQ(logins.size(), 5U) << "a quarter of the room, and anna's";
    EXPECT_EQ(logins.latest(100).back().user, "anna");
    for (unsigned i = 0; i < 1000; ++i) {
        note(("10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250)).c_str(), "many");
    }
    EXPECT_EQ(logins.size(), 16U);
    EXPECT_EQ(logins.latest(3).size(), 3U);
}

}  // namespace
}  // namespace sallyport::test
