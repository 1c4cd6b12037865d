// The admin socket over a real Unix domain socket.
#include "admin/api/admin_server.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "fake_node.h"
#include "io/net/local_socket.h"

namespace sallyport::test {
namespace {

/// Keeps what it receives.
struct Peer final : io::StreamOwner {
    void on_bytes(std::string_view bytes) override { received += bytes; }
    void on_tls(const TlsFacts&) override {}
    void on_drained() override {}
    void on_closed(io::CloseReason, const std::string&) override { closed = true; }
    std::unique_ptr<io::Stream> stream;
    std::string received;
    bool closed = false;
};

class AdminSocket : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(server.start());
        connect(peer);
    }
    void connect(Peer& to) {
        auto stream = io::dial_local(node.real_network(), path);
        ASSERT_TRUE(stream) << stream.error().text;
        to.stream = std::move(*stream);
        to.stream->set_owner(&to);
    }
    void until(const std::function<bool()>& done) {
        bool expired = false;
        const auto timer = node.loop().timer([&] { expired = true; });
        timer->arm(node.loop().now() + std::chrono::seconds{10});
        node.real_loop().run_until([&] { return expired || done(); });
        ASSERT_FALSE(expired) << "waited in vain; received: " << peer.received;
    }
    [[nodiscard]] std::size_t lines() const {
        return static_cast<std::size_t>(std::count(peer.received.begin(), peer.received.end(), '\n'));
    }

    FakeNode node;
    std::string path = node.folder.path() + "/admin.sock";
    admin::AdminServer server{node, node.real_network(), path};
    Peer peer;
};

TEST_F(AdminSocket, IsForItsOwnerAlone) {
    struct stat facts {};
    ASSERT_EQ(::stat(path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777u, 0600u);
}

TEST_F(AdminSocket, AnswersRequestsInTheirOrder) {
    peer.stream->write("{\"verb\":\"status\"}\n\r\n{\"verb\":\"nonsense\"}\r\n{\"verb\":\"config.get\"}\n");
    until([this] { return lines() == 3; });
    const std::size_t status = peer.received.find("\"role\"");
    const std::size_t refused = peer.received.find("verb-unknown");
    const std::size_t settings = peer.received.find("\"settings\"");
    EXPECT_LT(status, refused);
    EXPECT_LT(refused, settings);
}

TEST_F(AdminSocket, TakesARequestInPieces) {
    peer.stream->write("{\"verb\":\"con");
    until([this] { return server.connections() == 1; });
    peer.stream->write("fig.get\"}\n");
    until([this] { return lines() == 1; });
    EXPECT_NE(peer.received.find("\"ok\":true"), std::string::npos);
}

TEST_F(AdminSocket, RefusesEndlessRequestsAndHangsUp) {
    peer.stream->write(std::string(admin::AdminServer::longest_request + 2, 'x'));
    until([this] { return peer.closed; });
    EXPECT_NE(peer.received.find("request-too-long"), std::string::npos);
    until([this] { return server.connections() == 0; });
}

TEST_F(AdminSocket, FollowsEventsUntilTheCallerLeaves) {
    peer.stream->write("{\"verb\":\"events\",\"args\":{\"follow\":true}}\n");
    until([this] { return server.connections() == 1; });
    node.log_event(LogModule::node, LogLevel::info, "node.first", {});
    until([this] { return peer.received.find("node.first") != std::string::npos; });
    node.log_event(LogModule::node, LogLevel::info, "node.second", {});
    until([this] { return peer.received.find("node.second") != std::string::npos; });
    EXPECT_EQ(peer.received.find("\"ok\""), std::string::npos);
    peer.stream->abort();
    until([this] { return server.connections() == 0; });
}

TEST_F(AdminSocket, SurvivesACallerWhoLeavesBeforeTheAnswer) {
    peer.stream->write("{\"verb\":\"status\"}\n{\"verb\":\"peers.ping\",\"args\":{\"domain\":\"a.test\"}}\n");
    peer.stream->close({});
    until([this] { return peer.closed && server.connections() == 0; });
    Peer next;
    connect(next);
    next.stream->write("{\"verb\":\"status\"}\n");
    until([&] { return next.received.ends_with("\n"); });
}

TEST_F(AdminSocket, HasRoomForSoManyConnectionsAndNoMore) {
    std::vector<std::unique_ptr<Peer>> crowd;
    for (std::size_t i = 0; i < admin::AdminServer::most_connections; ++i) {
        connect(*crowd.emplace_back(std::make_unique<Peer>()));
    }
    until([&] { return std::any_of(crowd.begin(), crowd.end(), [](const auto& one) { return one->closed; }); });
    EXPECT_EQ(server.connections(), admin::AdminServer::most_connections);
}

}  // namespace
}  // namespace sallyport::test
