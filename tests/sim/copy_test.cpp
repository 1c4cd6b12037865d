// Two running copies of one core, with the same name and key: they do not take each other's links for ever, and both
// sides are told.
#include <gtest/gtest.h>

#include <algorithm>

#include "support/link_end.h"
#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;

class CopyOfACore : public testing::TestWithParam<std::uint32_t> {
protected:
    void SetUp() override {
        ASSERT_TRUE(f.start()) << f.logs();
        first = std::move(f.a.core);
        f.a.start_core();
        f.a.attach_users();
    }
    void TearDown() override {
        if (HasFailure()) std::fputs(f.logs().c_str(), stderr);
    }
    [[nodiscard]] std::size_t copies() const {
        std::size_t all = 0;
        for (const auto& shard : f.a.edge->shards) all += shard->hub().copies().size();
        return all;
    }
    [[nodiscard]] static bool is_linked(const SimCore& core) {
        return core.shards.front()->hub().open_realms().size() == 1;
    }

    Federation f{GetParam()};
    std::unique_ptr<SimCore> first;  ///< the older one
};
INSTANTIATE_TEST_SUITE_P(Shards, CopyOfACore, testing::Values(1U, 2U));

TEST_P(CopyOfACore, IsTurnedAwayWhileTheNewerIsLinkedAndTold) {
    f.world.advance(30s);
    const std::size_t opened = f.a.edge_log.count("link.open");
    f.world.advance(10min);
    EXPECT_LE(f.a.edge_log.count("link.open"), opened) << "they take turns";
    EXPECT_GE(copies(), 1U);
    EXPECT_TRUE(is_linked(*f.a.core));
    EXPECT_FALSE(is_linked(*first));
    // Each try is a line under a budget, and there are few of them.
    EXPECT_LE(f.a.edge_log.count("link.copy"), 30U * GetParam());
    const auto unbounded = f.a.edge_log.without_source();
    for (const char* event : {"link.copy", "link.down", "link.open", "link.bound", "link.session.given-up"}) {
        EXPECT_EQ(std::count(unbounded.begin(), unbounded.end(), event), 0) << event;
    }
    // The copy knows too.
    for (const auto& dial : first->shards.front()->hub().dials()) {
        EXPECT_NE(dial.why.find("another process with our name"), std::string::npos) << dial.why;
    }
}

TEST_P(CopyOfACore, HasTheLinkWhenTheOtherIsGone) {
    f.world.advance(1min);
    ASSERT_FALSE(is_linked(*first));
    f.a.kill_core();
    EXPECT_TRUE(f.world.run_until([&] { return is_linked(*first); }, 90s));
}

/// A host that was copied while it ran: both have the same session, too.
TEST(CopyOfACoreThatRuns, DoesNotTakeItsSessionForEver) {
    Federation f;
    f.a.named_links = false;
    f.a.start_edge();
    SimNetwork host{f.world, {"10.1.0.98"}}, other_host{f.world, {"10.1.0.99"}};
    LinkEnd one{f.world, host, link::End::dialler, "core.a.test", "link secret of a.test"};
    one.dial({*IpAddress::parse(f.a.edge_link), link_port}, {"a.test"});
    ASSERT_TRUE(f.world.run_until([&] { return one.open(); }));
    LinkEnd two{f.world, other_host, link::End::dialler, "core.a.test", "link secret of a.test"};
    two.copy_session(one);
    two.dial({*IpAddress::parse(f.a.edge_link), link_port}, {"a.test"});
    f.world.advance(1min);
    const std::uint64_t before = one.connections + two.connections;
    f.world.advance(2min);
    EXPECT_LE(one.connections + two.connections, before + 4);
    EXPECT_EQ(f.a.edge->shards.front()->hub().copies().size(), 1U);
    EXPECT_NE(one.open(), two.open()) << "one of them has the link";
}

}  // namespace
}  // namespace sallyport::test
