// Budgets of partners and lanes of pairs.
#include "proto/link/lanes.h"

#include <gtest/gtest.h>

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;

class Lanes : public testing::Test {
protected:
    /// Adds stanzas of `weight` until the partner is refused; how many.
    int fill(const std::string& partner, std::uint64_t weight = 10000) {
        int count = 0;
        while (lanes.admits(lanes.lane("a.test", partner), weight)) {
            lanes.add(lanes.lane("a.test", partner), weight, now);
            ++count;
        }
        return count;
    }
    [[nodiscard]] std::string paces() const {
        std::string all;
        for (const auto& [domain, pace] : told) {
            all += domain + (pace == link::Pace::free ? " free " : pace == link::Pace::brisk ? " brisk " : " slow ");
        }
        return all;
    }

    TimePoint now{1h};
    std::vector<std::pair<std::string, link::Pace>> told;
    link::Lanes lanes{{64 << 20, 8 << 20, 1 << 20}, SipKey{1, 2}, [this](const link::Partner& partner) {
                          told.emplace_back(partner.domain, partner.pace);
                      }};
};

TEST_F(Lanes, GiveAPartnerItsBudgetAndNoMore) {
    EXPECT_EQ(fill("stalled.test"), (8 << 20) / 10000);
    EXPECT_TRUE(lanes.admits(lanes.lane("a.test", "other.test"), 10000));
    EXPECT_FALSE(lanes.admits(lanes.lane("rooms.a.test", "stalled.test"), 10000)) << "whoever writes to it";
    ASSERT_EQ(lanes.busy().size(), 1U);
    EXPECT_EQ(lanes.busy().front().refused, 2U);
}

TEST_F(Lanes, AreOfTheirSendersWhereTheHubLeadsInwards) {
    link::Lanes inwards{{64 << 20, 8 << 20, 1 << 20, true}, SipKey{1, 2}, [](const link::Partner&) {}};
    for (int n = 0; n < 10000; ++n) {
        link::Lane& lane = inwards.lane("flood.test", "room" + std::to_string(n) + ".a.test");
        if (inwards.admits(lane, 10000)) inwards.add(lane, 10000, now);
    }
    EXPECT_FALSE(inwards.admits(inwards.lane("flood.test", "rooms.a.test"), 10000)) << "wherever it writes to";
    EXPECT_LE(inwards.weight(), 8U << 20);
    EXPECT_TRUE(inwards.admits(inwards.lane("other.test", "a.test"), 10000)) << "nobody else is refused";
    ASSERT_EQ(inwards.busy().size(), 1U);
    EXPECT_EQ(inwards.busy().front().domain, "flood.test");
}

/// What is under way is with the far side.
bool arrived(const link::Lane&) { return true; }

/// Fills the lane to `to`; how much it has.
std::uint64_t fill_lane(link::Lanes& lanes, const std::string& to, TimePoint now) {
    while (lanes.admits(lanes.lane("sender.test", to), 10000)) lanes.add(lanes.lane("sender.test", to), 10000, now);
    return lanes.lane("sender.test", to).weight;
}

TEST_F(Lanes, ThatHangInwardsHoldTheirSenderFromNobodyElse) {
    std::vector<link::Pace> paces;
    link::Lanes inwards{{64 << 20, 8 << 20, 1 << 20, true}, SipKey{1, 2}, [&](const link::Partner& partner) {
                            paces.push_back(partner.pace);
                        }};
    EXPECT_LE(fill_lane(inwards, "hangs.test", now), 2U << 20);
    EXPECT_EQ(paces, std::vector{link::Pace::brisk}) << "who feeds it waits a moment";
    EXPECT_TRUE(inwards.admits(inwards.lane("sender.test", "lives.test"), 10000));
    for (int n = 0; n < 40; ++n) (void)inwards.look(now += 250ms, [](const link::Lane&) { return false; });
    EXPECT_EQ(paces.back(), link::Pace::slow) << "it may be the link that stands still: who feeds it waits";
    for (int n = 0; n < 20; ++n) (void)inwards.look(now += 250ms, arrived);
    EXPECT_EQ(paces.back(), link::Pace::free) << "and no longer, as it does not move";
    EXPECT_FALSE(inwards.admits(inwards.lane("sender.test", "hangs.test"), 10000));

    // One after another hangs: the next has less, and there is always a next.
    std::uint64_t before = 2 << 20;
    for (int n = 0; n < 5; ++n) {
        const std::uint64_t most = fill_lane(inwards, "hangs" + std::to_string(n) + ".test", now);
        EXPECT_LT(most, before);
        EXPECT_GT(most, before / 2);
        before = most;
        for (int k = 0; k < 20; ++k) (void)inwards.look(now += 250ms, arrived);
        EXPECT_EQ(paces.back(), link::Pace::free);
    }
    EXPECT_TRUE(inwards.admits(inwards.lane("sender.test", "lives.test"), 100000));

    // What hung goes on: all is as it was.
    const auto take = [&](const std::string& to) {
        link::Lane& lane = inwards.lane("sender.test", to);
        while (lane.under_way > 0) inwards.remove(lane, 10000, now);
    };
    take("hangs.test");
    for (int n = 0; n < 5; ++n) take("hangs" + std::to_string(n) + ".test");
    EXPECT_EQ(inwards.weight(), 0U);
    EXPECT_FALSE(inwards.look(now, arrived));
    EXPECT_EQ(fill_lane(inwards, "lives.test", now), (2U << 20) / 10000 * 10000);
}

