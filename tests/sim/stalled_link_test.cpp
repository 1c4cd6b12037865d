// A link that stands still: what goes over it waits or comes back, and nothing else waits. A core whose presence node
// or whose edges take nothing, an edge whose core takes nothing, a presence node whose core takes nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "support/link_end.h"
#include "support/raw_partner.h"
#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint16_t s2s_port = 5269;

Endpoint at(const std::string& address, std::uint16_t port) { return {*IpAddress::parse(address), port}; }

/// A core with a server inside that writes to its presence node and to the outside, over two streams and over one.
class StalledLink : public testing::Test {
protected:
    void start() {
        config::InsideServer server;
        server.domains = {*xmpp::Domain::parse("inside.a.test")};
        server.address = {"10.1.0.51", s2s_port};
        server.tls = config::InsideTls::optional;
        f.a.servers = {server};
        f.a.settings.domains.push_back(*config::NamePattern::parse("inside.a.test"));
        f.dns.srv("_xmpp-server._tcp.inside.a.test", 0, 0, s2s_port, "xmpp.a.test");
        ASSERT_TRUE(f.start()) << f.logs();
        for (auto& shard : f.a.core->shards) {
            ASSERT_TRUE(shard->s2s().listen(at(f.a.core_address, s2s_port), false));
        }
        inside.emplace(f.world, f.dns, "inside.a.test", "10.1.0.51");
        imp = &inside->open(f.a.core_address, "imp.a.test");
        out = &inside->open(f.a.core_address, "b.test");
        both = &inside->open(f.a.core_address, "imp.a.test");
        ASSERT_TRUE(f.world.run_until([&] { return imp->ready() && out->ready() && both->ready(); }))
            << f.a.core_log.dump();
        both->say("<db:result from='inside.a.test' to='b.test'>key</db:result>");
        f.world.advance(1s);
    }
    void TearDown() override {
        if (HasFailure()) std::fputs(f.logs().c_str(), stderr);
    }
    /// So many stanzas of 10 kB, in a third of a second for each hundred.
    void flood(RawStream& stream, const std::string& to, int count) {
        for (int n = 0; n < count; ++n) {
            stream.message("u@inside.a.test", "romeo@" + to, "flood", std::string(10000, 'x'));
            if (n % 10 == 9) f.world.advance(30ms);
        }
    }

    Federation f{1, true};
    std::optional<RawPartner> inside;
    RawStream *imp = nullptr, *out = nullptr, *both = nullptr;
};

TEST_F(StalledLink, ToAPresenceNodeHoldsBackNothingThatGoesOut) {
    start();
    f.world.block(f.a.core_address, f.a.presence_address);
    flood(*imp, "imp.a.test", 200);
    for (int second = 0; second < 5; ++second) {
        out->message("u@inside.a.test", "romeo@b.test", "out" + std::to_string(second));
        both->message("u@inside.a.test", "romeo@b.test", "both" + std::to_string(second));
        f.world.advance(1s);
    }
    for (int second = 0; second < 5; ++second) {
        EXPECT_TRUE(f.b.user().got("out" + std::to_string(second))) << second;
        EXPECT_TRUE(f.b.user().got("both" + std::to_string(second))) << second;
    }
    EXPECT_FALSE(inside->got("flood")) << "what is within its budget waits";
}

/// Whoever writes to it is read on: beyond the budget stanzas come back. A stream that led there only may ask for more.
TEST_F(StalledLink, ToAPresenceNodeReturnsWhatIsBeyondTheBudget) {
    f.a.limits.link_bytes = 4 << 20;
    start();
    f.world.block(f.a.core_address, f.a.presence_address);
    flood(*imp, "imp.a.test", 250);
    f.world.advance(3s);
    both->message("u@inside.a.test", "romeo@b.test", "both");
    imp->say("<db:result from='inside.a.test' to='b.test'>key</db:result>");
    f.world.advance(1s);
    imp->message("u@inside.a.test", "romeo@b.test", "out");
    f.world.advance(1s);
    EXPECT_TRUE(f.b.user().got("both"));
    EXPECT_TRUE(f.b.user().got("out"));
    ASSERT_TRUE(inside->got("flood"));
    const auto accepted = inside->accepted();
    EXPECT_TRUE(std::any_of(accepted.begin(), accepted.end(), [](const RawStream* stream) {
        return stream->heard().find("<resource-constraint") != std::string::npos;
    }));
}

