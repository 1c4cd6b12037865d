// Hubs of one node, against another end that a test plays: what ends a link is taken out, order is kept through
// whatever breaks, a domain has a budget, and a stop returns what nobody keeps.
#include "services/link/hub.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "support/link_end.h"
#include "support/sim_dns.h"
#include "support/sim_log.h"
#include "support/sim_tls.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint16_t port = 7400;

Endpoint at(const std::string& address) { return {*IpAddress::parse(address), port}; }

/// A stanza that owns what it views.
struct Message {
    Message(const std::string& from_domain, const std::string& to_domain, const std::string& id_,
            const std::string& body = {})
        : from{"u@" + from_domain}, to{"u@" + to_domain}, id{id_} {
        bytes = "<message from='" + from + "' to='" + to + "' id='" + id + "'><body>" + body + "</body></message>";
    }
    [[nodiscard]] xmpp::Stanza stanza() const {
        xmpp::Stanza made;
        made.bytes = bytes;
        made.to = to;
        made.from = from;
        made.to_domain = made.to.substr(2);
        made.from_domain = made.from.substr(2);
        made.id = id;
        return made;
    }
    std::string from, to, id, bytes;
};

std::vector<std::string> numbers(int from, int to) {
    std::vector<std::string> all;
    for (int n = from; n < to; ++n) all.push_back(std::to_string(n));
    return all;
}

class Hubs : public testing::Test {
protected:
    void make(link::End end, std::uint32_t count = 1) {
        bus = std::make_unique<routing::Bus>(count);
        for (std::uint32_t index = 0; index < count; ++index) {
            resolvers.push_back(dns.resolver(world.loop()));
            shards.push_back(std::make_unique<routing::Shard>(routing::Shard{
                index, count, world.loop(), host, *resolvers.back(), log, routing::TicketDesk{index}, *bus,
                [this] { return "id" + std::to_string(++ids); }, [](std::uint64_t below) { return below / 2; }}));
            sources.push_back(shards.back()->desk.open([this](std::uint64_t which) { settled.push_back(which); }));
        }
        for (std::uint32_t index = 0; index < count; ++index) {
            hubs.push_back(std::make_unique<link::Hub>(context(end, *shards[index])));
            bus->attach(*shards[index], [this, index](routing::Forwarded message) {
                hubs[index]->send(message.stanza.view(), message.ticket, false);
            });
        }
        if (end == link::End::dialler) return;
        auto made = host.listen(at(here), [this](std::unique_ptr<io::Stream> stream) {
            hubs[next_shard++ % hubs.size()]->accept(std::move(stream));
        });
        listener = std::move(*made);
    }
    link::HubContext context(link::End end, routing::Shard& shard) {
        link::HubContext made{.shard = shard};
        made.end = end;
        made.realm = "near-test";
        made.node_instance = "near";
        made.secret = "secret";
        made.far_role = end == link::End::dialler ? "edge" : "core";
        made.hold = 30s;
        SimTlsSettings tls;
        tls.identities = {sim_certificate({"near.test"})};
        tls.require_peer = true;
        made.tls = sim_tls_context(tls);
        made.bounce = [this, &shard](const xmpp::Stanza& stanza, const xmpp::StanzaError& error,
                                     const routing::Ticket& ticket) {
            returned.push_back(std::string{stanza.id});
            why.push_back(std::string{xmpp::text(error.condition)});
            shard.settle(ticket);
        };
        if (end == link::End::dialler) return made;
        made.hand_over = [this](std::uint32_t to, std::shared_ptr<link::MovedConnection> moved) {
            bus->run_on(to, [this, to, moved] { hubs[to]->join(std::move(*moved)); });
        };
        made.give_up_elsewhere = [this](std::uint32_t to, const std::string& id, const std::string& realm) {
            bus->run_on(to, [this, to, id, realm] { hubs[to]->give_up(id, realm); });
        };
        made.send_elsewhere = [this, &shard](const xmpp::Stanza& stanza, const routing::Ticket& ticket,
                                             std::optional<std::uint32_t> to) -> std::optional<std::uint32_t> {
            for (std::uint32_t index = 0; index < hubs.size(); ++index) {
                if (index == shard.index || (to ? *to != index : !hubs[index]->advertises(stanza.to_domain))) continue;
                if (!bus->forward(shard, index, {xmpp::OwnedStanza{stanza}, ticket})) return std::nullopt;
                return index;
            }
            return std::nullopt;
        };
        return made;
    }
    void send(const std::string& to, const std::string& id, bool kept = false, const std::string& body = {},
              std::size_t shard = 0) {
        routing::Ticket ticket;
        if (kept) {
            ticket = sources[shard];
            ticket.sequence = ++sequence;
        }
        hubs[shard]->send(Message{"a.test", to, id, body}.stanza(), ticket);
    }
    void dial(const std::string& address) { hubs.front()->dial({{address, port}, "far.test", "far-test"}); }
    void TearDown() override {
        if (HasFailure()) std::fputs(log.dump().c_str(), stderr);
    }