TEST_F(Lanes, ThatHangInwardsTakeNothingOfTheirSendersShareHoweverManyWriteThere) {
    link::Lanes inwards{{64 << 20, 8 << 20, 1 << 20, true}, SipKey{1, 2}, [](const link::Partner&) {}};
    for (int n = 0; n < 100; ++n) {
        const std::string sender = std::to_string(n) + ".test";
        while (inwards.admits(inwards.lane(sender, "hangs.test"), 10000)) {
            inwards.add(inwards.lane(sender, "hangs.test"), 10000, now);
        }
        for (int k = 0; k < 20; ++k) (void)inwards.look(now += 250ms, arrived);
    }
    for (int n = 0; n < 100; ++n) {
        EXPECT_TRUE(inwards.admits(inwards.lane(std::to_string(n) + ".test", "lives.test"), 20000)) << n;
    }
    EXPECT_LE(inwards.weight(), 64U << 20);
}

TEST_F(Lanes, ThatMoveInwardsSlowDownWhoFeedsThem) {
    std::vector<link::Pace> paces;
    link::Lanes inwards{{64 << 20, 8 << 20, 1 << 20, true}, SipKey{1, 2}, [&](const link::Partner& partner) {
                            paces.push_back(partner.pace);
                        }};
    (void)fill_lane(inwards, "slow.test", now);
    // A tenth of it in a second: it is done within half a minute.
    for (int n = 0; n < 20; ++n) {
        for (int k = 0; k < 20; ++k) inwards.remove(inwards.lane("sender.test", "slow.test"), 10000, now);
        (void)inwards.look(now += 1s, arrived);
        while (inwards.admits(inwards.lane("sender.test", "slow.test"), 10000)) {
            inwards.add(inwards.lane("sender.test", "slow.test"), 10000, now);
        }
    }
    EXPECT_EQ(paces, (std::vector{link::Pace::brisk, link::Pace::slow}));
}

TEST_F(Lanes, HaveRoomForTheNextHoweverManyAreStalled) {
    for (int n = 0; n < 200; ++n) (void)fill("stalled" + std::to_string(n) + ".test");
    EXPECT_LE(lanes.weight(), 64U << 20);
    EXPECT_TRUE(lanes.admits(lanes.lane("a.test", "healthy.test"), 300000));
    for (int n = 0; n < 500; ++n) (void)fill("more" + std::to_string(n) + ".test");
    EXPECT_LE(lanes.weight(), 64U << 20) << "and never more than there is";
}

TEST_F(Lanes, KeepAReserveFromThoseWhoTakeAllTheyCan) {
    // Names cost little: each takes what it gets, first with a large stanza and then with small ones.
    for (int n = 0; n < 300; ++n) {
        const std::string name = std::to_string(n) + ".flood.test";
        for (const std::uint64_t weight : {1000000U, 300000U, 10000U, 1000U}) (void)fill(name, weight);
        if (n == 30) {
            EXPECT_TRUE(lanes.admits(lanes.lane("a.test", "healthy.test"), 300000));
        }
        if (n == 100) {
            EXPECT_TRUE(lanes.admits(lanes.lane("a.test", "healthy.test"), 20000));
        }
    }
    EXPECT_TRUE(lanes.admits(lanes.lane("a.test", "healthy.test"), 700)) << lanes.weight();
    EXPECT_LE(lanes.weight(), 64U << 20);
}

