// A stanza at which a user's client ends its stream each time: it goes back to its sender, and its user is not locked
// out.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "proto/xmpp/namespaces.h"
#include "services/im/account.h"
#include "unit/services/im/im_world.h"

namespace sallyport::test {
namespace {

std::string from_nurse(const std::string& body) {
    return "<message from='nurse@other.example/x' to='juliet@corp.example' id='" + body + "' type='chat'><body>" +
           body + "</body></message>";
}

enum class Death { error, footer, fin, reset };

/// A client, with XEP-0198 or without, that dies when it reads "poison".
struct Fragile {
    Fragile(ImWorld& world, Death death_, bool manages_ = true)
        : client{world, "juliet"}, death{death_}, acknowledges{manages_}, manages{manages_} {}

    /// A new session.
    [[nodiscard]] bool login() {
        if (!client.login("desk")) return false;
        if (!manages) {
            client.say("<presence/>");
            return true;
        }
        client.say("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        const auto enabled = client.next("enabled");
        if (enabled) id = enabled->attribute("id");
        client.say("<presence/>");
        return enabled.has_value();
    }
    /// The session of another connection. The name of the answer.
    std::string resume(const Fragile& before) {
        client.connect();
        client.header();
        client.secure();
        client.header();
        client.authenticate();
        client.header();
        id = before.id;
        count = before.count;
        client.say("<resume xmlns='urn:xmpp:sm:3' previd='" + id + "' h='" + std::to_string(count) + "'/>");
        const auto answer = client.next();
        return answer ? answer->name : "nothing";
    }
    /// Reads and acknowledges until nothing comes, or until it dies, of poison or of the `most`th message.
    void live(std::size_t most = 1000) {
        while (!dead) {
            const auto element = client.next();
            if (!element) return;
            if (element->name == "r" && acknowledges) {
                client.say("<a xmlns='urn:xmpp:sm:3' h='" + std::to_string(count) + "'/>");
            }
            if (element->name != "message" && element->name != "presence" && element->name != "iq") continue;
            if (element->name == "message") {
                const std::string body = element->child(xmpp::ns::client, "body")->text();
                if (body == "poison") return die();
                bodies.push_back(body);
            }
            ++count;
            if (bodies.size() < most) continue;
            if (acknowledges) client.say("<a xmlns='urn:xmpp:sm:3' h='" + std::to_string(count) + "'/>");
            return die();
        }
    }
    void die() {
        dead = true;
        switch (death) {
            case Death::error:
                client.say(
                    "<stream:error><not-well-formed xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>");
                [[fallthrough]];
            case Death::footer:
                client.say("</stream:stream>");
                client.world.settle();
                return;
            case Death::fin: return client.crash();
            case Death::reset: return client.cut();
        }
    }
    Client client;
    Death death;
    std::string id;
    unsigned count = 0;
    bool dead = false, acknowledges, manages;
    std::vector<std::string> bodies;
};

class Poison : public testing::TestWithParam<Death> {
protected:
    void keep(const std::string& body) {
        (void)world.from_outside(from_nurse(body));
        world.settle();
    }
    /// What the sender of "poison" heard; everything else stays.
    [[nodiscard]] std::string answer() {
        const auto gone = world.left();
        if (!gone) return "nothing";
        EXPECT_EQ(gone->attribute("id"), "poison");
        EXPECT_EQ(gone->attribute("to"), "nurse@other.example/x");
        const xml::Element* error = gone->child(xmpp::ns::client, "error");
        return error == nullptr ? "no error" : error->first_child()->name;
    }
    /// So often a client may have to die of it: one ending, or two losses, find the suspects.
    [[nodiscard]] unsigned patience() const { return GetParam() == Death::reset ? 6 : 3; }
    [[nodiscard]] unsigned suspicion() const { return GetParam() == Death::reset ? 2 : 1; }
    ImWorld world;
};
INSTANTIATE_TEST_SUITE_P(Deaths, Poison, testing::Values(Death::error, Death::footer, Death::fin, Death::reset));

TEST_P(Poison, ThatWasKeptLocksNobodyOut) {
    for (const char* body : {"1", "2", "poison", "3"}) keep(body);
    std::multiset<std::string> had;
    unsigned deaths = 0;
    for (bool dead = true; dead && deaths <= patience(); deaths += dead ? 1 : 0) {
        Fragile juliet{world, GetParam()};
        ASSERT_TRUE(juliet.login());
        juliet.live();
        dead = juliet.dead;
        had.insert(juliet.bodies.begin(), juliet.bodies.end());
    }
    EXPECT_LE(deaths, patience());
    EXPECT_GE(deaths, 2U);
    for (const char* body : {"1", "2", "3"}) EXPECT_TRUE(had.contains(body)) << body;
    EXPECT_EQ(had.count("3"), 1U);
    EXPECT_EQ(answer(), "not-acceptable");
    EXPECT_EQ(world.left(), std::nullopt) << "told once";
    EXPECT_EQ(world.log.count("im.stanza.taken-out"), 1U);
    EXPECT_EQ(world.log.last("im.stanza.taken-out", "user"), "juliet@corp.example");
    EXPECT_EQ(world.log.dump().find("<body>"), std::string::npos);
}

TEST_P(Poison, OfALiveSessionLocksNobodyOut) {
    std::vector<std::unique_ptr<Fragile>> all;
    all.push_back(std::make_unique<Fragile>(world, GetParam()));
    ASSERT_TRUE(all.back()->login());
    all.back()->live();
    const bool resumes = GetParam() == Death::fin || GetParam() == Death::reset;
    const auto delivery = world.from_outside(from_nurse("poison"));
    for (all.back()->live(); all.back()->dead && all.size() <= patience() + 1; all.back()->live()) {
        auto next = std::make_unique<Fragile>(world, GetParam());
        if (resumes) {
            ASSERT_EQ(next->resume(*all.back()), "resumed");
        } else {
            ASSERT_TRUE(next->login());
        }
        all.push_back(std::move(next));
    }
    EXPECT_GE(all.size(), 3U) << "it was tried twice";
    Fragile& juliet = *all.back();
    (void)world.from_outside(from_nurse("behind"));
    juliet.live();
    EXPECT_FALSE(juliet.dead);
    EXPECT_EQ(juliet.bodies, std::vector<std::string>{"behind"});
    EXPECT_EQ(answer(), "not-acceptable");
    EXPECT_TRUE(delivery->settled);
    // The counts of both sides agree still.
    (void)world.from_outside(from_nurse("last"));
    juliet.live();
    EXPECT_EQ(juliet.bodies, (std::vector<std::string>{"behind", "last"}));
    EXPECT_EQ(world.service->status().sessions.front().unacknowledged, 0U);
}

TEST_P(Poison, IsRememberedByTheNextProcess) {
    keep("poison");
    unsigned deaths = 0;
    for (bool dead = true; dead && deaths <= patience(); deaths += dead ? 1 : 0) {
        Fragile juliet{world, GetParam()};
        ASSERT_TRUE(juliet.login());
        juliet.live();
        dead = juliet.dead;
        world.stop_service();
        world.start_service();
    }
    EXPECT_LE(deaths, patience());
}

TEST_P(Poison, IsTakenOutByTheNextProcessWhenItsOwnDied) {
    keep("poison");
    keep("behind");
    const auto kept = world.directory->store()->kept({"juliet", "corp.example"}, {}, {100, 1 << 20});
    ASSERT_TRUE(
        world.directory->store()->blame({"juliet", "corp.example"}, {{kept->stanzas.at(0).number, im::most_blame}}));
    Fragile juliet{world, GetParam()};
    ASSERT_TRUE(juliet.login());
    juliet.live();
    EXPECT_FALSE(juliet.dead);
    EXPECT_EQ(juliet.bodies, std::vector<std::string>{"behind"});
    EXPECT_EQ(answer(), "not-acceptable");
    EXPECT_EQ(world.directory->store()->kept({"juliet", "corp.example"}, {}, {1, 1})->stanzas.size(), 0U);
}

TEST_P(Poison, IsNothingThatAClientReadsAndAcknowledges) {
    std::set<std::string> wanted;
    for (int n = 0; n < 30; ++n) {
        keep(std::to_string(n));
        wanted.insert(std::to_string(n));
    }
    std::set<std::string> had;
    // Its connections end again and again, with something on its way to it.
    for (int round = 0; round < 40 && had != wanted; ++round) {
        Fragile juliet{world, GetParam()};
        ASSERT_TRUE(juliet.login());
        juliet.live(2);
        had.insert(juliet.bodies.begin(), juliet.bodies.end());
        if (!juliet.dead) break;
    }
    EXPECT_EQ(had, wanted);
    EXPECT_EQ(world.log.count("im.stanza.taken-out"), 0U);
    EXPECT_EQ(answer(), "nothing");
}

TEST_P(Poison, MakesNobodyWaitWhoseClientAcknowledgesNothing) {
    for (const char* body : {"1", "2", "3"}) keep(body);
    // Two losses make suspects, or one ending by the client.
    for (unsigned ending = 0; ending < suspicion(); ++ending) {
        Fragile first{world, GetParam()};
        first.acknowledges = false;
        ASSERT_TRUE(first.login());
        first.live(1);
        ASSERT_TRUE(first.dead);
    }
    Fragile juliet{world, GetParam()};
    juliet.acknowledges = false;
    ASSERT_TRUE(juliet.login());
    juliet.live();
    EXPECT_TRUE(juliet.bodies.empty()) << "its own presence has not been acknowledged";
    world.world.advance(std::chrono::seconds{10});
    juliet.live();
    EXPECT_EQ(juliet.bodies, (std::vector<std::string>{"1", "2", "3"}));
}

/// Without XEP-0198 a closing tag says that all has been read; every other ending leaves it open.
TEST_P(Poison, LocksNobodyOutWhoseClientAcknowledgesNothingEver) {
    for (const char* body : {"1", "2", "poison", "3"}) keep(body);
    std::multiset<std::string> had;
    unsigned deaths = 0;
    for (bool dead = true; dead && deaths <= patience(); deaths += dead ? 1 : 0) {
        Fragile juliet{world, GetParam(), false};
        ASSERT_TRUE(juliet.login());
        juliet.live();
        dead = juliet.dead;
        had.insert(juliet.bodies.begin(), juliet.bodies.end());
    }
    EXPECT_LE(deaths, patience());
    for (const char* body : {"1", "2"}) EXPECT_TRUE(had.contains(body)) << body;
    EXPECT_EQ(had.contains("3"), GetParam() != Death::footer);
    EXPECT_EQ(answer(), GetParam() == Death::footer ? "nothing" : "not-acceptable");
    EXPECT_EQ(world.left(), std::nullopt) << "told once";
    world.settle();
    EXPECT_EQ(world.directory->store()->kept({"juliet", "corp.example"}, {}, {1, 1})->stanzas.size(), 0U);
}

}  // namespace
}  // namespace sallyport::test
