// Plain TCP streams on loopback: bytes, ends, back-pressure, handing over.
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "unit/io/net_fixture.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;
using io::CloseReason;

class Tcp : public NetTest {};

TEST_F(Tcp, CarriesBytesBothWays) {
    connect();
    client.stream->write("hello ");
    client.stream->write("there");
    until([&] { return server.received.size() == 11; });
    EXPECT_EQ(server.received, "hello there");
    server.stream->write("and back");
    until([&] { return client.received == "and back"; });
    EXPECT_EQ(client.stream->remote(), server.stream->local());
    EXPECT_EQ(server.stream->remote(), client.stream->local());
}

TEST_F(Tcp, ReportsAnOrderlyEndAfterTheLastBytes) {
    connect();
    client.stream->write("bye");
    client.stream->close(5s);
    until([&] { return server.closed.has_value(); });
    EXPECT_EQ(server.received, "bye");
    EXPECT_EQ(server.closed, CloseReason::peer_closed);
    until([&] { return client.closed.has_value(); });
    EXPECT_EQ(client.closed, CloseReason::local);
}

TEST_F(Tcp, EndsALingeringCloseWhenThePeerDoesNotAnswer) {
    connect();
    server.stream->pause(true);
    client.stream->close(1ms);
    until([&] { return client.closed.has_value(); });
    EXPECT_EQ(client.closed, CloseReason::local);
}

TEST_F(Tcp, FinishesACloseAfterItsOwnerHasGone) {
    connect();
    client.stream->write("last words");
    client.stream->close(5s);
    client.stream.reset();
    until([&] { return server.closed.has_value(); });
    EXPECT_EQ(server.received, "last words");
    EXPECT_EQ(server.closed, CloseReason::peer_closed);
    EXPECT_FALSE(client.closed);
}

TEST_F(Tcp, SendsAResetOnAbort) {
    connect();
    client.stream->write("dropped");
    client.stream->abort();
    EXPECT_FALSE(client.closed) << "never from within a call";
    until([&] { return client.closed && server.closed; });
    EXPECT_EQ(client.closed, CloseReason::local);
    EXPECT_EQ(server.closed, CloseReason::reset);
    EXPECT_EQ(server.received, "");
}

TEST_F(Tcp, CanBeDestroyedFromItsOwnCallbacks) {
    connect();
    server.bytes_hook = [&](std::string_view) { server.stream.reset(); };
    client.closed_hook = [&] { client.stream.reset(); };
    client.stream->write("x");
    until([&] { return client.closed.has_value(); });
    EXPECT_FALSE(server.stream);
    EXPECT_FALSE(client.stream);
}

TEST_F(Tcp, HoldsThePeerBackWhilePausedAndSaysWhenDrained) {
    connect();
    server.stream->pause(true);
    const std::string block(1 << 16, 'x');
    std::size_t sent = 0;
    while (client.stream->pending() <= io::Stream::high_water) {
        client.stream->write(block);
        sent += block.size();
        bool turned = false;
        loop.post([&] { turned = true; });
        until([&] { return turned; });
        ASSERT_LT(sent, std::size_t{1} << 28) << "nothing holds us back";
    }
    EXPECT_EQ(server.received, "");
    EXPECT_EQ(client.drained, 0);
    server.stream->pause(false);
    until([&] { return server.received.size() == sent; });
    EXPECT_EQ(client.drained, 1);
    EXPECT_EQ(client.stream->pending(), 0U);
}

TEST_F(Tcp, SaysThatAQueueOfExactlyTheHighWaterMarkHasDrained) {
    connect();
    client.stream->write(std::string(io::Stream::high_water, 'x'));
    ASSERT_EQ(client.stream->pending(), io::Stream::high_water);
    until([&] { return server.received.size() == io::Stream::high_water; });
    EXPECT_EQ(client.drained, 1);
}

/// Fills the path to a peer that does not read; how much it took.
class Followed : public NetTest {
protected:
    void fill() {
        server.stream->pause(true);
        while (client.stream->pending() <= io::Stream::high_water) {
            client.stream->write(std::string(1 << 16, 'x'));
            bool turned = false;
            loop.post([&] { turned = true; });
            until([&] { return turned; });
        }
    }
};

TEST_F(Followed, KnowsWhatThePeerHasTaken) {
    connect();
    client.stream->follow();
    EXPECT_EQ(client.stream->taken(), 0U);
    client.stream->write("hello");
    until([&] { return server.received == "hello"; });
    EXPECT_EQ(client.stream->written(), 5U);
    until_seen([&] { return client.stream->taken() == 5; });
    fill();
    EXPECT_GT(client.stream->taken(), 5U);
    EXPECT_LE(client.stream->taken(), client.stream->written() - client.stream->pending());
    server.stream->pause(false);
    until([&] { return server.received.size() == client.stream->written(); });
    until_seen([&] { return client.stream->taken() == client.stream->written(); });
}

