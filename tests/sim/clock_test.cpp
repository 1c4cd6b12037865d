// Linked nodes know how far their clocks are apart, idle or busy, and learn of a change.
#include <gtest/gtest.h>

#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;

class Clocks : public testing::TestWithParam<std::uint32_t> {
protected:
    void SetUp() override { ASSERT_TRUE(f.start()) << f.logs(); }
    void TearDown() override {
        if (HasFailure()) std::fputs(f.logs().c_str(), stderr);
    }
    /// Of every link of the nodes, the one that is furthest from `expected`; nothing: one has not told.
    template <typename Shards>
    static std::optional<Duration> worst(const Shards& shards, Duration expected) {
        std::optional<Duration> found;
        for (const auto& shard : shards) {
            for (const link::SessionStatus& link : shard->hub().sessions()) {
                if (!link.clock_skew) return std::nullopt;
                if (!found || std::chrono::abs(*link.clock_skew - expected) > std::chrono::abs(*found - expected)) {
                    found = *link.clock_skew;
                }
            }
        }
        return found;
    }
    void expect_skew(Duration core_ahead) {
        const auto at_edge = worst(f.a.edge->shards, core_ahead), at_core = worst(f.a.core->shards, -core_ahead);
        ASSERT_TRUE(at_edge && at_core);
        EXPECT_LT(std::chrono::abs(*at_edge - core_ahead), 50ms);
        EXPECT_LT(std::chrono::abs(*at_core + core_ahead), 50ms);
    }

    Federation f{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Shards, Clocks, testing::Values(1U, 2U));

TEST_P(Clocks, OfLinkedNodesAreCompared) {
    f.world.advance(10s);
    expect_skew(0s);
    f.a.core->process.loop.ahead = 7s;
    f.world.advance(70s);
    expect_skew(7s);
    f.a.core->process.loop.ahead = -3600s;
    f.world.advance(70s);
    expect_skew(-3600s);
}

/// Further than nanoseconds in 64 bits reach.
TEST_P(Clocks, ThatAreCenturiesApartAreNotTakenForAlike) {
    constexpr Duration long_time = std::chrono::hours{24} * 365 * 200;
    f.a.core->process.loop.ahead = std::chrono::hours{24} * 365 * 600;
    f.world.advance(70s);
    for (const auto& shard : f.a.edge->shards) {
        for (const auto& link : shard->hub().sessions()) EXPECT_GT(link.clock_skew.value_or(0s), long_time);
    }
    for (const auto& shard : f.a.core->shards) {
        for (const auto& link : shard->hub().sessions()) EXPECT_LT(link.clock_skew.value_or(0s), -long_time);
    }
}

TEST_P(Clocks, AreComparedOnABusyLinkToo) {
    f.a.core->process.loop.ahead = 7s;
    for (int n = 0; n < 80; ++n) {
        f.a.user().message("romeo@a.test", "juliet@b.test", "out" + std::to_string(n));
        f.b.user().message("juliet@b.test", "romeo@a.test", "in" + std::to_string(n));
        f.world.advance(1s);
    }
    expect_skew(7s);
}

TEST_P(Clocks, AreNotJudgedByAnAnswerThatTookLong) {
    f.world.set_latency(f.a.core_address, f.a.edge_link, 1500ms);
    f.a.core->process.loop.ahead = 7s;
    f.world.advance(5min);
    const auto at_edge = worst(f.a.edge->shards, 0s);
    EXPECT_TRUE(!at_edge || std::chrono::abs(*at_edge) < 50ms) << "the last good answer counts";
    EXPECT_EQ(f.a.resumptions(), 0U) << "and nobody is thought dead for it";
}

}  // namespace
}  // namespace sallyport::test
