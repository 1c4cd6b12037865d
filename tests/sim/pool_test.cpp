// The pool of one shard alone, with a router behind it that answers within the same call.
#include <gtest/gtest.h>

#include <map>
#include <optional>

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
        const std::string to{stanza.from};
        if (elsewhere) send("again " + id + " elsewhere", std::string{stanza.to}, to + ".elsewhere.test");
        send("again " + id, std::string{stanza.to}, to);
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
    bool elsewhere = false;  ///< and to somebody new
    std::map<std::string, int> returned;
};

/// The pool of one shard, whose users are those of a.test, and which reaches nobody at 198.51.100.9.
struct LonelyPool {
    explicit LonelyPool(std::uint64_t outbound_streams) {
        auto settings = std::make_shared<config::Settings>();
        settings->enabled = true;
        settings->privacy_mode = config::PrivacyMode::deny_list;
        settings->domains.push_back(*config::NamePattern::parse("a.test"));
        rules.emplace(std::move(settings));
        s2s::S2sContext context{.shard = *process.shards.front(), .rules = *rules, .ledger = process.ledger};
        context.limits.outbound_streams = outbound_streams;
        context.dial.allowed = {*IpNetwork::parse("198.51.100.0/24")};
        context.router = &router;
        shard.emplace(std::move(context));
        router.pool = &shard->pool();
        dns.address("xmpp.c.test", "198.51.100.9");
    }
    /// To a domain of its own, by a sender of its own.
    void send() {
        const std::string number = std::to_string(sent++), domain = "n" + number + "." + number + ".test";
        dns.srv("_xmpp-server._tcp." + domain, 0, 0, 5269, "xmpp.c.test");
        router.send(number, "u" + number + "@a.test", "v@" + domain);
    }
    /// Each came back, and so did what was sent for it.
    void expect_all_returned_once() {
        for (int n = 0; n < sent; ++n) {
            EXPECT_EQ(router.returned[std::to_string(n)], 1) << n;
            EXPECT_EQ(router.returned["again " + std::to_string(n)], 1) << n;
        }
    }

    SimWorld world;
    SimDns dns{world};
    SimNetwork host{world, {"198.51.100.1"}}, others{world, {"198.51.100.9"}};
    MemorySink log;
    SimProcess process{world, host, dns, log, 1, "edge"};
    std::optional<policy::EdgeRules> rules;
    Insisting router;
    std::optional<s2s::S2sShard> shard;
    int sent = 0;
};

/// Room is made by returning what waits for domains that have failed; what comes back to be sent there keeps its place.
TEST(Pool, MakesRoomOfNothingThatHasComeBackAsSomethingToSend) {
    LonelyPool all{32};
    for (int round = 0; round < 100; ++round) {
        all.send();
        all.world.advance(std::chrono::milliseconds{300});
    }
    EXPECT_NE(all.log.dump().find("s2s.destinations.forgotten"), std::string::npos);
    all.world.advance(std::chrono::minutes{3});
    all.expect_all_returned_once();
}

/// At the end, too, what is returned comes back as something to send, to the pair that is being emptied and to others.
TEST(Pool, EndsWithARouterThatSendsAgain) {
    LonelyPool all{4096};
    all.router.elsewhere = true;
    for (int n = 0; n < 200; ++n) all.send();
    all.world.advance(std::chrono::seconds{1});
    EXPECT_TRUE(all.router.returned.empty()) << "they wait";
    const auto destinations = all.process.ledger.destinations();
    all.shard->shut();
    all.expect_all_returned_once();
    EXPECT_EQ(all.process.ledger.destinations(), destinations) << "nothing was opened for it";
    all.world.advance(std::chrono::seconds{10});
    EXPECT_EQ(all.shard->open_streams(), 0U);
    EXPECT_TRUE(all.shard->pool().idle());
}

}  // namespace
}  // namespace sallyport::test