TEST_F(Followed, StillKnowsItWhenTheConnectionBreaks) {
    connect();
    client.stream->follow();
    fill();
    const std::uint64_t before = client.stream->taken();
    server.stream->abort();
    until([&] { return client.closed.has_value(); });
    EXPECT_EQ(client.closed, CloseReason::reset);
    EXPECT_GE(client.stream->taken(), before);
    EXPECT_LT(client.stream->taken(), client.stream->written() - io::Stream::low_water);
}

TEST_F(Tcp, ReadsNothingBeforeItHasAnOwner) {
    std::unique_ptr<io::Stream> accepted;
    auto listener =
        network.listen(loopback(), [&](std::unique_ptr<io::Stream> stream) { accepted = std::move(stream); });
    ASSERT_TRUE(listener);
    const auto dial = network.dial((*listener)->endpoint(), nullptr, 5s, [&](Result<std::unique_ptr<io::Stream>> made) {
        client.take(std::move(*made));
        client.stream->write("early");
    });
    until([&] { return accepted && client.stream && client.stream->pending() == 0; });
    server.take(std::move(accepted));
    until([&] { return server.received == "early"; });
}

TEST_F(Tcp, MovesAnAcceptedStreamToAnotherLoop) {
    std::unique_ptr<io::Stream> accepted;
    auto listener =
        network.listen(loopback(), [&](std::unique_ptr<io::Stream> stream) { accepted = std::move(stream); });
    ASSERT_TRUE(listener);
    const auto dial = network.dial((*listener)->endpoint(), nullptr, 5s, [&](Result<std::unique_ptr<io::Stream>> made) {
        client.take(std::move(*made));
        client.stream->write("to the other loop");
    });
    until([&] { return accepted && client.stream; });
    const int descriptor = io::TcpNetwork::release(std::move(accepted));
    ASSERT_GE(descriptor, 0);

    std::thread other{[descriptor] {
        io::AsioLoop second;
        io::TcpNetwork there{second};
        Probe probe{there.adopt(descriptor)};
        second.run_until([&] { return probe.received == "to the other loop"; });
        probe.stream->write("hello from there");
        probe.stream->close(5s);
        second.run_until([&] { return probe.closed.has_value(); });
    }};
    until([&] { return client.closed.has_value(); });
    other.join();
    EXPECT_EQ(client.received, "hello from there");
}

TEST_F(Tcp, TellsTheOwnerOfAStreamThatCannotMoveOfItsEnd) {
    connect();
    server.stream->abort();
    EXPECT_FALSE(server.stream->leave());
    until([&] { return server.closed.has_value(); });
}

TEST_F(Tcp, ReleasesNoStreamThatHasBeenUsed) {
    connect();
    EXPECT_EQ(io::TcpNetwork::release(std::move(server.stream)), -1);
}

TEST_F(Tcp, CarriesMegabytesUnchanged) {
    connect();
    std::string block;
    for (std::size_t i = 0; i < 5'000'000; ++i) block.push_back(static_cast<char>(i * 2654435761U >> 13));
    client.stream->write(block);
    until([&] { return server.received.size() == block.size(); });
    EXPECT_TRUE(server.received == block);
}

TEST_F(Tcp, SharesAPortAmongListeners) {
    int first = 0;
    auto one = network.listen(loopback(), [&](std::unique_ptr<io::Stream>) { ++first; });
    ASSERT_TRUE(one);
    int second = 0;
    auto two = network.listen((*one)->endpoint(), [&](std::unique_ptr<io::Stream>) { ++second; });
    ASSERT_TRUE(two) << two.error().text;
    std::vector<std::unique_ptr<io::Dial>> dials;
    for (int i = 0; i < 16; ++i) {
        dials.push_back(network.dial((*one)->endpoint(), nullptr, 5s, [](Result<std::unique_ptr<io::Stream>>) {}));
    }
    until([&] { return first + second == 16; });
}

TEST_F(Tcp, SaysWhyItCannotListen) {
    const Endpoint foreign = *Endpoint::parse("192.0.2.77:0");
    const auto listener = network.listen(foreign, [](std::unique_ptr<io::Stream>) {});
    ASSERT_FALSE(listener);
    EXPECT_EQ(listener.error().code, "listen-failed");
    EXPECT_NE(listener.error().text.find("192.0.2.77"), std::string::npos);
}

