// What a balancer is told: ready, unready or draining, over HTTP, and nothing else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/api/watch.h"
#include "admin/rest/health_service.h"
#include "fake_node.h"
#include "support/sim_network.h"
#include "support/sim_world.h"

namespace sallyport::test {
namespace {

using admin::Health;
using ::testing::HasSubstr;

void add_link(FakeNode& node, Role to, link::LinkState state = link::LinkState::open) {
    link::SessionStatus& link = node.current.links.emplace_back();
    link.far_role = to;
    link.state = state;
}

TEST(Health, OfAnEdgeIsThatALinkToACoreIsUpAndFederationIsOn) {
    FakeNode node;
    const auto judged = [&] { return admin::judge_health(node.current, node.node_file); };
    EXPECT_EQ(judged(), Health::unready) << "no core has dialled";
    add_link(node, Role::core, link::LinkState::broken);
    EXPECT_EQ(judged(), Health::unready) << "its link is down";
    add_link(node, Role::core);
    EXPECT_EQ(judged(), Health::ready);
    node.current.federation_enabled = false;
    EXPECT_EQ(judged(), Health::unready);
}

TEST(Health, OfACoreIsThatALinkToAnEdgeIsUpAndOfAPresenceNodeThatItRuns) {
    FakeNode node;
    node.node_file.role = config::Role::core;
    add_link(node, Role::presence);
    EXPECT_EQ(admin::judge_health(node.current, node.node_file), Health::unready) << "nothing goes out or comes in";
    add_link(node, Role::edge);
    EXPECT_EQ(admin::judge_health(node.current, node.node_file), Health::ready);
    node.node_file.role = config::Role::presence;
    node.current.links.clear();
    EXPECT_EQ(admin::judge_health(node.current, node.node_file), Health::ready) << "its users have each other";
}

TEST(Watch, HasNoHealthOfANodeThatDoesNotAnswer) {
    SimWorld world;
    FakeNode node;
    node.other_loop = &world.loop();
    const admin::Watch watch{node};
    EXPECT_EQ(watch.health(), Health::unready) << "it has not looked yet";
    add_link(node, Role::core);
    world.advance(2 * admin::Watch::interval);
    EXPECT_EQ(watch.health(), Health::ready);
    node.silent = true;
    world.advance(admin::Watch::health_stands + 2 * admin::Watch::interval);
    EXPECT_EQ(watch.health(), Health::unready) << "a shard hangs";
}

/// A node that answers in one way, and a client elsewhere that asks it.
class Asked final : public io::StreamOwner {
public:
    explicit Asked(Health health) : service_{[health] { return health; }, "1.2.3"} {}

    std::string hears(std::string_view request) {
        const Endpoint at{*IpAddress::parse("192.0.2.1"), 8081};
        EXPECT_TRUE(server_.listen(at));
        const auto dial = client_.dial(at, nullptr, std::chrono::seconds{5}, [this](auto dialled) {
            ASSERT_TRUE(dialled);
            stream_ = std::move(*dialled);
            stream_->set_owner(this);
        });
        EXPECT_TRUE(world_.run_until([this] { return stream_ != nullptr; }));
        stream_->write(request);
        world_.advance(std::chrono::seconds{1});
        return heard_;
    }

    void on_bytes(std::string_view bytes) override { heard_ += bytes; }
    void on_tls(const TlsFacts&) override {}
    void on_drained() override {}
    void on_closed(io::CloseReason, const std::string&) override {}

private:
    SimWorld world_;
    SimNetwork node_{world_, {"192.0.2.1"}}, client_{world_, {"192.0.2.9"}};
    admin::HealthService service_;
    io::HttpServer server_{world_.loop(), node_, {nullptr, admin::HealthService::limits()}, service_};
    std::unique_ptr<io::Stream> stream_;
    std::string heard_;
};

TEST(HealthService, SaysWhetherTheNodeIsReadyAndItsVersion) {
    const std::string heard = Asked{Health::ready}.hears("GET /health HTTP/1.0\r\n\r\n");
    EXPECT_THAT(heard, HasSubstr(" 200 OK\r\n"));
    EXPECT_TRUE(heard.ends_with("\r\n\r\n{\"ready\":true,\"draining\":false,\"version\":\"1.2.3\"}\n")) << heard;
}

TEST(HealthService, SendsABalancerElsewhereWhileItIsNotReady) {
    for (const Health health : {Health::unready, Health::draining}) {
        const std::string heard = Asked{health}.hears("GET /health HTTP/1.1\r\nHost: lb\r\n\r\n");
        EXPECT_THAT(heard, HasSubstr(" 503 Service Unavailable\r\n"));
        EXPECT_THAT(heard, HasSubstr(health == Health::draining ? "\"draining\":true" : "\"draining\":false"));
    }
    const std::string head = Asked{Health::unready}.hears("HEAD /health HTTP/1.1\r\nHost: lb\r\n\r\n");
    EXPECT_THAT(head, HasSubstr(" 503 ")) << "HAProxy and others ask with HEAD";
}

TEST(HealthService, HasNothingElse) {
    for (const char* request :
         {"GET / HTTP/1.1\r\nHost: lb\r\n\r\n", "GET /metrics HTTP/1.1\r\nHost: lb\r\n\r\n",
          "GET /api/v1/status HTTP/1.1\r\nHost: lb\r\n\r\n", "GET /health/ HTTP/1.1\r\nHost: lb\r\n\r\n"}) {
        EXPECT_THAT(Asked{Health::ready}.hears(request), HasSubstr(" 404 ")) << request;
    }
    EXPECT_THAT(Asked{Health::ready}.hears("POST /health HTTP/1.1\r\nHost: lb\r\nContent-Length: 0\r\n\r\n"),
                HasSubstr(" 405 "));
}

}  // namespace
}  // namespace sallyport::test
