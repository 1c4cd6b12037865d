// Counters become rates, readings become slots: also where counters first_second anew, streams come and go, and the
// clock is set.
#include "services/history/sampler.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sallyport::history {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t first_second = 1'800'000'000;  ///< a multiple of 900

/// A node whose clocks the test moves.
class Looked : public testing::Test {
protected:
    Reading reading() const {
        Reading made;
        made.wall = wall;
        made.now = now;
        return made;
    }
    void pass(Duration span) {
        now += span;
        wall += std::chrono::duration_cast<WallTime::duration>(span);
    }
    static Reading with(Reading made, std::uint64_t stanzas) {
        made.node[NodeFigure::stanzas_in] = static_cast<double>(stanzas);
        return made;
    }

    WallTime wall{std::chrono::seconds{first_second + 3}};
    TimePoint now{1h};
    Sampler sampler;
};

TEST_F(Looked, SaysNothingAtTheFirstLook) { EXPECT_FALSE(sampler.take(with(reading(), 700))); }

TEST_F(Looked, MakesACounterARate) {
    ASSERT_FALSE(sampler.take(with(reading(), 700)));
    pass(10s);
    const auto sample = sampler.take(with(reading(), 750));
    ASSERT_TRUE(sample);
    EXPECT_DOUBLE_EQ(sample->node[NodeFigure::stanzas_in], 5);
    EXPECT_EQ(sample->first, first_second / 10);
    EXPECT_EQ(sample->last, first_second / 10);
}

TEST_F(Looked, TakesACounterThatFellForOneThatBeganAnew) {
    ASSERT_FALSE(sampler.take(with(reading(), 700)));
    pass(10s);
    EXPECT_DOUBLE_EQ(sampler.take(with(reading(), 20))->node[NodeFigure::stanzas_in], 2);
}

TEST_F(Looked, FillsEachSlotOnceHoweverLateTheLooksAre) {
    ASSERT_FALSE(sampler.take(reading()));
    std::int64_t next = first_second / 10;
    for (const auto late : {10s, 11s, 9s, 14s, 6s, 25s, 10s, 5s, 10s}) {
        pass(late);
        const auto sample = sampler.take(reading());
        if (!sample) continue;  // no slot's middle has passed
        EXPECT_EQ(sample->first, next);
        next = sample->last + 1;
    }
    EXPECT_EQ(next, first_second / 10 + 10) << "100 seconds";
}

TEST_F(Looked, LosesNothingWhereNoSlotEnded) {
    ASSERT_FALSE(sampler.take(with(reading(), 0)));
    pass(1s);
    EXPECT_FALSE(sampler.take(with(reading(), 40)));
    pass(9s);
    EXPECT_DOUBLE_EQ(sampler.take(with(reading(), 100))->node[NodeFigure::stanzas_in], 10);
}

TEST_F(Looked, LeavesAGapWhereItDidNotLook) {
    ASSERT_FALSE(sampler.take(reading()));
    pass(10min);
    EXPECT_FALSE(sampler.take(reading()));
    pass(10s);
    const auto sample = sampler.take(reading());
    ASSERT_TRUE(sample);
    EXPECT_EQ(sample->first, sample->last);
}

TEST_F(Looked, GoesOnWhereAClockThatJumpedAheadIs) {
    ASSERT_FALSE(sampler.take(with(reading(), 0)));
    pass(10s);
    wall += 1h;
    const auto sample = sampler.take(with(reading(), 100));
    ASSERT_TRUE(sample);
    EXPECT_EQ(sample->first, first_second / 10 + 360);
    EXPECT_EQ(sample->last, sample->first) << "what it jumped over is a gap";
    EXPECT_DOUBLE_EQ(sample->node[NodeFigure::stanzas_in], 10) << "by the clock that nobody sets";
}

