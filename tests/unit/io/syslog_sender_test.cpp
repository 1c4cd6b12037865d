// A receiver misses nothing silently, and hears the last lines of a node that ends.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <thread>

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