/// One that is merely slow gets a burst, every stanza of it.
TEST_F(StalledLink, ThatMovesGetsItAll) {
    f.a.limits.link_bytes = 4 << 20;
    start();
    f.world.set_latency(f.a.core_address, f.a.presence_address, 50ms);  // 640 kB a second
    for (int n = 0; n < 600; ++n) both->message("u@inside.a.test", "romeo@imp.a.test", "m", std::string(10000, 'x'));
    ASSERT_TRUE(f.world.run_until([&] { return f.a.imp_user.with_id("m").size() == 600; }, 60s))
        << f.a.imp_user.with_id("m").size();
    EXPECT_FALSE(inside->got("m"));
}

TEST_F(StalledLink, ToTheEdgesHoldsBackNothingThatGoesToThePresenceNode) {
    start();
    f.world.block(f.a.core_address, f.a.edge_link);
    flood(*out, "b.test", 200);
    f.world.advance(2s);
    imp->message("u@inside.a.test", "romeo@imp.a.test", "imp");
    both->message("u@inside.a.test", "romeo@imp.a.test", "both");
    f.world.advance(1s);
    EXPECT_TRUE(f.a.imp_user.got("imp"));
    EXPECT_TRUE(f.a.imp_user.got("both"));
}

/// Users of a presence node write to each other whatever its core takes.
TEST_F(StalledLink, ToTheCoreHoldsBackNothingBetweenUsers) {
    f.a.keep_users({"juliet", "romeo"});
    start();
    const auto juliet = f.a.client("juliet"), romeo = f.a.client("romeo");
    ASSERT_TRUE(juliet->online() && romeo->online());
    f.world.block(f.a.core_address, f.a.presence_address);
    for (int n = 0; n < 200; ++n) {
        f.a.imp_user.message("u@imp.a.test", "romeo@b.test", "flood", std::string(10000, 'x'));
        if (n % 10 == 9) f.world.advance(10ms);
    }
    f.world.advance(2s);
    juliet->say("<message to='romeo@chat.a.test' id='local' type='chat'><body>x</body></message>");
    f.world.advance(1s);
    EXPECT_TRUE(std::any_of(romeo->received.begin(), romeo->received.end(),
                            [](const xml::Element& element) { return element.attribute("id") == "local"; }));
}

/// A partner that verifies a key of ours comes to the edge as a stranger does, and is read on.
TEST(StalledCore, KeepsNobodyFromVerifyingAKeyOfOurs) {
    Federation f;
    f.a.named_links = false;
    f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
    ASSERT_TRUE(f.start()) << f.logs();
    f.a.kill_core();
    SimNetwork host{f.world, {"10.1.0.99"}};
    LinkEnd core{f.world, host, link::End::dialler, "core.a.test", "link secret of a.test"};
    core.dial(at(f.a.edge_link, link_port), {"a.test"});
    RawPartner c{f.world, f.dns, "c.test", "198.51.100.10"};
    RawStream& stream = c.open(f.a.edge_public, "a.test");
    ASSERT_TRUE(f.world.run_until([&] { return core.open() && stream.ready(); })) << f.a.edge_log.dump();
    core.hang(true);
    for (int n = 0; n < 30; ++n) stream.message("u@c.test", "romeo@a.test", "flood", std::string(100'000, 'x'));
    f.world.advance(1s);
    ASSERT_GT(stream.pending(), 0U) << "it is not read";
    core.say("<message from='romeo@a.test' to='juliet@b.test' id='out'><body>x</body></message>");
    EXPECT_TRUE(f.world.run_until([&] { return f.b.user().got("out"); }, 5s)) << f.a.edge_log.dump();
}

}  // namespace
}  // namespace sallyport::test