TEST_F(Looked, GoesOnWhereAClockThatWasSetBackIs) {
    ASSERT_FALSE(sampler.take(with(reading(), 0)));
    pass(10s);
    wall -= 1h;
    const auto sample = sampler.take(with(reading(), 100));
    ASSERT_TRUE(sample);
    EXPECT_EQ(sample->first, first_second / 10 - 360);
    EXPECT_DOUBLE_EQ(sample->node[NodeFigure::stanzas_in], 10);
}

TEST_F(Looked, DoesNotBelieveATimeThatNoClockMeans) {
    wall = WallTime{std::chrono::seconds{3600}};
    ASSERT_FALSE(sampler.take(reading()));
    pass(10s);
    EXPECT_FALSE(sampler.take(reading()));
}

TEST_F(Looked, CountsStreamsThatCameAndWent) {
    const auto streams = [&](std::vector<Carrier> all) {
        Reading made = reading();
        made.streams = std::move(all);
        return made;
    };
    ASSERT_FALSE(sampler.take(streams({{"in 0 1", "a.test", 100, 10, 0, 0}})));
    pass(10s);
    // The first went on and ended, another came, a third came and ended between two looks.
    const auto sample = sampler.take(streams(
        {{"in 0 1", "a.test", 150, 10, 0, 0}, {"in 0 2", "a.test", 30, 0, 0, 0}, {"out 1 3", "b.test", 0, 20, 0, 0}}));
    ASSERT_TRUE(sample);
    EXPECT_DOUBLE_EQ(sample->peers.at("a.test")[PeerFigure::stanzas_in], 8);
    EXPECT_DOUBLE_EQ(sample->peers.at("a.test")[PeerFigure::stanzas_out], 0);
    EXPECT_DOUBLE_EQ(sample->peers.at("b.test")[PeerFigure::stanzas_out], 2);
    EXPECT_TRUE(std::isnan(sample->peers.at("b.test")[PeerFigure::available])) << "it is gone";
}

TEST_F(Looked, CountsARefusalForItsRuleAndItsPeer) {
    const auto refused = [&](std::uint64_t count) {
        Reading made = reading();
        made.refusals["allow_list"] = count;
        made.refusals["dns"] = 7;
        made.counts["a.test"].refusals = count;
        return made;
    };
    ASSERT_FALSE(sampler.take(refused(5)));
    pass(10s);
    const auto sample = sampler.take(refused(25));
    ASSERT_TRUE(sample);
    EXPECT_EQ(sample->refusals, (std::map<std::string, double>{{"allow_list", 2}}));
    EXPECT_DOUBLE_EQ(sample->peers.at("a.test")[PeerFigure::refusals], 2);
}

TEST_F(Looked, SaysWithinWhatTimeMostWasDelivered) {
    Reading first = reading();
    first.delays[0].add(20s, 1000);  // long ago
    ASSERT_FALSE(sampler.take(first));
    pass(10s);
    Reading second = reading();
    second.delays[0] = first.delays[0];
    second.delays[0].add(3ms, 90);
    second.delays[0].add(60ms, 10);
    const auto sample = sampler.take(second);
    ASSERT_TRUE(sample);
    EXPECT_GT(sample->node[NodeFigure::delay_link], 0.05);
    EXPECT_LE(sample->node[NodeFigure::delay_link], 0.1);
    EXPECT_TRUE(std::isnan(sample->node[NodeFigure::delay_peer])) << "nothing came";
}

TEST_F(Looked, CountsOfALinkWhatItsSessionsGrewBy) {
    const auto links = [&](std::vector<Carrier> all) {
        Reading made = reading();
        made.links = std::move(all);
        return made;
    };
    ASSERT_FALSE(sampler.take(links({{"s1", "", 1000, 0, 0, 0}})));
    pass(10s);
    const auto sample = sampler.take(links({{"s2", "", 50, 20, 0, 0}}));
    ASSERT_TRUE(sample);
    EXPECT_DOUBLE_EQ(sample->node[NodeFigure::link_in], 5);
    EXPECT_DOUBLE_EQ(sample->node[NodeFigure::link_out], 2);
}

}  // namespace
}  // namespace sallyport::history
