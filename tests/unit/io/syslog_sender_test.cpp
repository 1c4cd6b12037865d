// A receiver misses nothing silently, and hears the last lines of a node that ends.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <thread>
#include <utility>

#include "io/log/syslog.h"
#include "support/test_pki.h"

namespace sallyport::io {
namespace {

/// A local datagram socket that keeps what it gets, until "end" comes.
class Receiver {
public:
    explicit Receiver(const std::string& path) : path_{path}, socket_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)} {
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        std::strncpy(at.sun_path, path.c_str(), sizeof at.sun_path - 1);
        EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
        thread_ = std::thread{[this] {
            char buffer[4096];
            for (ssize_t count; (count = ::recv(socket_, buffer, sizeof buffer, 0)) > 0;) {
                lines.emplace_back(buffer, static_cast<std::size_t>(count));
                if (lines.back() == "end") return;
            }
        }};
    }
    Receiver(const Receiver&) = delete;
    Receiver& operator=(const Receiver&) = delete;
    ~Receiver() {
        wait();
        ::close(socket_);
    }
    void wait() {
        if (thread_.joinable()) thread_.join();
    }
    [[nodiscard]] SyslogAddress address() const {
        SyslogAddress at;
        at.kind = SyslogAddress::Kind::local;
        at.path = path_;
        at.name = path_;
        return at;
    }
    std::vector<std::string> lines;

private:
    std::string path_;
    int socket_;
    std::thread thread_;
};

TEST(SyslogSender, SendsWhatWaitsBeforeItEnds) {
    const test::TemporaryFolder folder;
    Receiver receiver{folder.path() + "/log"};
    {
        SyslogSender sender{{receiver.address()}};
        for (int i = 0; i < 500; ++i) sender.send("line");
        sender.send("end");
    }
    receiver.wait();
    EXPECT_EQ(receiver.lines.size(), 501U);
}

TEST(SyslogSender, TellsHowManyLinesWereLost) {
    const test::TemporaryFolder folder;
    Receiver receiver{folder.path() + "/log"};
    constexpr std::uint64_t sent = 50'000;
    std::uint64_t lost = 0;
    {
        SyslogSender sender{{receiver.address()}, [](std::uint64_t lines) { return "lost " + std::to_string(lines); }};
        for (std::uint64_t i = 0; i < sent; ++i) sender.send("line");
        const auto over = [&] {
            const SyslogSender::State state = sender.states().front();
            lost = state.lost;
            return state.sent + state.lost == sent;
        };
        while (!over()) std::this_thread::yield();
        sender.send("end");
    }
    receiver.wait();
    ASSERT_GT(lost, 0U) << "the test sends more than may wait";
    std::uint64_t told = 0;
    for (const std::string& line : receiver.lines) told += line.starts_with("lost ") ? std::stoull(line.substr(5)) : 0;
    EXPECT_EQ(told, lost);
}