    SimWorld world;
    const std::string here = "10.0.0.1", there = "10.0.0.2";
    SimNetwork host{world, {here}}, far_host{world, {there}};
    SimDns dns{world};
    MemorySink log;
    std::unique_ptr<routing::Bus> bus;
    std::vector<std::unique_ptr<io::Resolver>> resolvers;
    std::vector<std::unique_ptr<routing::Shard>> shards;
    std::vector<routing::Ticket> sources;
    std::vector<std::unique_ptr<link::Hub>> hubs;
    std::unique_ptr<io::Listener> listener;
    std::size_t next_shard = 0;
    std::uint64_t ids = 0, sequence = 0;
    std::vector<std::uint64_t> settled;
    std::vector<std::string> returned, why;
};

struct How {
    link::End end;
    LinkEnding ending;
    bool remembers;
};
class Poison : public Hubs, public testing::WithParamInterface<How> {};
INSTANTIATE_TEST_SUITE_P(Ways, Poison,
                         testing::Values(How{link::End::dialler, LinkEnding::error, true},
                                         How{link::End::dialler, LinkEnding::footer, true},
                                         How{link::End::dialler, LinkEnding::reset, true},
                                         How{link::End::dialler, LinkEnding::error, false},
                                         How{link::End::dialler, LinkEnding::reset, false},
                                         How{link::End::listener, LinkEnding::error, true},
                                         How{link::End::listener, LinkEnding::footer, true},
                                         How{link::End::listener, LinkEnding::reset, true},
                                         How{link::End::listener, LinkEnding::error, false},
                                         How{link::End::listener, LinkEnding::reset, false}));

TEST_P(Poison, IsReturnedAndEverythingBehindItGoesOn) {
    make(GetParam().end);
    LinkEnd far{world, far_host, GetParam().end == link::End::dialler ? link::End::listener : link::End::dialler,
                "far.test", "secret"};
    far.poison = {"17", "40"};
    far.ending = GetParam().ending;
    far.remembers = GetParam().remembers;
    if (GetParam().end == link::End::dialler) {
        far.listen(at(there));
        dial(there);
    } else {
        far.dial(at(here), {"b.test"});
    }
    ASSERT_TRUE(world.run_until([&] { return far.open() && !hubs.front()->sessions().empty(); }));
    world.advance(10ms);
    for (const std::string& id : numbers(0, 60)) send("b.test", id, true);
    world.advance(20s);
    std::vector<std::string> expected = numbers(0, 60);
    std::erase(expected, "17");
    std::erase(expected, "40");
    if (GetParam().remembers) {
        EXPECT_EQ(far.received, expected) << "in order, and once";
    } else {
        EXPECT_EQ((std::set<std::string>{far.received.begin(), far.received.end()}),
                  (std::set<std::string>{expected.begin(), expected.end()}));
    }
    EXPECT_EQ(returned, (std::vector<std::string>{"17", "40"}));
    EXPECT_EQ(why, (std::vector<std::string>{"policy-violation", "policy-violation"}));
    EXPECT_LE(far.connections, GetParam().ending == LinkEnding::reset ? 7U : 5U);
    EXPECT_EQ(settled.size(), 60U);
    ASSERT_EQ(hubs.front()->culprits().size(), 2U);
    EXPECT_EQ(hubs.front()->culprits().front().far_realm, "far-test");
    EXPECT_EQ(log.count("link.stanza.taken-out"), 2U);
    send("b.test", "after");
    world.advance(100ms);
    EXPECT_EQ(far.received.back(), "after");
}

TEST_F(Hubs, BlameNobodyForACableThatIsPulledAgainAndAgain) {
    make(link::End::dialler);
    LinkEnd far{world, far_host, link::End::listener, "far.test", "secret"};
    far.listen(at(there));
    dial(there);
    int next = 0;
    for (int cut = 0; cut < 20; ++cut) {
        ASSERT_TRUE(world.run_until([&] { return far.open(); }));
        for (const std::string& id : numbers(next, next + 10)) send("b.test", id);
        next += 10;
        world.advance(std::chrono::milliseconds{100 + cut});
        for (const std::string& id : numbers(next, next + 10)) send("b.test", id);
        next += 10;
        world.advance(std::chrono::microseconds{200} * (cut % 8));
        world.reset_streams(there);
        world.advance(10ms);
    }
    world.advance(5s);
    EXPECT_EQ(far.received, numbers(0, next));
    EXPECT_TRUE(returned.empty());
}