TEST_F(Lanes, HaveAFloorForNewcomersWithinItsTotal) {
    link::Lanes full{{64 << 20, 8 << 20, 1 << 20, false, 8 << 20}, SipKey{1, 2}, [](const link::Partner&) {}};
    const auto take = [&](const std::string& name, std::uint64_t weight) {
        link::Lane& lane = full.lane("a.test", name);
        if (!full.admits(lane, weight)) return false;
        full.add(lane, weight, now);
        return true;
    };
    for (int n = 0; n < 500; ++n) full.add(full.lane("a.test", "full" + std::to_string(n) + ".test"), 1000, now);
    for (int n = 0; n < 500; ++n) {
        full.add(full.lane("a.test", "full" + std::to_string(n) + ".test"), (64 << 20) / 500 - 1000, now);
    }
    EXPECT_FALSE(take("full1.test", 1000));
    EXPECT_TRUE(take("newcomer.test", 1'000'000)) << "a whole stanza";
    EXPECT_FALSE(take("newcomer.test", 1000)) << "and no second one";
    EXPECT_FALSE(take("other.newcomer.test", 1'000'000)) << "names of one owner share it";
    int more = 0;
    while (take("newcomer" + std::to_string(more) + ".test", 1'000'000)) ++more;
    EXPECT_EQ(more, 7);
    EXPECT_LE(full.weight(), (64U << 20) + (8U << 20)) << "and there is an end to it";
    link::Lane& lane = full.lane("a.test", "newcomer.test");
    full.remove(lane, 1'000'000, now);
    EXPECT_TRUE(take("newcomer.test", 1'000'000)) << "what is done makes room";
}

TEST_F(Lanes, TellWhenMuchIsUnderWayAndWhenItIsNoMore) {
    link::Lane& lane = lanes.lane("a.test", "b.test");
    for (int n = 0; n < 500; ++n) lanes.add(lane, 10000, now);
    EXPECT_EQ(paces(), "b.test brisk ") << "in its first second it has the benefit of the doubt";
    EXPECT_TRUE(lanes.look(now + 500ms, arrived));
    EXPECT_TRUE(lanes.look(now + 2s, arrived));
    EXPECT_EQ(paces(), "b.test brisk b.test slow ");
    now += 3s;
    for (int n = 0; n < 400; ++n) lanes.remove(lane, 10000, now);
    EXPECT_EQ(told.back().second, link::Pace::free);
    EXPECT_FALSE(lanes.look(now, arrived));
}

TEST_F(Lanes, CallAPartnerBriskThatTakesWhatItGets) {
    link::Lane& lane = lanes.lane("a.test", "b.test");
    for (int n = 0; n < 450; ++n) lanes.add(lane, 10000, now);
    for (int step = 0; step < 100; ++step) {
        now += 100ms;
        for (int n = 0; n < 30; ++n) lanes.remove(lane, 10000, now);
        for (int n = 0; n < 30; ++n) lanes.add(lane, 10000, now);
        (void)lanes.look(now, arrived);
    }
    EXPECT_EQ(paces(), "b.test brisk ");
    for (int step = 0; step < 30; ++step) {
        now += 100ms;
        lanes.remove(lane, 10000, now);
        lanes.add(lane, 10000, now);
        (void)lanes.look(now, arrived);
    }
    EXPECT_EQ(paces(), "b.test brisk b.test slow ");
}

TEST_F(Lanes, ForgetWhatHasNothingUnderWay) {
    link::Lane& kept = lanes.lane("a.test", "kept.test");
    lanes.add(kept, 1000, now);
    for (int n = 0; n < 20000; ++n) {
        link::Lane& lane = lanes.lane("a.test", std::to_string(n) + ".test");
        lanes.add(lane, 1000, now);
        lanes.remove(lane, 1000, now);
    }
    EXPECT_LE(lanes.size(), 1024U);
    EXPECT_EQ(&lanes.lane("a.test", "kept.test"), &kept);
    EXPECT_EQ(kept.under_way, 1U);
    EXPECT_EQ(lanes.weight(), 1000U);
}

TEST_F(Lanes, TellPairsApartThatReadAlike) {
    link::Lane& one = lanes.lane("a.test", "b.test");
    EXPECT_NE(&one, &lanes.lane("a.test.b", "test"));
    EXPECT_NE(&one, &lanes.lane("b.test", "a.test"));
    EXPECT_EQ(&one, &lanes.lane("a.test", "b.test"));
}

}  // namespace
}  // namespace sallyport::test
