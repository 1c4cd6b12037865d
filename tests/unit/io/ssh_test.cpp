// The provisioning channel over real sockets: both ends of SSH on one control loop.
#include "io/ssh/ssh_node.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "io/loop/asio_loop.h"
#include "support/test_pki.h"

namespace sallyport::test {
namespace {

using io::ByteChannel;

class Owner final : public io::ByteChannelOwner {
public:
    void on_bytes(std::string_view bytes) override { received += bytes; }
    void on_progress() override { ++progress; }
    void on_closed(const std::string& why) override { closed = why; }
    std::string received, closed;
    int progress = 0;
};

/// Seconds for a login: an exchange of keys beside much other work.
constexpr std::uint64_t patience = 20;

class Ssh : public testing::Test {
protected:
    Ssh() {
        limits.login_seconds = patience;
        for (const char* name : {"host", "core", "other"}) write_key(name);
    }
    [[nodiscard]] std::string path(const std::string& name) const { return folder.path() + "/" + name; }
    void write_key(const std::string& name) {
        const auto made = io::make_ssh_key(name);
        ASSERT_TRUE(made);
        std::ofstream{path(name)} << made->private_key;
        std::ofstream{path(name + ".pub")} << made->public_key;
    }
    void serve() {
        edge->serve(
            {*io::load_ssh_private_key(path("host")), *io::load_authorized_keys(path("core.pub")), limits, neighbours},
            {[this](std::unique_ptr<ByteChannel> channel, const io::SshFar& far) {
                 edge_far = far;
                 edge_channel = std::move(channel);
                 edge_channel->set_owner(&edge_owner);
             },
             [this](const std::string&, const std::string& what) { refused.push_back(what); }});
    }
    void connect(const std::string& key = "core", const std::string& host = "host") {
        int pair[2];
        ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
        edge->accept(pair[0], "10.10.0.10:3000");
        attempt = core->connect(pair[1], "10.20.0.10:2222",
                                {"edge1.b.test", *io::load_ssh_private_key(path(key)),
                                 *io::load_ssh_public_key(path(host + ".pub")), patience},
                                {[this](std::unique_ptr<ByteChannel> channel, const io::SshFar& far) {
                                     core_far = far;
                                     core_channel = std::move(channel);
                                     core_channel->set_owner(&core_owner);
                                 },
                                 [this](const Error& error) { failure = error; }});
    }
    bool run_until(const std::function<bool()>& done) {
        bool late = false;
        const auto timer = loop.timer([&] { late = true; });
        timer->arm(loop.now() + std::chrono::seconds{3 * patience});
        loop.run_until([&] { return done() || late; });
        return done();
    }
    bool open() {
        return run_until([this] { return (edge_channel && core_channel) || !failure.code.empty(); }) &&
               failure.code.empty();
    }

