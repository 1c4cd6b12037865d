// What strangers can do to a user: requests for subscription are few and short, vCards are given by measure, and every
// login survives what has come.
#include <gtest/gtest.h>

#include "proto/c2s/subscription.h"
#include "proto/xmpp/namespaces.h"
#include "unit/services/im/im_world.h"

namespace sallyport::test {
namespace {

namespace ns = xmpp::ns;

std::string request(const std::string& from, const std::string& inside = {}) {
    return "<presence from='" + from + "' to='juliet@corp.example' type='subscribe' id='q1'>" + inside + "</presence>";
}
std::string ask_vcard(const std::string& from) {
    return "<iq from='" + from + "' to='juliet@corp.example' type='get' id='v'><vCard xmlns='vcard-temp'/></iq>";
}
std::string condition_of(const std::optional<xml::Element>& stanza) {
    if (!stanza) return "nothing";
    const xml::Element* error = stanza->child(ns::client, "error");
    return error == nullptr || error->first_child() == nullptr ? "no error" : error->first_child()->name;
}

class Strangers : public testing::Test {
protected:
    explicit Strangers(Limits limits = {}) : world{limits} {}
    /// A login with acknowledgements; how many requests were shown.
    int shown_at_login() {
        Client juliet{world, "juliet"};
        EXPECT_TRUE(juliet.login());
        juliet.say("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        EXPECT_TRUE(juliet.next("enabled"));
        juliet.say("<presence/>");
        int shown = 0;
        while (juliet.next("presence", "subscribe")) ++shown;
        const auto answer = juliet.ask(
            "<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='friend@other.example'/></query></iq>");
        EXPECT_TRUE(answer && answer->attribute("type") == "result") << "the roster is full, or the session ended";
        EXPECT_FALSE(juliet.closed);
        juliet.say("</stream:stream>");
        world.settle();
        return shown;
    }
    std::size_t refused() {
        world.settle();
        std::size_t count = 0;
        while (!world.outside.gone.empty()) count += condition_of(world.left()) == "resource-constraint" ? 1 : 0;
        return count;
    }
    std::vector<io::StoredContact> waiting() {
        std::vector<io::StoredContact> found;
        world.directory->requests("juliet@corp.example", [&](const auto& contacts) { found = contacts.value(); });
        return found;
    }
    std::uint64_t forget(const std::string& from = {}, const std::string& user = "juliet@corp.example") {
        std::uint64_t count = 99;
        world.directory->forget_requests(user, from, [&](const auto& done) { count = done.value_or(77U); });
        return count;
    }
    ImWorld world;
};

TEST_F(Strangers, WithLongRequestsEndNoLogin) {
    const std::string large = "<status>" + std::string(200000, 's') +
                              "</status><nick xmlns='http://jabber.org/protocol/nick'>" + std::string(40000, 'n') +
                              "</nick>";
    for (int i = 0; i < 17; ++i) (void)world.from_outside(request("u" + std::to_string(i) + "@other.example", large));
    world.settle();
    for (int login = 0; login < 3; ++login) EXPECT_EQ(shown_at_login(), 17);
    const auto kept = waiting();
    ASSERT_EQ(kept.size(), 17U);
    for (const auto& one : kept) EXPECT_LT(one.request.size(), 2000U);
    EXPECT_NE(kept.front().request.find("q1"), std::string::npos) << "its id is kept";
}

TEST_F(Strangers, InGreatNumberEndNoLoginAndTakeNobodysPlaceOnTheRoster) {
    for (int i = 0; i < 1000; ++i) {
        (void)world.from_outside(request("u@d" + std::to_string(i) + ".example"));
        if (i % 100 == 0) world.settle();
    }
    world.settle();
    EXPECT_EQ(refused(), 950U);
    for (int login = 0; login < 3; ++login) EXPECT_EQ(shown_at_login(), 50);
    // Half of the places is the most for one domain.
    EXPECT_EQ(forget(), 50U);
    for (int i = 0; i < 60; ++i) (void)world.from_outside(request("u" + std::to_string(i) + "@other.example"));
    EXPECT_EQ(refused(), 35U);
    (void)world.from_outside(request("somebody@else.example"));
    EXPECT_EQ(shown_at_login(), 26);
}

TEST_F(Strangers, OfAnEarlierVersionsDatabaseEndNoLogin) {
    world.stop_service();
    const io::UserName juliet{"juliet", "corp.example"};
    const auto store = world.directory->store();
    for (int i = 0; i < 900; ++i) {
        io::StoredContact contact;
        contact.jid = "u" + std::to_string(i) + "@other.example";
        contact.state = static_cast<std::int64_t>(c2s::Subscription::none_in);
        contact.request = request(contact.jid, "<status>" + std::string(i < 30 ? 240000 : 10, 's') + "</status>");
        ASSERT_TRUE(store->put_contact(juliet, contact, 1));
    }
    world.start_service();
    for (int login = 0; login < 2; ++login) EXPECT_EQ(shown_at_login(), 50);
}

TEST_F(Strangers, AreForgottenOneOrAll) {
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    for (const char* from : {"a@other.example", "b@other.example", "c@other.example"}) {
        (void)world.from_outside(request(from));
        EXPECT_TRUE(juliet.next("presence", "subscribe"));
    }
    const auto counted = [&] { return waiting().size(); };
    EXPECT_EQ(counted(), 3U);
    EXPECT_EQ(forget("b@other.example"), 1U);
    EXPECT_EQ(counted(), 2U);
    EXPECT_EQ(forget("b@other.example"), 0U);
    EXPECT_EQ(forget(), 2U);
    EXPECT_EQ(counted(), 0U);
    EXPECT_EQ(forget({}, "nobody@corp.example"), 77U);
    world.settle();
    EXPECT_TRUE(juliet.silent()) << "nobody hears of it";
    EXPECT_TRUE(world.outside.gone.empty());
    // The account in memory knows it too: who asks again is heard again.
    (void)world.from_outside(request("b@other.example"));
    EXPECT_TRUE(juliet.next("presence", "subscribe"));
    EXPECT_EQ(shown_at_login(), 1);
}

class VcardBudget : public Strangers {
protected:
    static Limits small() {
        Limits limits;
        limits.vcard_bytes_per_minute = 20000;
        return limits;
    }
    VcardBudget() : Strangers{small()} {
        Client juliet{world, "juliet"};
        EXPECT_TRUE(juliet.online());
        const auto set = juliet.ask("<iq type='set' id='v'><vCard xmlns='vcard-temp'><DESC>" + std::string(8000, 'x') +
                                    "</DESC></vCard></iq>");
        EXPECT_TRUE(set && set->attribute("type") == "result");
        juliet.say("</stream:stream>");
        world.settle();
        world.outside.gone.clear();
    }
    /// Of `times` questions, how many were answered.
    int given(const std::string& from, int times) {
        int answered = 0;
        for (int i = 0; i < times; ++i) {
            (void)world.from_outside(ask_vcard(from));
            const auto answer = world.left();
            EXPECT_TRUE(answer);
            if (answer && answer->attribute("type") == "result") {
                ++answered;
            } else {
                EXPECT_EQ(condition_of(answer), "resource-constraint");
            }
        }
        return answered;
    }
};

TEST_F(VcardBudget, IsOfEachStrangerAndOfHisDomain) {
    EXPECT_EQ(given("a@other.example/one", 5), 2);
    EXPECT_EQ(given("a@other.example/two", 2), 0) << "another resource is the same stranger";
    EXPECT_EQ(given("b@other.example", 3), 2);
    EXPECT_EQ(given("a@else.example", 3), 2) << "another domain has its own";
    int of_domain = 4;
    for (int i = 0; i < 15; ++i) of_domain += given("x" + std::to_string(i) + "@other.example", 1);
    EXPECT_LE(of_domain, 19);
    EXPECT_EQ(given("y@other.example", 1), 0);
    EXPECT_EQ(given("b@else.example", 1), 1);
    world.world.advance(std::chrono::seconds{61});
    EXPECT_EQ(given("a@other.example", 3), 2) << "a minute later";
}

TEST_F(VcardBudget, IsNotForFriendsAndColleagues) {
    Client juliet{world, "juliet"}, romeo{world, "romeo"};
    ASSERT_TRUE(juliet.online());
    ASSERT_TRUE(romeo.online());
    for (int i = 0; i < 5; ++i) {
        const auto card = romeo.ask("<iq type='get' id='g' to='juliet@corp.example'><vCard xmlns='vcard-temp'/></iq>");
        EXPECT_TRUE(card && card->attribute("type") == "result");
    }
    (void)world.from_outside(request("nurse@other.example"));
    ASSERT_TRUE(juliet.next("presence", "subscribe"));
    juliet.say("<presence to='nurse@other.example' type='subscribed'/>");
    world.settle();
    world.outside.gone.clear();
    EXPECT_EQ(given("nurse@other.example", 5), 5);
}

}  // namespace
}  // namespace sallyport::test