/// UDP on loopback that is closed at first: its port is free.
class LateReceiver {
public:
    LateReceiver() {
        const int socket = bound(0);
        sockaddr_in at{};
        socklen_t size = sizeof at;
        ::getsockname(socket, reinterpret_cast<sockaddr*>(&at), &size);
        port_ = ntohs(at.sin_port);
        ::close(socket);
    }
    LateReceiver(const LateReceiver&) = delete;
    LateReceiver& operator=(const LateReceiver&) = delete;
    ~LateReceiver() { close(); }
    void open() { socket_ = bound(port_); }
    void close() {
        if (socket_ >= 0) ::close(std::exchange(socket_, -1));
    }
    /// The next line; empty: none in ten seconds.
    [[nodiscard]] std::string line() const {
        const timeval patience{10, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        char buffer[4096];
        const ssize_t count = ::recv(socket_, buffer, sizeof buffer, 0);
        return count > 0 ? std::string{buffer, static_cast<std::size_t>(count)} : std::string{};
    }
    [[nodiscard]] SyslogAddress address() const {
        SyslogAddress at;
        at.endpoint = {*IpAddress::parse("127.0.0.1"), port_};
        at.name = at.endpoint.text();
        return at;
    }

private:
    static int bound(std::uint16_t port) {
        const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_port = htons(port);
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
        return socket;
    }
    std::uint16_t port_ = 0;
    int socket_ = -1;
};

std::string loss_line(std::uint64_t lines) { return "lost " + std::to_string(lines); }

TEST(SyslogSender, CountsAsLostWhatADatagramReceiverThatIsDownSeemedToTake) {
    LateReceiver receiver;
    SyslogSender sender{{receiver.address()}, loss_line};
    const auto state = [&] { return sender.states().front(); };
    sender.send("one");
    while (state().lost + state().sent < 1) std::this_thread::yield();
    EXPECT_EQ(state().lost, 1U);
    sender.send("two");
    while (state().lost + state().sent < 2) std::this_thread::yield();
    // It is tried again meanwhile, over a new socket, and nobody has been told.
    const auto until = std::chrono::steady_clock::now() + SyslogReceiver::pause + std::chrono::seconds{1};
    while (std::chrono::steady_clock::now() < until) {
        ASSERT_FALSE(state().trouble.empty());
        std::this_thread::yield();
    }
    receiver.open();
    EXPECT_EQ(receiver.line(), "lost 2");
    while (!state().trouble.empty()) std::this_thread::yield();
    sender.send("three");
    EXPECT_EQ(receiver.line(), "three");
    // And once more, over the socket that it has.
    receiver.close();
    sender.send("four");
    while (state().sent + state().lost < 4) std::this_thread::yield();
    sender.send("five");
    while (state().sent + state().lost < 5) std::this_thread::yield();
    EXPECT_FALSE(state().trouble.empty());
    const std::uint64_t missed = state().lost - 2;
    receiver.open();
    EXPECT_EQ(receiver.line(), loss_line(missed));
}

/// The loss is told, and then the line comes to nothing: both are counted once.
TEST(SyslogSender, TellsOfALossOnceWhenTheLineBehindItFails) {
    const test::TemporaryFolder folder;
    SyslogAddress address;
    address.kind = SyslogAddress::Kind::local;
    address.path = address.name = folder.path() + "/log";
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::strncpy(at.sun_path, address.path.c_str(), sizeof at.sun_path - 1);
    const int receiver = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const int filler = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ASSERT_EQ(::bind(receiver, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    ASSERT_EQ(::connect(filler, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    while (::send(filler, "x", 1, 0) == 1) {
    }
    {
        SyslogSender sender{{address}, loss_line, std::chrono::minutes{5}};
        sender.send("waits until the receiver reads");
        sender.send(std::string(8 << 20, 'x'));  // no datagram is that long
        for (std::size_t i = 0; i < SyslogSender::most_waiting; ++i) sender.send("line");
        ASSERT_GT(sender.states().front().lost, 0U) << "one at least finds no place";
        const timeval patience{10, 0};
        ::setsockopt(receiver, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        std::uint64_t told = 0;
        for (int times = 0; times < 2;) {
            char buffer[4096];
            const ssize_t count = ::recv(receiver, buffer, sizeof buffer, 0);
            ASSERT_GT(count, 0) << "told " << told;
            const std::string line{buffer, static_cast<std::size_t>(count)};
            if (!line.starts_with("lost ")) continue;
            told += std::stoull(line.substr(5));
            ++times;
        }
        EXPECT_EQ(told, sender.states().front().lost);
    }
    ::close(filler);
    ::close(receiver);
}

TEST(SyslogSender, LosesNothingForOneBecauseAnotherTakesNothing) {
    const test::TemporaryFolder folder;
    SyslogAddress deaf;
    deaf.kind = SyslogAddress::Kind::local;
    deaf.path = deaf.name = folder.path() + "/deaf";
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::strncpy(at.sun_path, deaf.path.c_str(), sizeof at.sun_path - 1);
    const int unread = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(::bind(unread, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    Receiver receiver{folder.path() + "/log"};
    constexpr std::uint64_t all = SyslogSender::most_waiting / 2;
    {
        SyslogSender sender{{deaf, receiver.address()}, {}, std::chrono::minutes{5}};
        for (std::uint64_t i = 0; i < all; ++i) sender.send("line");
        while (sender.states().back().sent < all) std::this_thread::yield();
        const auto behind = sender.states().front();
        EXPECT_LT(behind.sent + behind.lost, all) << "the first one is still being waited for";
        sender.send("end");
        ::close(unread);
    }
    receiver.wait();
    EXPECT_EQ(receiver.lines.size(), all + 1);
}

}  // namespace
}  // namespace sallyport::io
