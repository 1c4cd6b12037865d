// Nodes that are stopped: what was sent before is delivered or returned, once, and it does not take long.
#include <gtest/gtest.h>

#include <algorithm>

#include "support/numbered.h"
#include "support/raw_partner.h"
#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;

class NodeStop : public testing::TestWithParam<std::uint32_t> {
protected:
    void TearDown() override {
        if (HasFailure()) std::fputs(f.logs().c_str(), stderr);
    }
    /// The numbers below `end` at `there`, and back at `here`.
    void expect_told_once(const SimUser& here, const SimUser& there, const std::string& from, int end) {
        std::vector<std::string> told = there.ids_from(from);
        const std::size_t delivered = told.size();
        for (const std::string& id : errors(here)) told.push_back(id);
        std::sort(told.begin(), told.end());
        std::vector<std::string> expected = numbers(0, end);
        std::sort(expected.begin(), expected.end());
        EXPECT_EQ(told, expected) << delivered << " delivered, " << told.size() - delivered << " returned";
    }
    static void shut(auto& shards) {
        for (auto& shard : shards) shard->shut();
    }
    [[nodiscard]] static bool gone(auto& shards) {
        return std::all_of(shards.begin(), shards.end(), [](const auto& shard) {
            return shard->over() && shard->s2s().open_streams() + shard->hub().connections() == 0;
        });
    }

    Federation f{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Shards, NodeStop, testing::Values(1U, 2U));

TEST_P(NodeStop, OfACoreReturnsWhatWaitsForALinkThatIsDown) {
    f.a.start_core(false);
    f.a.attach_users();
    ASSERT_TRUE(f.world.run_until([&] { return f.a.user().attached(); }));
    for (const std::string& id : numbers(0, 300)) f.a.user().message("u@a.test", "u@b.test", id);
    f.world.advance(std::chrono::milliseconds{100});
    EXPECT_TRUE(f.a.user().received().empty());
    shut(f.a.core->shards);
    EXPECT_TRUE(f.world.run_until([&] { return gone(f.a.core->shards); }, 2300ms));
    expect_told_once(f.a.user(), f.b.user(), "a.test", 300);
}

TEST_P(NodeStop, OfACoreReturnsWhatASessionWithoutConnectionHolds) {
    ASSERT_TRUE(f.start()) << f.logs();
    f.world.block(f.a.core_address, f.a.edge_link);
    for (const std::string& id : numbers(0, 300)) f.a.user().message("u@a.test", "u@b.test", id);
    f.world.advance(std::chrono::seconds{12});
    EXPECT_TRUE(errors(f.a.user()).empty());
    shut(f.a.core->shards);
    EXPECT_TRUE(f.world.run_until([&] { return gone(f.a.core->shards); }, 2300ms));
    f.a.kill_core();
    f.world.heal(f.a.core_address, f.a.edge_link);
    f.world.advance(std::chrono::minutes{1});
    expect_told_once(f.a.user(), f.b.user(), "a.test", 300);
}

TEST_P(NodeStop, OfACoreUnderTrafficTellsEachOnce) {
    ASSERT_TRUE(f.start()) << f.logs();
    for (int moment = 0; moment < 400; ++moment) {
        f.a.user().message("u@a.test", "u@b.test", std::to_string(moment));
        if (moment % 8 == 7) f.world.advance(std::chrono::microseconds{300});
        if (moment == 300) shut(f.a.core->shards);
    }
    EXPECT_TRUE(f.world.run_until([&] { return gone(f.a.core->shards); }, 2300ms));
    f.world.advance(std::chrono::minutes{1});
    // What the core did not read any more the component has still: its stream told it how far.
    const auto delivered = f.b.user().ids_from("a.test").size() + errors(f.a.user()).size();
    EXPECT_GE(delivered, 200U);
    expect_told_once(f.a.user(), f.b.user(), "a.test", static_cast<int>(delivered));
}

TEST_P(NodeStop, OfAnEdgeUnderTrafficTakesAMomentAndTellsEachOnce) {
    ASSERT_TRUE(f.start()) << f.logs();
    for (const std::string& id : numbers(0, 300)) {
        f.a.user().message("u@a.test", "u@b.test", id);
        f.b.user().message("u@b.test", "u@a.test", id);
    }
    f.world.advance(std::chrono::milliseconds{8});
    shut(f.a.edge->shards);
    EXPECT_TRUE(f.world.run_until([&] { return gone(f.a.edge->shards); }, 2300ms));
    f.a.kill_edge();
    f.world.advance(std::chrono::minutes{3});
    expect_told_once(f.a.user(), f.b.user(), "a.test", 300);
    expect_told_once(f.b.user(), f.a.user(), "b.test", 300);
}

/// Whoever keeps nothing of what it has written, and has no stream of ours open: what is returned to it needs a new
/// one, on which our key is verified at ourselves.
class StopWithErrors : public NodeStop {
protected:
    static constexpr int count = 20;  ///< of what it writes

