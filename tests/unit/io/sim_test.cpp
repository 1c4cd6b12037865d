// The simulated world keeps the promises of the interfaces, or tests built on it would prove nothing.
#include <gtest/gtest.h>

#include "support/sim_dns.h"
#include "support/sim_network.h"
#include "support/sim_tls.h"
#include "support/test_pki.h"
#include "unit/io/net_fixture.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;
using io::CloseReason;

class Sim : public testing::Test {
protected:
    void connect() {
        auto made = there.listen(*Endpoint::parse("0.0.0.0:5269"),
                                 [this](std::unique_ptr<io::Stream> stream) { server.take(std::move(stream)); });
        ASSERT_TRUE(made);
        listener = std::move(*made);
        dial = here.dial(*Endpoint::parse("198.51.100.7:5269"), nullptr, 5s,
                         [this](Result<std::unique_ptr<io::Stream>> stream) { client.take(std::move(*stream)); });
        ASSERT_TRUE(world.run_until([this] { return client.stream && server.stream; }));
    }

    SimWorld world;
    SimNetwork here{world, {"192.0.2.1"}};
    SimNetwork there{world, {"198.51.100.7"}};
    std::unique_ptr<io::Listener> listener;
    std::unique_ptr<io::Dial> dial;
    Probe client;
    Probe server;
};

TEST_F(Sim, RunsTimersInOrderOfVirtualTime) {
    std::string order;
    const auto late = world.loop().timer([&] { order += 'c'; });
    const auto soon = world.loop().timer([&] { order += 'b'; });
    const auto dropped = world.loop().timer([&] { order += 'x'; });
    late->arm(world.loop().now() + 2h);
    soon->arm(world.loop().now() + 1h);
    dropped->arm(world.loop().now() + 1h);
    dropped->disarm();
    world.loop().post([&] { order += 'a'; });
    const WallTime before = world.loop().wall();
    world.advance(3h);
    EXPECT_EQ(order, "abc");
    EXPECT_EQ(world.loop().wall() - before, 3h);
}

TEST_F(Sim, CarriesBytesAfterLatency) {
    world.set_latency("192.0.2.1", "198.51.100.7", 40ms);
    connect();
    EXPECT_EQ(server.stream->remote().address, *IpAddress::parse("192.0.2.1"));
    const TimePoint sent = world.loop().now();
    client.stream->write("hello");
    ASSERT_TRUE(world.run_until([&] { return server.received == "hello"; }));
    EXPECT_EQ(world.loop().now() - sent, 40ms);
}

TEST_F(Sim, RefusesAndTimesOutDials) {
    std::string refused;
    std::string lost;
    const auto one = here.dial(*Endpoint::parse("198.51.100.7:1"), nullptr, 5s,
                               [&](Result<std::unique_ptr<io::Stream>> made) { refused = made.error().code; });
    const auto two = here.dial(*Endpoint::parse("203.0.113.9:5269"), nullptr, 5s,
                               [&](Result<std::unique_ptr<io::Stream>> made) { lost = made.error().code; });
    world.advance(6s);
    EXPECT_EQ(refused, "connect-refused");
    EXPECT_EQ(lost, "connect-timed-out");
}

TEST_F(Sim, ClosesInOrderAfterTheLastBytes) {
    connect();
    client.stream->write("bye");
    client.stream->close(5s);
    ASSERT_TRUE(world.run_until([&] { return server.closed && client.closed; }));
    EXPECT_EQ(server.received, "bye");
    EXPECT_EQ(server.closed, CloseReason::peer_closed);
    EXPECT_EQ(client.closed, CloseReason::local);
}

TEST_F(Sim, ResetsOnAbortAndOnDemand) {
    connect();
    client.stream->abort();
    EXPECT_FALSE(client.closed);
    ASSERT_TRUE(world.run_until([&] { return server.closed && client.closed; }));
    EXPECT_EQ(server.closed, CloseReason::reset);
    Probe second;
    server.closed.reset();
    dial = here.dial(*Endpoint::parse("198.51.100.7:5269"), nullptr, 5s,
                     [&](Result<std::unique_ptr<io::Stream>> stream) { second.take(std::move(*stream)); });
    ASSERT_TRUE(world.run_until([&] { return second.stream != nullptr; }));
    world.reset_streams("192.0.2.1");
    ASSERT_TRUE(world.run_until([&] { return server.closed && second.closed; }));
    EXPECT_EQ(second.closed, CloseReason::reset);
}

TEST_F(Sim, HoldsBytesBackWhileBlockedAndBreaksInTheEnd) {
    connect();
    world.block("192.0.2.1", "198.51.100.7");
    client.stream->write("one");
    world.advance(5s);
    EXPECT_EQ(server.received, "");
    world.heal("192.0.2.1", "198.51.100.7");
    world.advance(1s);
    EXPECT_EQ(server.received, "one");
    world.block("192.0.2.1", "198.51.100.7");
    client.stream->write("two");
    world.advance(40s);
    EXPECT_EQ(client.closed, CloseReason::reset);
    EXPECT_EQ(server.received, "one");
}

TEST_F(Sim, HasBackPressure) {
    connect();
    server.stream->pause(true);
    const std::string block(2 << 20, 'x');
    client.stream->write(block);
    world.advance(1s);
    EXPECT_GT(client.stream->pending(), io::Stream::high_water);
    server.stream->pause(false);
    ASSERT_TRUE(world.run_until([&] { return server.received.size() == block.size(); }));
    EXPECT_EQ(client.drained, 1);
}