TEST_F(Hubs, EndASessionThatTheFarSideCountsWrongly) {
    make(link::End::dialler);
    LinkEnd far{world, far_host, link::End::listener, "far.test", "secret"};
    far.listen(at(there));
    dial(there);
    ASSERT_TRUE(world.run_until([&] { return far.open(); }));
    world.advance(10ms);
    far.miscounts = 5;
    send("b.test", "1");
    world.reset_streams(there);
    world.advance(3s);
    far.miscounts = 0;
    world.advance(5s);
    EXPECT_TRUE(far.open());
    EXPECT_NE(std::find(far.received.begin(), far.received.end(), "1"), far.received.end());
    EXPECT_GE(log.count("link.session.given-up"), 1U);
}

class Swapped : public Hubs {
protected:
    void SetUp() override { make(link::End::listener, 2); }
};

TEST_F(Swapped, ConnectionsComeToTheShardOfTheirSession) {
    LinkEnd one{world, far_host, link::End::dialler, "far.test", "secret"};
    LinkEnd two{world, far_host, link::End::dialler, "far.test", "secret"};
    one.dial(at(here), {"b.test"});
    two.dial(at(here), {"b.test"});
    ASSERT_TRUE(world.run_until([&] { return one.open() && two.open(); }));
    world.advance(10ms);
    int next = 0;
    std::vector<std::string> expected;
    for (int cut = 0; cut < 20; ++cut) {
        for (int n = 0; n < 10; ++n, ++next) {
            expected.push_back(std::to_string(next));
            send("b.test", expected.back(), true);
        }
        world.advance(std::chrono::microseconds{300} * (cut % 5));
        next_shard = static_cast<std::size_t>(cut);
        world.reset_streams(here);
        for (int n = 0; n < 10; ++n, ++next) {
            expected.push_back(std::to_string(next));
            send("b.test", expected.back(), true);
        }
        world.advance(cut % 2 == 0 ? 700ms : 150ms);
    }
    world.advance(10s);
    std::vector<std::string> all = one.received;
    all.insert(all.end(), two.received.begin(), two.received.end());
    EXPECT_EQ(all, expected) << "one session carries the pair, whatever shard its connection was placed on";
    EXPECT_EQ(settled.size(), expected.size());
    EXPECT_TRUE(returned.empty());
    for (const auto& hub : hubs) {
        ASSERT_EQ(hub->sessions().size(), 1U);
        EXPECT_EQ(hub->sessions().front().state, "open");
        EXPECT_EQ(hub->sessions().front().unacknowledged, 0U);
        EXPECT_EQ(hub->connections(), 1U);
    }
}

TEST_F(Swapped, WhatWasSentElsewhereIsNotOvertakenByALinkOfTheOwn) {
    LinkEnd one{world, far_host, link::End::dialler, "far.test", "secret"};
    next_shard = 1;
    one.finishes = [](const xmpp::Stanza&) { return false; };
    one.dial(at(here), {"b.test"});
    ASSERT_TRUE(world.run_until([&] { return one.open(); }));
    world.advance(10ms);
    for (const std::string& id : numbers(0, 10)) send("b.test", id);
    world.advance(10ms);
    EXPECT_EQ(one.received.size(), 10U) << "over the other shard";
    LinkEnd two{world, far_host, link::End::dialler, "far.test", "secret"};
    next_shard = 0;
    two.dial(at(here), {"b.test"});
    ASSERT_TRUE(world.run_until([&] { return two.open(); }));
    world.advance(10ms);
    for (const std::string& id : numbers(10, 20)) send("b.test", id);
    send("other.test", "x");
    world.advance(10ms);
    EXPECT_EQ(one.received, numbers(0, 20));
    EXPECT_TRUE(two.received.empty());
}

