// Whom a failing domain hurts: named while stanzas do not reach it, forgotten when they do.
#include <gtest/gtest.h>

#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

class HurtUsers : public testing::TestWithParam<std::uint32_t> {
protected:
    void SetUp() override {
        ASSERT_TRUE(f.start()) << f.logs();
        f.a.user().message("romeo@a.test/hall", "juliet@b.test", "first");
        ASSERT_TRUE(f.world.run_until([&] { return f.b.user().got("first"); }));
        f.world.advance(std::chrono::seconds{70});
    }
    /// Of the pair a.test, b.test; nothing when no shard has it.
    [[nodiscard]] std::optional<s2s::DestinationStatus> destination() const {
        for (const auto& shard : f.a.edge->shards) {
            for (auto& one : shard->s2s().pool().destinations()) {
                if (one.pair.remote.text() == "b.test") return one;
            }
        }
        return std::nullopt;
    }

    Federation f{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Shards, HurtUsers, testing::Values(1U, 2U));

TEST_P(HurtUsers, AreNamedOnceWhileThePeerIsAwayAndForgottenWhenItIsBack) {
    ASSERT_TRUE(destination());
    EXPECT_TRUE(destination()->users.empty());
    f.b.kill_edge();
    f.a.user().message("romeo@a.test/hall", "juliet@b.test", "1");
    f.a.user().message("romeo@a.test/orchard", "juliet@b.test", "2");
    f.a.user().message("mercutio@a.test", "juliet@b.test", "3");
    f.world.advance(std::chrono::seconds{10});
    ASSERT_TRUE(destination());
    EXPECT_EQ(destination()->users, (std::vector<std::string>{"romeo@a.test", "mercutio@a.test"}));
    EXPECT_EQ(destination()->users_more, 0U);

    f.b.start_edge();
    ASSERT_TRUE(f.world.run_until([&] { return f.b.user().got("3"); }));
    f.world.advance(std::chrono::seconds{1});
    ASSERT_TRUE(destination());
    EXPECT_TRUE(destination()->users.empty());
}

TEST_P(HurtUsers, AreNamedStillWhenTheirStanzasHaveComeBack) {
    f.b.kill_edge();
    f.a.user().message("romeo@a.test", "juliet@b.test", "1");
    ASSERT_TRUE(f.world.run_until([&] { return f.a.user().got("1"); })) << "it comes back as an error";
    f.a.user().message("tybalt@a.test", "juliet@b.test", "2");
    ASSERT_TRUE(f.world.run_until([&] { return f.a.user().got("2"); }));
    EXPECT_EQ(destination()->users, (std::vector<std::string>{"romeo@a.test", "tybalt@a.test"}));
}

TEST_P(HurtUsers, AreNamedUpToABoundAndCountedBeyond) {
    f.b.kill_edge();
    for (int round = 0; round < 2; ++round) {
        for (int n = 0; n < 25; ++n) {
            const std::string id = std::to_string(round) + "-" + std::to_string(n);
            f.a.user().message("u" + std::to_string(n) + "@a.test", "juliet@b.test", id);
        }
        f.world.advance(std::chrono::seconds{10});
    }
    ASSERT_EQ(destination()->users.size(), Limits{}.hurt_users);
    EXPECT_EQ(destination()->users.front(), "u0@a.test");
    EXPECT_EQ(destination()->users_more, 5U);
}

TEST_P(HurtUsers, AreNotThoseWhomOnlyAMachineSpeaksFor) {
    f.b.kill_edge();
    f.a.user().message("romeo@a.test", "juliet@b.test", "1");
    f.a.user().message("a.test", "b.test", "2");
    f.a.user().say("<iq type='result' from='tybalt@a.test' to='juliet@b.test' id='3'/>");
    f.world.advance(std::chrono::seconds{10});
    EXPECT_EQ(destination()->users, std::vector<std::string>{"romeo@a.test"});
}

}  // namespace
}  // namespace sallyport::test