TEST_F(Sim, ExchangesIdentitiesAfterStarttls) {
    SimTlsSettings ours;
    ours.identities = {sim_certificate({"partner.example"})};
    SimTlsSettings theirs;
    theirs.identities = {sim_certificate({"edge.example"}, "Unknown CA")};
    connect();
    server.bytes_hook = [&](std::string_view) {
        if (server.received != "<starttls/>") return;
        server.stream->write("<proceed/>");
        server.stream->start_tls(sim_tls_context(ours), io::TlsRole::server, {});
    };
    client.bytes_hook = [&](std::string_view) {
        if (!client.tls) client.stream->start_tls(sim_tls_context(theirs), io::TlsRole::client, "partner.example");
    };
    client.tls_hook = [&] { client.stream->write("secret"); };
    client.stream->write("<starttls/>");
    ASSERT_TRUE(world.run_until([&] { return server.received == "<starttls/>secret"; }));
    EXPECT_EQ(client.tls->peer->dns_names, std::vector<std::string>{"partner.example"});
    EXPECT_TRUE(client.tls->peer->chain_valid);
    EXPECT_EQ(server.tls->sni, "partner.example");
    EXPECT_FALSE(server.tls->peer->chain_valid);
    EXPECT_NE(client.stream->channel_binding("tls-exporter"), "");
    EXPECT_EQ(client.stream->channel_binding("tls-exporter"), server.stream->channel_binding("tls-exporter"));
    client.stream->close(5s);
    ASSERT_TRUE(world.run_until([&] { return server.closed.has_value(); }));
    EXPECT_EQ(server.closed, CloseReason::peer_closed);
}

TEST_F(Sim, FailsTlsWithAPeerThatSpeaksPlainText) {
    connect();
    SimTlsSettings ours;
    ours.identities = {sim_certificate({"partner.example"})};
    server.stream->start_tls(sim_tls_context(ours), io::TlsRole::server, {});
    client.stream->write("<stream:stream>");
    ASSERT_TRUE(world.run_until([&] { return server.closed.has_value(); }));
    EXPECT_EQ(server.closed, CloseReason::tls_failed);
}

TEST_F(Sim, RefusesAPeerWithoutCertificateWhereOneIsRequired) {
    connect();
    SimTlsSettings ours;
    ours.identities = {sim_certificate({"partner.example"})};
    ours.require_peer = true;
    server.stream->start_tls(sim_tls_context(ours), io::TlsRole::server, {});
    client.stream->start_tls(sim_tls_context({}), io::TlsRole::client, "partner.example");
    ASSERT_TRUE(world.run_until([&] { return server.closed && client.closed; }));
    EXPECT_EQ(server.closed, CloseReason::tls_failed);
    EXPECT_EQ(client.closed_text, "the peer refused: certificate required");
}

TEST_F(Sim, RunsRealTlsOverSimulatedBytes) {
    const TestPki pki;
    connect();
    server.stream->start_tls(pki.context({"partner.example"}), io::TlsRole::server, {});
    client.stream->start_tls(pki.context({"edge.example"}), io::TlsRole::client, "partner.example");
    ASSERT_TRUE(world.run_until([&] { return client.tls && server.tls; })) << client.closed_text;
    EXPECT_TRUE(server.tls->peer->chain_valid);
    client.stream->write(std::string(200'000, 'x'));
    ASSERT_TRUE(world.run_until([&] { return server.received.size() == 200'000; }));
    client.stream.reset();
    ASSERT_TRUE(world.run_until([&] { return server.closed.has_value(); }));
    EXPECT_EQ(server.closed, CloseReason::truncated);
}

TEST_F(Sim, AnswersFromItsZones) {
    SimDns dns{world};
    dns.srv("_xmpp-server._tcp.partner.example", 1, 2, 5269, "xmpp.partner.example");
    dns.fail("slow.example", DnsStatus::timed_out);
    const auto resolver = dns.resolver(world.loop());
    std::optional<DnsAnswer> services;
    std::optional<DnsAnswer> absent;
    std::optional<DnsAnswer> slow;
    const auto one = resolver->srv("_xmpp-server._tcp.partner.example", {}, [&](const DnsAnswer& a) { services = a; });
    const auto two = resolver->addresses("absent.example", false, {}, [&](const DnsAnswer& a) { absent = a; });
    const auto three = resolver->addresses("slow.example", true, {}, [&](const DnsAnswer& a) { slow = a; });
    auto cancelled = resolver->addresses("slow.example", true, {}, [&](const DnsAnswer&) { FAIL(); });
    cancelled.reset();
    world.advance(5s);
    ASSERT_TRUE(services && absent);
    EXPECT_EQ(services->srv.front().target, "xmpp.partner.example");
    EXPECT_EQ(absent->status, DnsStatus::no_name);
    EXPECT_FALSE(slow);
    world.advance(6s);
    ASSERT_TRUE(slow);
    EXPECT_EQ(slow->status, DnsStatus::timed_out);
    EXPECT_EQ(dns.questions("slow.example"), 2);
}

}  // namespace
}  // namespace sallyport::test