    /// It asks at `node` about the keys on streams of ours, and opens a stream to `domain` there.
    /// The way there and back takes 50 ms from now on.
    void begin(RawPartner& sender, const std::string& node, const std::string& domain) {
        sender.habits.verifies_at = node;
        in_ = &sender.open(node, domain);
        ASSERT_TRUE(f.world.run_until([&] { return in_->ready(); })) << f.logs();
        f.world.set_latency(node, sender.address(), 25ms);
    }
    void write(const std::string& from, const std::string& to) {
        for (const std::string& id : numbers(0, count)) in_->message(from, to, id);
        f.world.advance(100ms);
    }
    /// They are back on a new stream.
    void expect_errors(const RawPartner& sender, auto& shards) {
        shut(shards);
        EXPECT_TRUE(f.world.run_until([&] { return gone(shards); }, 2300ms)) << f.logs();
        std::vector<std::string> returned;
        for (const RawStream* stream : sender.accepted()) {
            returned.insert(returned.end(), stream->ids().begin(), stream->ids().end());
        }
        EXPECT_EQ(returned, numbers(0, count)) << f.logs();
        EXPECT_TRUE(in_->ids().empty()) << "they come on a stream of ours";
    }

private:
    RawStream* in_ = nullptr;
};

class StopOfAnEdge : public StopWithErrors {
protected:
    void SetUp() override {
        f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
        ASSERT_TRUE(f.start()) << f.logs();
        begin(c, f.a.edge_public, "a.test");
    }

    RawPartner c{f.world, f.dns, "c.test", "198.51.100.9"};
};
INSTANTIATE_TEST_SUITE_P(Shards, StopOfAnEdge, testing::Values(1U, 2U));

TEST_P(StopOfAnEdge, ReturnsOverANewStreamWhatWaitsForALinkThatIsDown) {
    f.world.block(f.a.core_address, f.a.edge_link);
    f.world.reset_streams(f.a.edge_link);
    f.world.advance(1s);
    write("u@c.test", "romeo@a.test");
    expect_errors(c, f.a.edge->shards);
}

/// Nobody knows yet that the link is dead.
TEST_P(StopOfAnEdge, ReturnsOverANewStreamWhatALinkThatIsSilentHas) {
    f.world.block(f.a.core_address, f.a.edge_link);
    write("u@c.test", "romeo@a.test");
    expect_errors(c, f.a.edge->shards);
}

/// What a server inside has written, to a core that is stopped.
class StopOfACore : public StopWithErrors {
protected:
    void SetUp() override {
        config::InsideServer server;
        server.domains = {*xmpp::Domain::parse("inside.a.test")};
        server.address = {"10.1.0.51", 5269};
        server.tls = config::InsideTls::optional;
        f.a.servers = {server};
        f.a.settings.domains.push_back(*config::NamePattern::parse("inside.a.test"));
        ASSERT_TRUE(f.start()) << f.logs();
        for (auto& shard : f.a.core->shards) {
            ASSERT_TRUE(shard->s2s().listen({*IpAddress::parse(f.a.core_address), 5269}, false));
        }
        begin(inside, f.a.core_address, "b.test");
    }

    RawPartner inside{f.world, f.dns, "inside.a.test", "10.1.0.51"};
};
INSTANTIATE_TEST_SUITE_P(Shards, StopOfACore, testing::Values(1U, 2U));

TEST_P(StopOfACore, ReturnsOverANewStreamWhatWaitsForALinkThatIsDown) {
    f.world.block(f.a.core_address, f.a.edge_link);
    f.world.reset_streams(f.a.edge_link);
    f.world.advance(1s);
    write("u@inside.a.test", "juliet@b.test");
    expect_errors(inside, f.a.core->shards);
}

TEST_P(StopOfACore, ReturnsOverANewStreamWhatALinkThatIsSilentHas) {
    f.world.block(f.a.core_address, f.a.edge_link);
    write("u@inside.a.test", "juliet@b.test");
    expect_errors(inside, f.a.core->shards);
}

}  // namespace
}  // namespace sallyport::test
