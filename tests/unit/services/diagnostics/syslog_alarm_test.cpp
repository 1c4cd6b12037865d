// The alarm of a syslog receiver stands until the receiver has taken lines for a while.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "services/diagnostics/event_journal.h"
#include "support/sim_world.h"
#include "support/test_pki.h"

namespace sallyport::services {
namespace {

/// A listener of TCP on loopback that accepts and closes: some lines seem to go out.
class Hasty {
public:
    Hasty() : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)} {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&at), size), 0);
        EXPECT_EQ(::listen(socket_, 16), 0);
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&at), &size);
        port_ = ntohs(at.sin_port);
    }
    Hasty(const Hasty&) = delete;
    Hasty& operator=(const Hasty&) = delete;
    ~Hasty() {
        ::close(kept_);
        ::close(socket_);
    }
    void accept_and_close() const {
        if (const int one = ::accept(socket_, nullptr, nullptr); one >= 0) ::close(one);
    }
    void accept() {
        if (kept_ < 0) kept_ = ::accept(socket_, nullptr, nullptr);
    }
    [[nodiscard]] io::SyslogAddress address() const {
        io::SyslogAddress at;
        at.kind = io::SyslogAddress::Kind::tcp;
        at.endpoint = {*IpAddress::parse("127.0.0.1"), port_};
        at.name = at.endpoint.text();
        return at;
    }

private:
    int socket_, kept_ = -1;
    std::uint16_t port_ = 0;
};

TEST(SyslogAlarm, StandsUntilLinesHaveGoneOutForAWhile) {
    const test::TemporaryFolder folder;
    test::SimWorld world;
    io::LogSettings settings;
    settings.file = folder.path() + "/node.log";
    const auto log = std::move(*io::NodeLog::open(settings, world.loop()));
    AlarmBoard board{world.loop(), Logger{*log, LogModule::node}};
    Hasty receiver;
    JournalOptions options;
    options.file = folder.path() + "/events.db";
    options.syslog = {receiver.address()};
    const EventJournal journal{options, world.loop(), *log, board};
    const std::string name = receiver.address().name;
    const auto stands = [&] { return board.stands(AlarmCode::log_syslog, name); };
    const auto turn = [&] {
        Logger{*log, LogModule::node}.info("something", {});
        world.advance(std::chrono::seconds{1});
        std::this_thread::yield();
    };
    while (!stands()) {
        receiver.accept_and_close();
        turn();
    }
    // It works from now on, but for what is under way.
    int seconds = 0;
    for (; stands(); ++seconds) {
        receiver.accept();
        turn();
        ASSERT_LE(board.lowered().size(), 1U);
    }
    EXPECT_GE(seconds, 30);
    ASSERT_EQ(board.lowered().size(), 1U);
    EXPECT_EQ(board.lowered().front().count, 1U);
}

}  // namespace
}  // namespace sallyport::services
