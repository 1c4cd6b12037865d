// Presence that contacts elsewhere ask for: a short question must not fetch long answers without measure, and nobody
// else hears less because one asks too much.
#include <gtest/gtest.h>

#include <algorithm>

#include "proto/xmpp/namespaces.h"
#include "unit/services/im/im_world.h"

namespace sallyport::test {
namespace {

using std::chrono::seconds;

class Probing : public testing::Test {
protected:
    explicit Probing(Limits limits = {}) : world{limits}, juliet{world, "juliet"} {
        EXPECT_TRUE(juliet.online("balcony"));
    }
    void befriend(const std::string& contact) {
        (void)world.from_outside(presence(contact, "subscribe"));
        EXPECT_TRUE(juliet.next("presence", "subscribe")) << contact;
        juliet.say("<presence to='" + contact + "' type='subscribed'/>");
        world.world.advance(seconds{5});
        world.outside.gone.clear();
    }
    static std::string presence(const std::string& from, const std::string& type) {
        return "<presence from='" + from + "' to='juliet@corp.example' type='" + type + "'/>";
    }
    void ask(const std::string& from, int times = 1, const std::string& type = "probe") {
        for (int i = 0; i < times; ++i) {
            const auto delivery = world.from_outside(presence(from, type));
            if (i % 100 == 0) world.settle_now();
            asked.push_back(delivery);
        }
        world.settle_now();
    }
    /// Stanzas of that type that left for `to`; "" is presence of somebody who is there.
    std::ptrdiff_t told(const std::string& to, const std::string& type = "") {
        return std::count_if(world.outside.gone.begin(), world.outside.gone.end(), [&](const Outside::Gone& gone) {
            return gone.tree.attribute("to") == to && gone.tree.attribute("type") == type;
        });
    }
    ImWorld world;
    Client juliet;
    std::vector<std::shared_ptr<ImWorld::Delivery>> asked;
};

TEST_F(Probing, AgainAndAgainIsAnsweredOnceInAWhile) {
    befriend("nurse@other.example");
    befriend("friar@else.example");
    ask("nurse@other.example", 500);
    ask("friar@else.example");
    EXPECT_EQ(told("nurse@other.example"), 1) << "the first at once";
    EXPECT_EQ(told("friar@else.example"), 1) << "nobody else waits";
    // What is no longer true is not the last that the contact hears.
    world.world.advance(seconds{10});
    EXPECT_EQ(told("nurse@other.example"), 2) << "the others together";
    EXPECT_TRUE(std::all_of(asked.begin(), asked.end(), [](const auto& one) { return one->settled; }));
    ask("nurse@other.example");
    EXPECT_EQ(told("nurse@other.example"), 3) << "after a while at once again";
    // The same for those who may not see it, and for nobody's presence.
    ask("spy@other.example/x", 500);
    EXPECT_EQ(told("spy@other.example", "unsubscribed"), 1);
}

TEST_F(Probing, FromManyResourcesIsOneContactsAsking) {
    befriend("nurse@other.example");
    for (int i = 0; i < 200; ++i) ask("nurse@other.example/" + std::to_string(i));
    world.world.advance(seconds{10});
    EXPECT_EQ(told("nurse@other.example/0"), 1);
    EXPECT_EQ(told("nurse@other.example"), 1) << "the others together: where it shares out presence";
    EXPECT_EQ(world.outside.gone.size(), 2U);
}

TEST_F(Probing, BySubscribingOnceMoreIsAnsweredOnceInAWhileToo) {
    befriend("nurse@other.example");
    ask("nurse@other.example", 500, "subscribe");
    EXPECT_EQ(told("nurse@other.example", "subscribed"), 1);
    EXPECT_EQ(told("nurse@other.example"), 1);
    world.world.advance(seconds{10});
    EXPECT_EQ(told("nurse@other.example", "subscribed"), 2);
    EXPECT_EQ(told("nurse@other.example"), 2);
    EXPECT_TRUE(juliet.silent("presence")) << "she has answered long ago";
}

class ProbingBudget : public Probing {
protected:
    static Limits small() {
        Limits limits;
        limits.presence_bytes_per_minute = 16384;
        return limits;
    }
    ProbingBudget() : Probing{small()} {
        juliet.say("<presence><status>" + std::string(7000, 's') + "</status></presence>");
        EXPECT_TRUE(juliet.next("presence"));
        befriend("nurse@other.example");
        befriend("friar@else.example");
        world.world.advance(std::chrono::minutes{2});
        juliet.received.clear();
        world.outside.gone.clear();
    }
};

TEST_F(ProbingBudget, IsOfEachContactAndOfItsDomain) {
    for (int i = 0; i < 5; ++i) {
        ask("nurse@other.example");
        world.world.advance(seconds{4});
    }
    EXPECT_EQ(told("nurse@other.example"), 2);
    EXPECT_EQ(told("nurse@other.example", "error"), 3) << "it is told so";
    ask("friar@else.example");
    EXPECT_EQ(told("friar@else.example"), 1) << "others have their own";
    // Strangers are told less, and their domain pays for them.
    for (int i = 0; i < 400; ++i) ask("spy" + std::to_string(i) + "@other.example");
    const auto refused = std::count_if(world.outside.gone.begin(), world.outside.gone.end(),
                                       [](const auto& gone) { return gone.tree.attribute("type") == "error"; });
    EXPECT_GE(refused, 400 - 16 * 16);
    world.world.advance(seconds{4});
    ask("friar@else.example");
    EXPECT_EQ(told("friar@else.example"), 2);
    world.world.advance(std::chrono::minutes{2});
    world.outside.gone.clear();
    ask("nurse@other.example");
    EXPECT_EQ(told("nurse@other.example"), 1) << "a minute later";
    TableFills all;
    world.service->tables(all);
    world.world.advance(std::chrono::minutes{3});
    world.service->tables(all);
    for (const TableFill& table : all) EXPECT_LE(table.entries, table.bound) << table.name;
}

}  // namespace
}  // namespace sallyport::test
