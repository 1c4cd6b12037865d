// A listener behind a proxy: streams have the ends that the header names; who is no proxy has his own.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/net/proxy_door.h"
#include "support/test_pki.h"
#include "unit/io/net_fixture.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view header = "PROXY TCP4 192.0.2.1 198.51.100.2 40000 5269\r\n";

class ProxyDoor : public NetTest {
protected:
    void listen(const std::string& proxies) {
        auto made = network.listen(
            loopback(),
            {{*IpNetwork::parse(proxies)}, [this](const Endpoint&, const std::string& why) { refused.push_back(why); }},
            [this](std::unique_ptr<io::Stream> stream) {
                streams.push_back(std::make_unique<Probe>(std::move(stream)));
            });
        ASSERT_TRUE(made) << made.error().text;
        listener = std::move(*made);
    }
    /// A connection to the listener that has said `first`.
    Probe& dial(std::string_view first) {
        auto& probe = *dialled.emplace_back(std::make_unique<Probe>());
        const auto under_way =
            network.dial(listener->endpoint(), nullptr, 5s, [&](Result<std::unique_ptr<io::Stream>> made) {
                ASSERT_TRUE(made) << made.error().text;
                probe.take(std::move(*made));
                if (!first.empty()) probe.stream->write(first);
            });
        until([&] { return probe.stream != nullptr; });
        return probe;
    }

    std::unique_ptr<io::Listener> listener;
    std::vector<std::unique_ptr<Probe>> streams, dialled;
    std::vector<std::string> refused;
};

TEST_F(ProxyDoor, GivesAStreamTheEndsThatTheProxyNames) {
    listen("127.0.0.1");
    Probe& far = dial(std::string{header} + "<stream>");
    until([&] { return streams.size() == 1 && streams[0]->received == "<stream>"; });
    EXPECT_EQ(streams[0]->stream->remote().text(), "192.0.2.1:40000");
    EXPECT_EQ(streams[0]->stream->local().text(), "198.51.100.2:5269");
    streams[0]->stream->write("</stream>");
    until([&] { return far.received == "</stream>"; });
}

/// A socket of both families may be handed over; IPv4 comes over it in IPv6's form.
TEST_F(ProxyDoor, KnowsAProxyOverASocketOfBothFamilies) {
    const int socket = ::socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ASSERT_GE(socket, 0);
    const int off = 0;
    ASSERT_EQ(::setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off), 0);
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    socklen_t size = sizeof any;
    ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&any), size), 0);
    ASSERT_EQ(::listen(socket, 16), 0);
    ASSERT_EQ(::getsockname(socket, reinterpret_cast<sockaddr*>(&any), &size), 0);
    auto made = network.listen_on(
        socket,
        [this](std::unique_ptr<io::Stream> stream) { streams.push_back(std::make_unique<Probe>(std::move(stream))); },
        {{*IpNetwork::parse("127.0.0.1")}, {}});
    ASSERT_TRUE(made);
    listener = std::move(*made);
    Probe& far = *dialled.emplace_back(std::make_unique<Probe>());
    const auto under_way =
        network.dial(loopback(ntohs(any.sin6_port)), nullptr, 5s, [&](Result<std::unique_ptr<io::Stream>> stream) {
            ASSERT_TRUE(stream) << stream.error().text;
            far.take(std::move(*stream));
            far.stream->write(std::string{header} + "<stream>");
        });
    until([&] { return streams.size() == 1 && streams[0]->received == "<stream>"; });
    EXPECT_EQ(streams[0]->stream->remote().text(), "192.0.2.1:40000");
}

TEST_F(ProxyDoor, KeepsThemOnAnotherLoop) {
    listen("127.0.0.1");
    dial(header);
    until([&] { return streams.size() == 1; });
    const auto moved = network.join(streams[0]->stream->leave());
    EXPECT_EQ(moved->remote().text(), "192.0.2.1:40000");
    EXPECT_EQ(moved->local().text(), "198.51.100.2:5269");
    Probe owner;
    moved->set_owner(&owner);
}

TEST_F(ProxyDoor, LeavesAHandshakeOfTlsWhole) {
    const TestPki pki;
    listen("127.0.0.1");
    Probe& far = dial(header);
    until([&] { return streams.size() == 1; });
    streams[0]->stream->start_tls(pki.context({"a.test"}), io::TlsRole::server, {});
    far.stream->start_tls(pki.context({}), io::TlsRole::client, "a.test");
    until([&] { return far.tls && streams[0]->tls; });
}

TEST_F(ProxyDoor, TakesHeadersInPiecesWhileOthersCome) {
    listen("127.0.0.1");
    Probe& slow = dial(header.substr(0, 7));
    Probe& quick = dial(header);
    until([&] { return streams.size() == 1; });
    slow.stream->write(header.substr(7));
    until([&] { return streams.size() == 2; });
    EXPECT_FALSE(quick.closed);
}

TEST_F(ProxyDoor, BelievesNobodyWhoIsNotListed) {
    listen("192.0.2.7");
    dial(header);
    until([&] { return streams.size() == 1 && streams[0]->received == header; });
    EXPECT_TRUE(is_loopback(streams[0]->stream->remote().address));
}

TEST_F(ProxyDoor, StandsForItselfWhereItSpeaksForNobody) {
    listen("127.0.0.1");
    dial("PROXY UNKNOWN\r\n");
    until([&] { return streams.size() == 1; });
    EXPECT_TRUE(is_loopback(streams[0]->stream->remote().address));
}

TEST_F(ProxyDoor, ClosesWhatDoesNotBeginWithAHeader) {
    listen("127.0.0.1");
    Probe& far = dial("<?xml version='1.0'?>");
    until([&] { return far.closed.has_value(); });
    EXPECT_EQ(refused, std::vector<std::string>{"the connection does not begin with a PROXY header"});
    EXPECT_TRUE(streams.empty());
}

TEST_F(ProxyDoor, SaysNothingOfALookAtThePort) {
    listen("127.0.0.1");
    Probe& far = dial("");
    far.stream->close(1s);
    until([&] { return far.closed.has_value(); });
    EXPECT_TRUE(refused.empty());
    EXPECT_TRUE(streams.empty());
}

TEST_F(ProxyDoor, HoldsABoundedNumberForABoundedTime) {
    listen("127.0.0.1");
    Probe& oldest = dial("");
    for (std::size_t i = 0; i < io::ProxyDoor::most_waiting; ++i) dial("");
    until([&] { return refused.size() == 1 && oldest.closed; });
    EXPECT_EQ(refused[0], "too many connections wait for their header");
    dialled.back()->stream->write(header);
    until([&] { return streams.size() == 1; });
    ASSERT_EQ(refused.size(), 1U) << "the newest is not kept out by those who say nothing";
    dial("");
    until([&] { return refused.size() == 1 + io::ProxyDoor::most_waiting; });
    EXPECT_EQ(refused[1], "no PROXY header within its time");
}

TEST_F(ProxyDoor, ClosesWithItsListener) {
    listen("127.0.0.1");
    Probe& far = dial(header.substr(0, 20));
    dial(header);
    until([&] { return streams.size() == 1; });
    listener.reset();
    until([&] { return far.closed.has_value(); });
    EXPECT_FALSE(streams[0]->closed);
}

}  // namespace
}  // namespace sallyport::test
