// Direct TLS that comes to an edge (XEP-0368): when its connections are read.
#include <gtest/gtest.h>

#include "support/sim_nodes.h"
#include "support/sim_tls.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;

/// Somebody who begins TLS as soon as he is connected.
struct Dialler final : io::StreamOwner {
    Dialler(SimWorld& world, SimNetwork& host, const Endpoint& to) : world_{world} {
        dial_ = host.dial(to, nullptr, 5s, [this](Result<std::unique_ptr<io::Stream>> dialled) {
            ASSERT_TRUE(dialled) << dialled.error().text;
            stream_ = std::move(*dialled);
            stream_->set_owner(this);
            connected = world_.loop().now();
            SimTlsSettings settings;
            settings.alpn = {"xmpp-server"};
            stream_->start_tls(sim_tls_context(settings), io::TlsRole::client, "a.test");
        });
    }
    void on_bytes(std::string_view) override {}
    void on_tls(const TlsFacts&) override { secured = world_.loop().now(); }
    void on_drained() override {}
    void on_closed(io::CloseReason, const std::string&) override { closed = world_.loop().now(); }

    std::optional<TimePoint> connected, secured, closed;

private:
    SimWorld& world_;
    std::unique_ptr<io::Dial> dial_;
    std::unique_ptr<io::Stream> stream_;
};

class DirectTls : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(f.start()) << f.logs();
        SimTlsSettings settings;
        settings.identities = {sim_certificate({"a.test"})};
        settings.alpn = {"xmpp-server"};
        shard().context().direct_server_tls = sim_tls_context(settings);
        ASSERT_TRUE(shard().listen(at, true));
    }
    [[nodiscard]] s2s::S2sShard& shard() { return f.a.edge->shards.front()->s2s(); }
    Federation f{1};
    SimNetwork partner{f.world, {"198.51.100.9"}};
    Endpoint at{*IpAddress::parse(f.a.edge_public), 5270};
};

/// ejabberd since 24.10 loses an answer that comes at once (docs/decisions/0042-direct-tls-waits.md).
TEST_F(DirectTls, IsAnsweredAMomentAfterItHasConnected) {
    Dialler one{f.world, partner, at};
    ASSERT_TRUE(f.world.run_until([&] { return one.connected.has_value(); }));
    f.world.advance(10ms);
    Dialler two{f.world, partner, at};
    ASSERT_TRUE(f.world.run_until([&] { return one.secured && two.secured; }, 5s)) << f.a.edge_log.dump();
    for (const Dialler* each : {&one, &two}) {
        EXPECT_GE(*each->secured - *each->connected, 20ms);
        EXPECT_LT(*each->secured - *each->connected, 100ms);
    }
}

TEST_F(DirectTls, IsClosedWithTheNodeWhileNothingOfItIsRead) {
    Dialler one{f.world, partner, at};
    ASSERT_TRUE(f.world.run_until([&] { return one.connected.has_value(); }));
    shard().shut();
    ASSERT_TRUE(f.world.run_until([&] { return one.closed.has_value(); }, 1s));
    EXPECT_FALSE(one.secured);
    f.world.advance(1s);
    EXPECT_EQ(shard().open_streams(), 0U);
}

}  // namespace
}  // namespace sallyport::test
