// The stream of changes to clients that read slowly: who takes something is kept, who takes nothing is let go. Over a
// fake connection, with time that the test moves.
#include "admin/rest/change_feed.h"

#include <gtest/gtest.h>

#include <functional>
#include <list>
#include <string>

#include "fake_node.h"
#include "support/sim_world.h"

namespace sallyport::admin {
namespace {

/// A connection that has taken what the test says.
struct Wire {
    std::size_t pending = 0;
    std::string text;  ///< all of it
    std::function<void()> on_closed;
};

class WireStream final : public io::HttpStream {
public:
    explicit WireStream(Wire& wire) : wire_{wire} {}
    void write(std::string_view bytes) override {
        wire_.pending += bytes.size();
        wire_.text += bytes;
    }
    [[nodiscard]] std::size_t pending() const override { return wire_.pending; }
    void end() override {}

private:
    Wire& wire_;
};

class WireExchange final : public io::HttpExchange {
public:
    explicit WireExchange(Wire& wire) : wire_{wire} {}
    void respond(io::HttpResponse) override {}
    [[nodiscard]] std::unique_ptr<io::HttpStream> stream(io::HttpResponse, io::HttpStreamEvents events) override {
        wire_.on_closed = std::move(events.on_closed);
        wire_.pending += 300;  // the head waits on the same wire
        return std::make_unique<WireStream>(wire_);
    }

private:
    Wire& wire_;
};

class Feed : public testing::Test {
protected:
    void SetUp() override {
        node.other_loop = &world.loop();
        node.add_access();
        node.node_file.admin.limits.change_stream_bytes = limit;
        feed = std::make_unique<ChangeFeed>(node, *node.people);
        const Principal anna{"anna", "anna", Access::administer, {}, {}};
        ASSERT_FALSE(feed->follow(anna, {}, std::make_shared<WireExchange>(wire)));
    }
    /// Less than the heartbeat's fifteen seconds, more than the feed's patience: something happens every quarter of a
    /// second, and a client that reads takes all of it but the last kilobyte.
    void follow(bool reads) {
        for (int tick = 0; tick < 56; ++tick) {
            node.log_event(LogModule::routing, LogLevel::info, "something.happened",
                           {{"what", std::string(1000, 'x')}});
            world.advance(ChangeFeed::tick);
            if (reads) wire.pending = std::min<std::size_t>(wire.pending, 1000);
        }
        world.advance(ChangeFeed::tick);
    }

    static constexpr std::uint64_t limit = 1500;
    test::FakeNode node;
    test::SimWorld world;
    Wire wire;
    std::unique_ptr<ChangeFeed> feed;
};

TEST_F(Feed, KeepsAClientThatAlwaysLagsBehindButReads) {
    follow(true);
    EXPECT_EQ(feed->clients(), 1U);
}

TEST_F(Feed, LetsGoWhoTakesNothing) {
    follow(false);
    EXPECT_EQ(feed->clients(), 0U);
}

TEST_F(Feed, IsHeldUpByNobodyWhoComesAndGoes) {
    node.node_file.admin.limits.change_stream_bytes = 1 << 20;
    world.advance(ChangeFeed::tick);
    wire = {};
    node.log_event(LogModule::routing, LogLevel::info, "something.happened", {});
    const Principal ben{"ben", "ben", Access::administer, {}, {}};
    std::list<Wire> others;
    for (int n = 0; n < 20; ++n) {
        Wire& other = others.emplace_back();
        ASSERT_FALSE(feed->follow(ben, {}, std::make_shared<WireExchange>(other)));
        world.advance(ChangeFeed::tick / 2);
        other.on_closed();
    }
    EXPECT_NE(wire.text.find("something.happened"), std::string::npos);
    std::size_t told = 0;
    for (std::size_t at = 0; (at = wire.text.find("event: alarm", at)) != std::string::npos; ++at) ++told;
    EXPECT_LE(told, 11U) << "the state is told once a tick, however many come";
}

}  // namespace
}  // namespace sallyport::admin
