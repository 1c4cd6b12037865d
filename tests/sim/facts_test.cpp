// What a core knows of the streams of its edges is what is open there, also after breaks, restarts and partners that
// left.
#include <gtest/gtest.h>

#include <algorithm>

#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

class Facts : public testing::TestWithParam<std::uint32_t> {
protected:
    void SetUp() override { ASSERT_TRUE(f.start()) << f.logs(); }
    void TearDown() override {
        if (HasFailure()) std::fputs(f.logs().c_str(), stderr);
    }

    /// Directions of pairs that every shard of the core of a.test shows as open; -1: the shards do not agree.
    [[nodiscard]] int shown() const {
        int all = -1;
        for (const auto& shard : f.a.core->shards) {
            const int here = static_cast<int>(shard->described().size());
            if (all >= 0 && here != all) return -1;
            all = here;
        }
        return all;
    }
    [[nodiscard]] bool shows_inbound() const {
        const auto& shown = f.a.core->shards.front()->described();
        return std::any_of(shown.begin(), shown.end(),
                           [](const auto& entry) { return entry.second.facts.direction == Direction::inbound; });
    }
    void talk(const std::string& id) {
        f.a.user().message("romeo@a.test", "juliet@b.test", id);
        f.b.user().message("juliet@b.test", "romeo@a.test", id);
        ASSERT_TRUE(f.world.run_until([&] { return f.a.user().got(id) && f.b.user().got(id); }));
        f.world.advance(std::chrono::seconds{1});
    }

    Federation f{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Shards, Facts, testing::Values(1U, 2U));

TEST_P(Facts, AreForgottenWhenTheirStreamsEnd) {
    talk("m1");
    EXPECT_EQ(shown(), 2) << "in and out";
    f.b.kill_edge();
    f.world.advance(std::chrono::seconds{5});
    EXPECT_EQ(shown(), 0);
}

TEST_P(Facts, AreForgottenWhenTheyEndForWantOfUse) {
    talk("m1");
    f.world.advance(std::chrono::hours{2});
    std::size_t open = 0;
    for (const auto& shard : f.a.edge->shards) open += shard->s2s().open_streams();
    ASSERT_EQ(open, 0U);
    EXPECT_EQ(shown(), 0);
}

TEST_P(Facts, AreTheSameOnALinkThatIsResumed) {
    talk("m1");
    const std::size_t resumptions = f.a.resumptions();
    f.world.reset_streams(f.a.edge_link);
    f.world.reset_streams(f.b.edge_public);
    f.world.advance(std::chrono::seconds{10});
    ASSERT_GT(f.a.resumptions(), resumptions);
    EXPECT_EQ(shown(), 0) << "they ended while there was no link";
    talk("m2");
    f.world.reset_streams(f.a.edge_link);
    f.world.advance(std::chrono::seconds{10});
    EXPECT_EQ(shown(), 2);
}

TEST_P(Facts, OfPartnersThatLeftAreNotToldToANewCore) {
    for (int round = 0; round < 5; ++round) {
        talk("m" + std::to_string(round));
        f.world.reset_streams(f.b.edge_public);
        f.world.advance(std::chrono::seconds{5});
    }
    f.a.kill_core();
    f.a.start_core();
    f.a.attach_users();
    ASSERT_TRUE(f.world.run_until([&] { return f.a.up(); }));
    f.world.advance(std::chrono::seconds{1});
    EXPECT_EQ(shown(), 0);
}

TEST_P(Facts, OfAnEdgeThatIsGoneAreForgotten) {
    talk("m1");
    f.a.kill_edge();
    f.world.advance(std::chrono::seconds{5});
    EXPECT_EQ(shown(), 0);
}

TEST_P(Facts, StayWhileOneOfTwoStreamsOfAPairIsOpen) {
    talk("m1");
    // The other edge is started again and opens a second stream while ours still believes in the first.
    f.world.block(f.a.edge_public, f.b.edge_public);
    f.b.kill_edge();
    f.world.advance(std::chrono::seconds{1});
    f.world.heal(f.a.edge_public, f.b.edge_public);
    f.b.start_edge();
    ASSERT_TRUE(f.world.run_until([&] { return f.b.up(); }));
    for (int message = 0; message < 24; ++message) {
        const std::string id = "again" + std::to_string(message);
        f.b.user().message("juliet@b.test", "romeo@a.test", id);
        ASSERT_TRUE(f.world.run_until([&] { return f.a.user().got(id); }));
        f.world.advance(std::chrono::minutes{5});
        EXPECT_TRUE(shows_inbound()) << message;
    }
    std::size_t inbound = 0;
    for (const auto& shard : f.a.edge->shards) {
        for (const auto& stream : shard->s2s().streams())
            inbound += stream.direction == s2s::Direction::inbound ? 1 : 0;
    }
    EXPECT_EQ(inbound, 1U) << "the first one is gone by now";
}

}  // namespace
}  // namespace sallyport::test