    TemporaryFolder folder;
    io::AsioLoop loop;
    Owner edge_owner, core_owner;
    io::SshFar edge_far, core_far;
    io::SshLimits limits;
    std::vector<IpNetwork> neighbours;
    std::vector<std::string> refused;
    Error failure;
    std::unique_ptr<io::SshNode> edge = std::make_unique<io::SshNode>(loop), core = std::make_unique<io::SshNode>(loop);
    std::unique_ptr<ByteChannel> edge_channel, core_channel;
    std::unique_ptr<io::SshAttempt> attempt;
};

TEST_F(Ssh, CarriesBytesBothWaysWithModernAlgorithmsOnly) {
    serve();
    connect();
    ASSERT_TRUE(open()) << failure.text;
    EXPECT_EQ(core_far.cipher, "chacha20-poly1305@openssh.com");
    EXPECT_TRUE(core_far.exchange.starts_with("curve25519")) << core_far.exchange;
    EXPECT_EQ(edge_far.comment, "core");
    EXPECT_EQ(edge_far.place, 0u);
    const std::string down(3'000'000, 'd'), up(2'000'000, 'u');
    edge_channel->write(down);
    core_channel->write(up);
    ASSERT_TRUE(run_until([&] {
        return core_owner.received.size() == down.size() && edge_owner.received.size() == up.size();
    })) << core_owner.received.size()
        << " " << edge_owner.received.size();
    EXPECT_EQ(core_owner.received, down);
    EXPECT_EQ(edge_owner.received, up);
    ASSERT_TRUE(run_until([&] { return edge_channel->pending() == 0 && core_channel->pending() == 0; }));
    EXPECT_GT(edge_owner.progress, 0);
    edge_channel->write("last words");
    edge_channel->finish();
    ASSERT_TRUE(run_until([&] { return !core_owner.closed.empty() && !edge_owner.closed.empty(); }));
    EXPECT_TRUE(core_owner.received.ends_with("last words"));
}

TEST_F(Ssh, CarriesManyTimesWhatMayBeOnItsWay) {
    serve();
    connect();
    ASSERT_TRUE(open());
    constexpr std::size_t size = 32 << 20;
    core_channel->write(std::string(size, 'x'));
    ASSERT_TRUE(run_until([&] { return edge_owner.received.size() == size; })) << edge_owner.received.size();
    ASSERT_TRUE(run_until([&] { return core_channel->pending() == 0; }));
}

TEST_F(Ssh, HoldsBytesBackUntilThereIsAnOwner) {
    serve();
    connect();
    ASSERT_TRUE(open());
    auto unread = std::move(edge_channel);
    edge_channel.reset();
    core_channel.reset();
    edge->serve({*io::load_ssh_private_key(path("host")), *io::load_authorized_keys(path("core.pub")), limits},
                {[this](std::unique_ptr<ByteChannel> channel, const io::SshFar&) { edge_channel = std::move(channel); },
                 [](const std::string&, const std::string&) {}});
    connect();
    ASSERT_TRUE(open());
    constexpr std::size_t size = 16 << 20;
    core_channel->write(std::string(size, 'x'));
    ASSERT_TRUE(run_until([&] { return core_owner.progress > 0; }));
    EXPECT_GT(core_channel->pending(), 0u) << "the window closes before everything has gone";
    Owner late;
    edge_channel->set_owner(&late);
    ASSERT_TRUE(run_until([&] { return late.received.size() == size; }));
    edge_channel.reset();
}

TEST_F(Ssh, ShowsNothingToAHostWithAnotherKey) {
    serve();
    connect("core", "other");
    EXPECT_FALSE(open());
    EXPECT_EQ(failure.code, "ssh-host-key");
    EXPECT_NE(failure.text.find("SHA256:"), std::string::npos);
    EXPECT_EQ(edge_channel, nullptr);
}

TEST_F(Ssh, LetsOnlyKnownKeysIn) {
    serve();
    connect("other");
    EXPECT_FALSE(open());
    EXPECT_EQ(failure.code, "ssh-login") << failure.text;
    ASSERT_TRUE(run_until([this] { return !refused.empty(); }));
    EXPECT_NE(refused[0].find("unknown key SHA256:"), std::string::npos) << refused[0];
}

TEST_F(Ssh, EndsConnectionsThatDoNotLogIn) {
    limits.login_seconds = 1;
    limits.unauthenticated = 1;
    serve();
    int first[2], second[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, first), 0);
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, second), 0);
    edge->accept(first[0], "a");
    edge->accept(second[0], "b");
    ASSERT_TRUE(run_until([this] { return refused.size() == 2; }));
    EXPECT_EQ(refused[0], "too many connections");
    EXPECT_EQ(refused[1], "login: no login within its time");
    close(first[1]);
    close(second[1]);
}

/// Sockets from many addresses that say nothing; their far ends.
std::vector<int> strangers(io::SshNode& edge, int count) {
    std::vector<int> ends;
    for (int n = 0; n < count; ++n) {
        int pair[2];
        EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
        edge.accept(pair[0], "192.0.2." + std::to_string(n / 2 + 1) + ":" + std::to_string(1000 + n));
        ends.push_back(pair[1]);
    }
    return ends;
}

TEST_F(Ssh, KeepsRoomForItsCoreWhateverStrangersDo) {
    neighbours = {*IpNetwork::parse("10.10.0.10")};
    serve();
    const auto ends = strangers(*edge, 30);
    ASSERT_TRUE(run_until([this] { return refused.size() == 20; })) << refused.size();
    connect();
    EXPECT_TRUE(open()) << failure.text;
    for (const int end : ends) close(end);
}

TEST_F(Ssh, KeepsRoomForWhoLoggedInBefore) {
    serve();
    connect();
    ASSERT_TRUE(open()) << failure.text;
    edge_channel.reset();
    core_channel.reset();
    const auto ends = strangers(*edge, 30);
    ASSERT_TRUE(run_until([this] { return refused.size() >= 20; })) << refused.size();
    connect();
    EXPECT_TRUE(run_until([this] { return edge_channel && core_channel; }))
        << failure.text << "; the edge: " << refused.back();
    for (const int end : ends) close(end);
}

