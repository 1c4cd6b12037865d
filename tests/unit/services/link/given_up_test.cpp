// A session that one side gives up while the other still has it (docs/protocol/link.md, section 3): an answer that
// comes too late, and one that was opened in its place and ends before it could take over. Both were found by the model
// (tests/model).
#include <gtest/gtest.h>

#include <algorithm>

#include "services/link/hub.h"
#include "support/link_end.h"
#include "support/sim_dns.h"
#include "support/sim_log.h"
#include "support/sim_tls.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;

/// One hub, and other ends that the test plays.
class GivenUp : public testing::Test {
protected:
    static constexpr std::uint16_t port = 7400;

    void make(link::End end) {
        source = shard.desk.open([this](std::uint64_t which) { settled.push_back(which); });
        link::HubContext context{.shard = shard};
        context.end = end;
        context.realm = "near-test";
        context.node_instance = "near";
        context.secret = "secret";
        context.far_role = end == link::End::dialler ? Role::edge : Role::core;
        SimTlsSettings tls;
        tls.identities = {sim_certificate({"near.test"})};
        tls.require_peer = true;
        context.tls = sim_tls_context(tls);
        context.bounce = [this](const xmpp::Stanza& stanza, const xmpp::StanzaError&, const routing::Ticket& ticket) {
            returned.emplace_back(stanza.id);
            shard.settle(ticket);
        };
        hub = std::make_unique<link::Hub>(std::move(context));
    }
    static Endpoint at(const std::string& address) { return {*IpAddress::parse(address), port}; }
    void send(const std::string& to_domain, const std::string& id) {
        const std::string from = "u@a.test", to = "u@" + to_domain;
        const std::string bytes = "<message from='" + from + "' to='" + to + "' id='" + id + "'/>";
        xmpp::Stanza stanza;
        stanza.bytes = bytes;
        stanza.from = from;
        stanza.to = to;
        stanza.from_domain = stanza.from.substr(2);
        stanza.to_domain = stanza.to.substr(2);
        stanza.id = id;
        routing::Ticket ticket = source;
        ticket.sequence = ++sent;
        hub->send(stanza, ticket);
    }
    void TearDown() override {
        if (HasFailure()) std::fputs(log.dump().c_str(), stderr);
    }

    SimWorld world;
    SimNetwork host{world, {"10.0.0.1"}}, far_host{world, {"10.0.0.2"}}, second_host{world, {"10.0.0.3"}};
    SimDns dns{world};
    MemorySink log;
    routing::Bus bus{1};
    std::unique_ptr<io::Resolver> resolver = dns.resolver(world.loop());
    std::uint64_t ids = 0, sent = 0;
    routing::Shard shard{0,
                         1,
                         world.loop(),
                         host,
                         *resolver,
                         log,
                         routing::TicketDesk{0},
                         bus,
                         [this] { return "id" + std::to_string(++ids); },
                         [](std::uint64_t below) { return below / 2; }};
    routing::Ticket source;
    std::vector<std::uint64_t> settled;
    std::vector<std::string> returned;
    std::unique_ptr<link::Hub> hub;
};

TEST_F(GivenUp, IsNotOpenedOnceMoreByAnAnswerThatComesTooLate) {
    make(link::End::dialler);
    LinkEnd one{world, far_host, link::End::listener, "far.test", "secret"};
    LinkEnd two{world, second_host, link::End::listener, "far2.test", "secret"};
    one.listen(at("10.0.0.2"));
    two.listen(at("10.0.0.3"));
    hub->dial({{"10.0.0.2", port}, "far.test", "far-test"});
    hub->dial({{"10.0.0.3", port}, "far2.test", "far2-test"});
    ASSERT_TRUE(world.run_until([&] { return one.open() && two.open(); }));
    world.advance(10ms);
    for (int n = 0; n < 20; ++n) send("d" + std::to_string(n) + ".test", "d" + std::to_string(n));
    world.advance(1s);
    ASSERT_EQ(settled.size(), 20U);
    ASSERT_GE(one.received.size(), 3U) << "what it has counted";
    const std::string domain = one.received.front() + ".test";

    // Something is on its way that the other node can take.
    one.finishes = [](const xmpp::Stanza&) { return false; };
    send(domain, "first");
    world.advance(100ms);
    one.finishes = nullptr;
    one.ponders = true;
    world.reset_streams("10.0.0.2");
    ASSERT_TRUE(world.run_until([&] { return one.asked(); })) << "the session is to be resumed";
    ASSERT_TRUE(world.run_until([&] { return log.count("link.session.given-up") == 1; })) << "and is given up";
    world.advance(100ms);
    EXPECT_EQ(two.received.back(), "first");
    const std::uint64_t before = one.connections;
    one.ponders = false;
    one.answer();
    world.advance(2s);

    for (int n = 0; n < 20; ++n) send("d" + std::to_string(n) + ".test", "again" + std::to_string(n));
    world.advance(10s);
    std::vector<std::string> all = one.received;
    all.insert(all.end(), two.received.begin(), two.received.end());
    for (int n = 0; n < 20; ++n) {
        EXPECT_EQ(std::count(all.begin(), all.end(), "again" + std::to_string(n)), 1) << n;
    }
    EXPECT_EQ(settled.size(), 41U);
    EXPECT_TRUE(returned.empty());
    EXPECT_EQ(one.connections, before + 2) << "the late one, and the one in its place";
    EXPECT_EQ(log.count("link.session.given-up"), 1U);
}

TEST_F(GivenUp, IsReplacedEvenIfTheOneInItsPlaceEndsBeforeItIsBound) {
    make(link::End::listener);
    auto listener =
        host.listen(at("10.0.0.1"), [this](std::unique_ptr<io::Stream> stream) { hub->accept(std::move(stream)); });
    LinkEnd core{world, far_host, link::End::dialler, "far.test", "secret"};
    core.dial(at("10.0.0.1"), {"b.test"});
    ASSERT_TRUE(world.run_until([&] { return core.open(); }));
    world.advance(10ms);
    core.hang(true);
    send("b.test", "1");
    world.advance(10ms);
    // It gives up the first session, and then the second one, which has not said what it serves.
    core.gives_up = true;
    core.binds = false;
    core.cut();
    ASSERT_TRUE(world.run_until([&] { return core.connections == 2; }));
    world.advance(10ms);
    core.gives_up = true;
    core.binds = true;
    core.cut();
    ASSERT_TRUE(world.run_until([&] { return core.connections == 3; }));
    world.advance(1s);
    EXPECT_EQ(core.received, std::vector<std::string>{"1"});
    EXPECT_EQ(hub->sessions().size(), 1U);
    EXPECT_TRUE(returned.empty());
}

}  // namespace
}  // namespace sallyport::test