TEST_F(Tcp, PausesAcceptingWhenDescriptorsRunOut) {
    std::string problem;
    io::TcpNetwork scarce{loop, [&](const std::string& words) { problem = words; }};
    std::unique_ptr<io::Stream> accepted;
    const auto listener = scarce.listen(loopback(), [&](std::unique_ptr<io::Stream> s) { accepted = std::move(s); });
    ASSERT_TRUE(listener);
    bool dialled = false;
    const auto on_dialled = [&](Result<std::unique_ptr<io::Stream>> made) { dialled = made.has_value(); };
    // Once with plenty: the undefined-behaviour sanitizer needs descriptors when it sees a type for the first time.
    auto dial = network.dial((*listener)->endpoint(), nullptr, 5s, on_dialled);
    until([&] { return dialled && accepted; });
    accepted.reset();
    dialled = false;
    dial = network.dial((*listener)->endpoint(), nullptr, 5s, on_dialled);
    const int next_free = ::dup(0);
    ::close(next_free);
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    const rlimit none{static_cast<rlim_t>(next_free), before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    until([&] { return dialled && !problem.empty(); });
    EXPECT_FALSE(accepted);
    setrlimit(RLIMIT_NOFILE, &before);
    until([&] { return accepted != nullptr; });
    EXPECT_NE(problem.find("Too many open files"), std::string::npos) << problem;
}

/// A port of loopback on which nobody listens.
std::uint16_t silent_port(io::TcpNetwork& network) {
    const auto listener = network.listen({IpAddress::v4(0x7f000001), 0}, [](std::unique_ptr<io::Stream>) {});
    return (*listener)->endpoint().port;
}

TEST_F(Tcp, ReportsARefusedDial) {
    std::string code;
    const auto dial = network.dial(loopback(silent_port(network)), nullptr, 5s,
                                   [&](Result<std::unique_ptr<io::Stream>> made) { code = made.error().code; });
    until([&] { return !code.empty(); });
    EXPECT_EQ(code, "connect-refused");
}

TEST_F(Tcp, ReportsADialThatTakesTooLong) {
    // A listener whose queue is full drops further SYNs, so connecting to it hangs.
    const int raw = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    ASSERT_EQ(::bind(raw, reinterpret_cast<sockaddr*>(&at), size), 0);
    ASSERT_EQ(::listen(raw, 0), 0);
    getsockname(raw, reinterpret_cast<sockaddr*>(&at), &size);
    std::vector<std::unique_ptr<io::Dial>> dials;
    std::vector<std::unique_ptr<io::Stream>> made;
    std::string code;
    for (int i = 0; i < 8; ++i) {
        dials.push_back(
            network.dial(loopback(ntohs(at.sin_port)), nullptr, 20ms, [&](Result<std::unique_ptr<io::Stream>> result) {
                if (result) {
                    made.push_back(std::move(*result));
                } else {
                    code = result.error().code;
                }
            }));
    }
    until([&] { return !code.empty(); });
    EXPECT_EQ(code, "connect-timed-out");
    ::close(raw);
}

TEST_F(Tcp, CallsNobodyAfterADialIsCancelled) {
    bool called = false;
    auto dial = network.dial(loopback(silent_port(network)), nullptr, 5s,
                             [&](Result<std::unique_ptr<io::Stream>>) { called = true; });
    dial.reset();
    connect();
    EXPECT_FALSE(called);
}

TEST_F(Tcp, DialsFromTheGivenAddress) {
    Probe accepted;
    auto listener = network.listen(loopback(), [&](std::unique_ptr<io::Stream> s) { accepted.take(std::move(s)); });
    ASSERT_TRUE(listener);
    const IpAddress source = IpAddress::v4(0x7f000005);
    const auto dial = network.dial((*listener)->endpoint(), &source, 5s,
                                   [&](Result<std::unique_ptr<io::Stream>> made) { client.take(std::move(*made)); });
    until([&] { return accepted.stream && client.stream; });
    EXPECT_EQ(accepted.stream->remote().address, source);
}

TEST_F(Tcp, WorksOverIpv6) {
    auto listener =
        network.listen(*Endpoint::parse("[::1]:0"), [&](std::unique_ptr<io::Stream> s) { server.take(std::move(s)); });
    if (!listener) GTEST_SKIP() << "no IPv6 here";
    const auto dial = network.dial((*listener)->endpoint(), nullptr, 5s,
                                   [&](Result<std::unique_ptr<io::Stream>> made) { client.take(std::move(*made)); });
    until([&] { return server.stream && client.stream; });
    EXPECT_TRUE(server.stream->remote().address.v6);
}

}  // namespace
}  // namespace sallyport::test