TEST_F(Ssh, LetsNoNodeInWithTheKeyOfAnEdge) {
    serve();
    connect("host");  // what a taken edge has: its own host key
    EXPECT_FALSE(open());
    EXPECT_EQ(failure.code, "ssh-login") << failure.text;
}

TEST_F(Ssh, ForgetsAnAttemptThatIsNoLongerWanted) {
    serve();
    connect();
    attempt.reset();
    // The edge sees the socket close and does not wait for its login deadline.
    ASSERT_TRUE(run_until([this] { return !refused.empty() || edge_channel != nullptr; }));
    for (const std::string& what : refused) EXPECT_EQ(what.find("within its time"), std::string::npos) << what;
    EXPECT_EQ(core_channel, nullptr);
    EXPECT_TRUE(failure.code.empty());
}

TEST_F(Ssh, ClosesItsSocketAndNoOther) {
    const auto open_files = [] {
        const std::filesystem::directory_iterator all{"/proc/self/fd"};
        return std::distance(begin(all), end(all));
    };
    // The SSH thread buries sessions a moment after it has told of them.
    const auto returns_to = [&](auto count) {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{20};
        while (open_files() != count && std::chrono::steady_clock::now() < until) std::this_thread::yield();
        return open_files() == count;
    };
    serve();
    const auto before = open_files();
    for (int i = 0; i < 3; ++i) {
        // libssh closes the descriptor that it has when the far side ends, and leaves it open when we end.
        connect();
        attempt.reset();
        ASSERT_TRUE(run_until([&] { return !refused.empty() || edge_channel != nullptr; }));
        edge_channel.reset();
        core_channel.reset();
        refused.clear();
        EXPECT_TRUE(returns_to(before)) << open_files() << " " << before;
        int pair[2];
        ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
        close(pair[0]);
        failure = {};
        attempt = core->connect(
            pair[1], "10.20.0.10:2222",
            {"edge1.b.test", *io::load_ssh_private_key(path("core")), *io::load_ssh_public_key(path("host.pub")), 600},
            {nullptr, [this](const Error& error) { failure = error; }});
        ASSERT_TRUE(run_until([this] { return !failure.code.empty(); })) << "it waits for the login's deadline";
        EXPECT_TRUE(returns_to(before)) << open_files() << " " << before;
    }
}

TEST_F(Ssh, SendsItAllBeforeItCloses) {
    serve();
    connect();
    ASSERT_TRUE(open());
    constexpr std::size_t size = 4 << 20;
    core_channel->write(std::string(size, 'x'));
    core_channel->finish();
    core_channel.reset();  // nobody waits for the end here
    ASSERT_TRUE(run_until([this] { return !edge_owner.closed.empty(); }));
    EXPECT_EQ(edge_owner.received.size(), size);
}

TEST_F(Ssh, ToldOfTheEndWhenTheOtherNodeIsGone) {
    serve();
    connect();
    ASSERT_TRUE(open());
    edge_channel.reset();
    edge.reset();
    ASSERT_TRUE(run_until([this] { return !core_owner.closed.empty(); }));
}

TEST_F(Ssh, ReadsEd25519KeysOnlyAndNoOptions) {
    EXPECT_FALSE(io::load_ssh_private_key(path("none")));
    EXPECT_FALSE(io::load_ssh_private_key(path("core.pub")));
    std::ofstream{path("rsa")} << "ssh-rsa AAAAB3NzaC1yc2E= x\n";
    EXPECT_FALSE(io::load_authorized_keys(path("rsa")));
    std::ifstream key{path("core.pub")};
    std::string line;
    std::getline(key, line);
    std::ofstream{path("many")} << "# cores\n\n" << line << "\r\n" << line << "\n";
    EXPECT_EQ(io::load_authorized_keys(path("many"))->size(), 2u);
    std::ofstream{path("options")} << "restrict " << line << "\n";
    EXPECT_FALSE(io::load_authorized_keys(path("options"))) << "a restriction that we would overlook";
    std::ofstream{path("known")} << "[10.20.0.10]:2222 " << line << "\n";
    EXPECT_TRUE(io::load_ssh_public_key(path("known")));
}

}  // namespace
}  // namespace sallyport::test
