// The pool of one shard alone, with a router behind it that answers within the same call.
#include <gtest/gtest.h>

#include <map>

#include "model/policy/policy.h"
#include "services/s2s/s2s_shard.h"
#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

/// Whoever gets something back sends once more, at once.
class Insisting final : public routing::Router {
public:
    void route(const xmpp::Stanza& stanza, const routing::Ticket&) override {
        const std::string id{stanza.id};
        if (++returned[id] > 1 || id.starts_with("again ")) return;
        send("again " + id, std::string{stanza.to}, std::string{stanza.from});
    }
    void send(const std::string& id, const std::string& from, const std::string& to) {
        const std::string bytes = "<message from='" + from + "' to='" + to + "' id='" + id + "'/>";
        xmpp::Stanza stanza;
        stanza.bytes = bytes;
        stanza.kind = xmpp::StanzaKind::message;
        stanza.from = from;
        stanza.to = to;
        stanza.from_domain = std::string_view{from}.substr(from.find('@') + 1);
        stanza.to_domain = std::string_view{to}.substr(to.find('@') + 1);
        stanza.id = id;
        pool->send(stanza, {});
    }
    s2s::Pool* pool = nullptr;
    std::map<std::string, int> returned;
};

/// Room is made by returning what waits for domains that have failed; what comes back to be sent there keeps its place.
TEST(Pool, MakesRoomOfNothingThatHasComeBackAsSomethingToSend) {
    SimWorld world;
    SimDns dns{world};
    SimNetwork host{world, {"198.51.100.1"}}, others{world, {"198.51.100.9"}};
    MemorySink log;
    SimProcess process{world, host, dns, log, 1, "edge"};
    auto settings = std::make_shared<config::Settings>();
    settings->enabled = true;
    settings->privacy_mode = config::PrivacyMode::deny_list;
    settings->domains.push_back(*config::NamePattern::parse("a.test"));
    const policy::EdgeRules rules{settings};
    Insisting router;
    s2s::S2sContext context{.shard = *process.shards.front(), .rules = rules, .ledger = process.ledger};
    context.limits.outbound_streams = 32;
    context.dial.allowed = {*IpNetwork::parse("198.51.100.0/24")};
    context.router = &router;
    s2s::S2sShard shard{std::move(context)};
    router.pool = &shard.pool();

    // Nobody listens there.
    int sent = 0;
    const auto send = [&] {
        const std::string number = std::to_string(sent++), domain = "n" + number + "." + number + ".test";
        dns.srv("_xmpp-server._tcp." + domain, 0, 0, 5269, "xmpp.c.test");
        router.send(number, "u" + number + "@a.test", "v@" + domain);
    };
    dns.address("xmpp.c.test", "198.51.100.9");
    for (int round = 0; round < 100; ++round) {
        send();
        world.advance(std::chrono::milliseconds{300});
    }
    EXPECT_NE(log.dump().find("s2s.destinations.forgotten"), std::string::npos);
    world.advance(std::chrono::minutes{3});
    for (int n = 0; n < sent; ++n) {
        EXPECT_EQ(router.returned[std::to_string(n)], 1) << n;
        EXPECT_EQ(router.returned["again " + std::to_string(n)], 1) << n;
    }
}

}  // namespace
}  // namespace sallyport::test