TEST_F(Hubs, GiveALivingNodeInOrderWhatADeadOneHad) {
    make(link::End::dialler);
    SimNetwork second_host{world, {"10.0.0.3"}};
    LinkEnd one{world, far_host, link::End::listener, "far.test", "secret"};
    LinkEnd two{world, second_host, link::End::listener, "far2.test", "secret"};
    one.finishes = two.finishes = [](const xmpp::Stanza&) { return false; };
    one.listen(at(there));
    two.listen(at("10.0.0.3"));
    dial(there);
    hubs.front()->dial({{"10.0.0.3", port}, "far2.test", "far2-test"});
    ASSERT_TRUE(world.run_until([&] { return one.open() && two.open(); }));
    world.advance(10ms);
    // Pairs that chose the first one, and those that chose the second.
    for (int n = 0; n < 40; ++n) send("d" + std::to_string(n) + ".test", "probe" + std::to_string(n));
    world.advance(10ms);
    ASSERT_FALSE(one.received.empty());
    ASSERT_FALSE(two.received.empty());
    const std::string domain = "d" + one.received.front().substr(5) + ".test";
    const std::size_t before = two.received.size();
    one.die();
    world.advance(500ms);
    for (const std::string& id : numbers(0, 20)) send(domain, id);
    send("fresh.test", "fresh");
    world.advance(500ms);
    EXPECT_EQ(two.received.size(), before + 1) << "what is new goes on; what follows something waits for it";
    world.advance(3s);
    std::vector<std::string> seen;
    for (const std::string& id : two.received) {
        if (id == one.received.front() || !id.starts_with("probe")) seen.push_back(id);
    }
    std::vector<std::string> expected{"fresh", one.received.front()};
    for (const std::string& id : numbers(0, 20)) expected.push_back(id);
    EXPECT_EQ(seen, expected);
    EXPECT_TRUE(returned.empty());
}

TEST_F(Hubs, RefuseADomainThatTakesNothingAndNobodyElse) {
    make(link::End::dialler);
    LinkEnd far{world, far_host, link::End::listener, "far.test", "secret"};
    far.finishes = [](const xmpp::Stanza& stanza) { return !stanza.to_domain.starts_with("stalled"); };
    far.listen(at(there));
    dial(there);
    ASSERT_TRUE(world.run_until([&] { return far.open(); }));
    const std::string body(10000, 'x');
    for (int n = 0; n < 5000; ++n) {
        send(n % 2 == 0 ? "stalled1.test" : "stalled2.test", "s", false, body);
        if (n % 20 == 0) world.advance(10ms);
    }
    world.advance(3s);
    EXPECT_GT(returned.size(), 3000U);
    EXPECT_EQ(why.back(), "resource-constraint");
    EXPECT_LE(hubs.front()->sessions().front().unacknowledged_bytes, 2U * (8U << 20));
    EXPECT_GT(hubs.front()->sessions().front().unacknowledged_bytes, 8U << 20);
    ASSERT_EQ(hubs.front()->slow_partners().size(), 2U);
    returned.clear();
    const std::size_t before = far.received.size();
    for (const std::string& id : numbers(0, 500)) send("healthy.test", id, false, body);
    world.advance(1s);
    EXPECT_EQ(far.received.size(), before + 500);
    EXPECT_TRUE(returned.empty());
}

TEST_F(Hubs, ReturnAtAStopWhatNobodyKeeps) {
    make(link::End::dialler);
    for (const std::string& id : numbers(0, 50)) send("b.test", id);
    for (const std::string& id : numbers(50, 100)) send("b.test", id, true);
    hubs.front()->quiesce();
    EXPECT_EQ(returned, numbers(0, 50));
    EXPECT_TRUE(settled.empty()) << "who keeps them sends them again";
    EXPECT_TRUE(hubs.front()->quiet());
    hubs.front()->shut();
    EXPECT_EQ(returned.size(), 50U);
}

TEST_F(Hubs, ReturnAtAStopWhatDidNotArriveAndOnlyThat) {
    make(link::End::dialler);
    LinkEnd far{world, far_host, link::End::listener, "far.test", "secret"};
    far.finishes = [](const xmpp::Stanza& stanza) { return stanza.id.size() == 1; };
    far.listen(at(there));
    dial(there);
    ASSERT_TRUE(world.run_until([&] { return far.open(); }));
    for (const std::string& id : numbers(0, 20)) send("b.test", id);
    world.advance(10ms);
    hubs.front()->quiesce();
    world.advance(10ms);
    EXPECT_FALSE(hubs.front()->quiet());
    world.block(here, there);
    for (const std::string& id : numbers(20, 30)) send("b.test", id);
    world.advance(1s);
    hubs.front()->shut();
    world.advance(3s);
    world.heal(here, there);
    world.advance(10s);
    EXPECT_EQ(far.received, numbers(0, 20));
    EXPECT_EQ(returned, numbers(20, 30));
    EXPECT_EQ(hubs.front()->connections(), 0U);
}

TEST_F(Hubs, TakeNothingMoreAtAStop) {
    make(link::End::dialler);
    LinkEnd far{world, far_host, link::End::listener, "far.test", "secret"};
    far.listen(at(there));
    dial(there);
    ASSERT_TRUE(world.run_until([&] { return far.open(); }));
    hubs.front()->quiesce();
    far.say(Message{"b.test", "a.test", "1"}.bytes);
    world.advance(1s);
    EXPECT_EQ(hubs.front()->sessions().front().received, 0U) << "it stays with the far side";
}

}  // namespace
}  // namespace sallyport::test
