// What waits for a link, and what another shard has.
#include "services/link/held_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace sallyport::link {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Held : public ::testing::Test {
protected:
    Lanes lanes{Budget{64 << 20, 8 << 20, 1 << 20}, SipKey{1, 2}, [](const Partner&) {}};
    routing::TicketDesk desk{0};
    std::vector<std::uint64_t> done;
    HeldQueue queue{desk, [this](const Elsewhere& there) { done.push_back(there.weight); }};
    std::uint64_t arrivals = 0;

    Lane& lane(std::string_view to) { return lanes.lane("b.test", to); }
    /// One to that domain, which is its text, too.
    Waiting one(const std::string& to, std::uint64_t order, TimePoint since = {}) {
        xmpp::Stanza stanza;
        stanza.bytes = to;
        stanza.from_domain = "b.test";
        stanza.to_domain = to;
        Carried carried;
        carried.lane = &lane(to);
        carried.order = order;
        return {xmpp::OwnedStanza{stanza}, carried, since};
    }
    void add(const std::string& to, TimePoint since = {}) { queue.add(one(to, ++arrivals, since)); }
    /// What a look shows and takes, if it takes what goes to one of `open`.
    std::vector<std::string> look(const std::vector<std::string>& open) {
        std::vector<std::string> taken;
        queue.look([&](Waiting& waiting, bool behind) {
            const std::string to{waiting.stanza.bytes()};
            if (behind || std::find(open.begin(), open.end(), to) == open.end()) return false;
            --waiting.carried.lane->held;
            taken.push_back(to + std::to_string(waiting.carried.order));
            return true;
        });
        return taken;
    }
    static std::vector<std::uint64_t> orders(const std::deque<Waiting>& all) {
        std::vector<std::uint64_t> found;
        for (const Waiting& waiting : all) found.push_back(waiting.carried.order);
        return found;
    }
};

TEST_F(Held, IsShownInTheOrderOfItsArrival) {
    for (const char* to : {"a", "c", "a"}) add(to);
    EXPECT_EQ(lane("a").held, 2U);
    EXPECT_THAT(look({"a"}), ElementsAre("a1", "a3"));
    EXPECT_EQ(lane("a").held, 0U);
    EXPECT_EQ(lane("c").held, 1U);
    EXPECT_EQ(queue.size(), 1U);
}

TEST_F(Held, OvertakesNothingOfItsLane) {
    for (const char* to : {"a", "c", "a"}) add(to);
    bool first = true;
    std::vector<int> behind;
    queue.look([&](Waiting& waiting, bool is_behind) {
        behind.push_back(is_behind ? 1 : 0);
        if (is_behind || std::exchange(first, false)) return false;
        --waiting.carried.lane->held;
        return true;
    });
    EXPECT_THAT(behind, ElementsAre(0, 0, 1));
    EXPECT_THAT(look({"a"}), ElementsAre("a1", "a3")) << "the next look begins anew";
}

TEST_F(Held, ComesBackToWhereItStood) {
    add("a");
    add("c");
    std::deque<Waiting> before;
    before.push_back(one("a", 0));
    queue.put_back(std::move(before));
    EXPECT_EQ(lane("a").held, 2U);
    EXPECT_THAT(orders(queue.take_all()), ElementsAre(0, 1, 2));
    EXPECT_EQ(lane("a").held + lane("c").held, 0U);
    EXPECT_EQ(queue.size(), 0U);
}

TEST_F(Held, GrowsOldByItsOwnTimeAndNotByItsPlace) {
    add("a", TimePoint{5s});
    add("a", TimePoint{1s});  // another shard had it before
    add("a", TimePoint{6s});
    EXPECT_THAT(orders(queue.take_old(30s, TimePoint{30s})), IsEmpty());
    EXPECT_THAT(orders(queue.take_old(30s, TimePoint{31s})), ElementsAre(2));
    EXPECT_EQ(lane("a").held, 2U);
    EXPECT_THAT(orders(queue.take_old(30s, TimePoint{1h})), ElementsAre(1, 3));
}

TEST_F(Held, WithAnotherShardIsToldOnceWhenItIsDone) {
    routing::Ticket sender = desk.open([](std::uint64_t) {});
    sender.of_stream = true;
    const routing::Ticket first = queue.fresh_ticket({});
    const routing::Ticket second = queue.fresh_ticket(sender);
    EXPECT_FALSE(first.kept()) << "nobody keeps it";
    EXPECT_TRUE(second.kept());
    EXPECT_TRUE(second.of_stream) << "as its sender";
    queue.lent(first, {{}, 7});
    queue.lent(second, {{}, 9});
    desk.settle(second);
    desk.settle(second);
    EXPECT_THAT(done, ElementsAre(9));
    const auto back = queue.take_lent(first);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->weight, 7U);
    EXPECT_FALSE(queue.take_lent(first));
    desk.settle(first);
    EXPECT_THAT(done, ElementsAre(9)) << "it came back";
    EXPECT_EQ(queue.elsewhere(), 0U);
}

TEST(HeldQueue, HearsNothingMoreWhenItIsGone) {
    routing::TicketDesk desk{0};
    routing::Ticket ticket;
    int heard = 0;
    {
        HeldQueue queue{desk, [&](const Elsewhere&) { ++heard; }};
        ticket = queue.fresh_ticket({});
        queue.lent(ticket, {});
    }
    desk.settle(ticket);
    EXPECT_EQ(heard, 0);
    EXPECT_EQ(desk.sources(), 0U);
}

}  // namespace
}  // namespace sallyport::link
