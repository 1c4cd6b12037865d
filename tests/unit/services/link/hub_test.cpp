// Hubs of one node, against another end that a test plays: what ends a link is taken out, order is kept through
// whatever breaks, a domain has a budget, and a stop returns what nobody keeps.
#include "services/link/hub.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
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
            bus->attach(*shards[index], [this, index](routing::Forwarded message) { hubs[index]->borrow(message); });
        }
        if (end == link::End::dialler) return;
        std::vector<link::Hub*> all;
        for (const auto& hub : hubs) all.push_back(hub.get());
        for (const auto& hub : hubs) hub->stand_beside(all);
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
        made.far_role = end == link::End::dialler ? Role::edge : Role::core;
        made.hold = 30s;
        made.router = &takes;
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
        made.on_node = [this](const link::NodeNews& news) { heard.push_back(news); };
        made.on_heavy = [this](link::Pace pace) { held = pace != link::Pace::free; };
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
    /// Of a table of all hubs.
    [[nodiscard]] std::size_t fill(std::string_view table) const {
        TableFills tables;
        for (const auto& hub : hubs) hub->tables(tables);
        std::size_t all = 0;
        for (const TableFill& one : tables) all += one.name == table ? one.entries : 0;
        return all;
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
    std::vector<std::string> arrived;   ///< ids of what came over links
    std::vector<link::NodeNews> heard;  ///< of nodes
    bool held = false;                  ///< those who feed the links

    /// Takes what comes over links.
    struct Takes final : routing::Router {
        explicit Takes(Hubs& all_) : all{all_} {}
        void route(const xmpp::Stanza& stanza, const routing::Ticket& ticket) override {
            all.arrived.emplace_back(stanza.id);
            all.shards.front()->settle(ticket);
        }
        Hubs& all;
    };
    Takes takes{*this};
};

/// A node whose link takes nothing for a while, beside one that is well.
TEST_F(Hubs, HoldUpNobodyWhoWritesToAnotherNode) {
    make(link::End::listener);
    SimNetwork other_host{world, {"10.0.0.3"}};
    LinkEnd well{world, far_host, link::End::dialler, "far.test", "secret"};
    LinkEnd stuck{world, other_host, link::End::dialler, "other.test", "secret"};
    well.dial(at(here), {"b.test"});
    stuck.dial(at(here), {"c.test"});
    ASSERT_TRUE(world.run_until([&] { return well.open() && stuck.open(); }));
    world.advance(10ms);
    const std::string much(100'000, 'x');
    world.block(here, "10.0.0.3");
    for (const std::string& id : numbers(0, 20)) send("c.test", id, false, much);
    world.advance(1s);
    EXPECT_FALSE(held);
    send("b.test", "hello");
    world.advance(1s);
    EXPECT_EQ(well.received, std::vector<std::string>{"hello"});
    world.block(here, there);
    for (const std::string& id : numbers(20, 40)) send("b.test", id, false, much);
    world.advance(100ms);
    EXPECT_TRUE(held) << "no link takes anything";
    world.heal(here, there);
    world.heal(here, "10.0.0.3");
    EXPECT_TRUE(world.run_until([&] { return !held && well.received.size() == 21 && stuck.received.size() == 20; }));
    EXPECT_TRUE(returned.empty());
}

/// Each is well within what one element may be, on links that a node has as many of as it likes.
TEST_F(Hubs, KeepNoMoreOfUnfinishedElementsThanOneNodeMayHave) {
    make(link::End::listener);
    SimNetwork other_host{world, {"10.0.0.3"}};
    LinkEnd other{world, other_host, link::End::dialler, "other.test", "secret"};
    std::deque<LinkEnd> links;
    constexpr std::size_t each = 8 << 20, piece = 1 << 20;
    static_assert(each < passed_on_bytes);
    other.dial(at(here), {"c.test"});
    while (links.size() * each <= link::Hub::most_unfinished) {
        links.emplace_back(world, far_host, link::End::dialler, "far.test", "secret").dial(at(here), {"b.test"});
        ASSERT_TRUE(world.run_until([&] { return links.back().open() && other.open(); }));
    }
    const std::string begin = "<message from='u@b.test' to='v@near.test' id='long'><body>";
    const std::string end = "</body></message>", some(piece, 'x');
    for (LinkEnd& link : links) link.say(begin);
    const auto stands = [](const LinkEnd& link) { return link.open() && link.connections == 1; };
    for (std::size_t said = 0; said < each && log.count("link.down") == 0; said += piece) {
        for (LinkEnd& link : links) {
            if (stands(link)) link.say(some);
        }
        world.advance(1s);
    }
    EXPECT_EQ(log.last("link.down", "why"), "too many bytes of unfinished elements on the links of this node");
    world.advance(3s);
    EXPECT_LE(fill("link.unfinished"), link::Hub::most_unfinished >> 10U);
    EXPECT_GE(fill("link.unfinished"), link::Hub::most_unfinished >> 11U) << "what is within the bound stands";
    // What stands may be completed, and another node has a bound of its own.
    other.say(begin + some);
    world.advance(1s);
    const auto whole = std::count_if(links.begin(), links.end(), stands);
    for (LinkEnd& link : links) {
        if (stands(link)) link.say(end);
    }
    EXPECT_TRUE(stands(other));
    other.say(end);
    world.advance(1s);
    EXPECT_EQ(std::count(arrived.begin(), arrived.end(), "long"), whole + 1);
}

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

class Miscounted : public Hubs, public testing::WithParamInterface<link::End> {};
INSTANTIATE_TEST_SUITE_P(Ends, Miscounted, testing::Values(link::End::dialler, link::End::listener));

TEST_P(Miscounted, SessionsEndAndOthersTakeTheirStanzas) {
    make(GetParam());
    const bool dials = GetParam() == link::End::dialler;
    LinkEnd far{world, far_host, dials ? link::End::listener : link::End::dialler, "far.test", "secret"};
    if (dials) {
        far.listen(at(there));
        dial(there);
    } else {
        far.dial(at(here), {"b.test"});
    }
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
    EXPECT_EQ(hubs.front()->sessions().size(), 1U);
    EXPECT_TRUE(returned.empty());
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
        EXPECT_EQ(hub->sessions().front().state, link::LinkState::open);
        EXPECT_EQ(hub->sessions().front().unacknowledged, 0U);
        EXPECT_EQ(hub->connections(), 1U);
    }
}

TEST_F(Swapped, AConnectionThatMovesLosesNothingOfWhatCameBehindItsRequest) {
    LinkEnd far{world, far_host, link::End::dialler, "far.test", "secret"};
    next_shard = 0;
    far.dial(at(here), {"b.test"});
    ASSERT_TRUE(world.run_until([&] { return far.open(); }));
    world.advance(10ms);
    std::vector<std::string> expected;
    for (int round = 0; round < 20; ++round) {
        far.behind_resume.clear();
        for (int n = 0; n < 3; ++n) {
            expected.push_back(std::to_string(round) + "-" + std::to_string(n));
            // Of different lengths: whatever lies in the same place later is something else.
            far.behind_resume += Message{"b.test", "a.test", expected.back(),
                                         std::string(static_cast<std::size_t>(100 + 37 * round * n), 'x')}
                                     .bytes;
        }
        next_shard = 1;
        const std::size_t before = far.connections;
        world.reset_streams(here);
        ASSERT_TRUE(world.run_until([&] { return far.connections > before; }));
        world.advance(50ms);
    }
    EXPECT_EQ(arrived, expected);
    EXPECT_EQ(hubs.front()->sessions().front().resumptions, 20U);
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

TEST_F(Swapped, WhatAShardCannotCarryAnyMoreComesBackAndGoesOverTheOtherInOrder) {
    LinkEnd one{world, far_host, link::End::dialler, "far.test", "secret"};
    one.finishes = [](const xmpp::Stanza&) { return false; };
    next_shard = 1;
    one.dial(at(here), {"b.test"});
    ASSERT_TRUE(world.run_until([&] { return one.open(); }));
    world.advance(10ms);
    for (const std::string& id : numbers(0, 10)) send("b.test", id, true);
    world.advance(10ms);
    EXPECT_EQ(one.received, numbers(0, 10)) << "over the other shard";
    one.die();
    world.advance(10ms);
    for (const std::string& id : numbers(10, 20)) send("b.test", id, true);
    world.advance(10ms);
    SimNetwork second_host{world, {"10.0.0.3"}};
    LinkEnd two{world, second_host, link::End::dialler, "far.test", "secret"};
    two.process = "two";
    next_shard = 0;
    two.dial(at(here), {"b.test"});
    ASSERT_TRUE(world.run_until([&] { return two.open(); }));
    for (const std::string& id : numbers(20, 30)) send("b.test", id, true);
    world.advance(3s);
    EXPECT_EQ(two.received, numbers(0, 30));
    EXPECT_EQ(settled.size(), 30U);
    EXPECT_TRUE(returned.empty());
    EXPECT_EQ(fill("link.elsewhere"), 0U);
    EXPECT_EQ(fill("link.held"), 0U);
}

/// A shard has a link again before what it gave back has come, and more was on its way to it: at each turn of the loop.
class GivesBack : public Swapped, public testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(Turns, GivesBack, testing::Range(0, 6));

TEST_P(GivesBack, IsNotOvertakenByWhatWasOnItsWayThere) {
    world.set_latency(here, there, 0ms);
    LinkEnd one{world, far_host, link::End::dialler, "far.test", "secret"};
    LinkEnd two{world, far_host, link::End::dialler, "far.test", "secret"};
    next_shard = 1;
    one.dial(at(here), {"b.test"});
    ASSERT_TRUE(world.run_until([&] { return one.open(); }));
    world.advance(10ms);
    const std::string session = hubs[1]->sessions().front().id;
    two.binds = false;
    next_shard = 1;
    two.dial(at(here), {"b.test"});
    ASSERT_TRUE(world.run_until([&] { return two.open(); }));
    world.advance(10ms);
    const auto bind = [&] { two.say("<bind xmlns='urn:xmpp:component:0'><hostname>b.test</hostname></bind>"); };
    const auto break_off = [&] {
        send("b.test", "1");
        one.die();
        hubs[1]->give_up(session, "far-test");
        world.loop().post([&] { send("b.test", "2"); });
    };
    std::function<void(int)> in_turns = [&](int turns) {
        if (turns == 0) return break_off();
        world.loop().post([&, turns] { in_turns(turns - 1); });
    };
    world.loop().post([&] {
        bind();
        in_turns(GetParam());
    });
    world.advance(3s);
    EXPECT_EQ(two.received, numbers(1, 3));
    EXPECT_TRUE(returned.empty());
    EXPECT_EQ(fill("link.elsewhere"), 0U);
}

TEST_F(Swapped, WhatIsHandedToAnotherShardGetsNoYounger) {
    for (const std::string& id : numbers(0, 10)) send("b.test", id);
    world.advance(25s);
    EXPECT_TRUE(returned.empty());
    LinkEnd one{world, far_host, link::End::dialler, "far.test", "secret"};
    one.finishes = [](const xmpp::Stanza&) { return false; };
    next_shard = 1;
    one.dial(at(here), {"b.test"});
    ASSERT_TRUE(world.run_until([&] { return one.received.size() == 10; }));
    one.die();
    SimNetwork second_host{world, {"10.0.0.3"}};
    LinkEnd two{world, second_host, link::End::dialler, "far.test", "secret"};
    two.process = "two";
    next_shard = 0;
    two.dial(at(here), {"other.test"});
    ASSERT_TRUE(world.run_until([&] { return two.open(); }));
    world.advance(5s);
    EXPECT_EQ(returned, numbers(0, 10)) << "thirty seconds after it came";
}

/// Where a stream has acknowledged what is still on its way, its peer does not send that again.
TEST_F(Swapped, WhatIsLentIsReturnedAtAStopOnceItsStreamHasAcknowledgedIt) {
    LinkEnd one{world, far_host, link::End::dialler, "far.test", "secret"};
    sources.front().of_stream = true;
    send("b.test", "old", true);
    world.advance(routing::Ticket::answered_after - 5s);
    next_shard = 1;
    one.dial(at(here), {"b.test"});
    ASSERT_TRUE(world.run_until([&] { return fill("link.elsewhere") == 1; }));
    world.block(here, there);
    world.advance(6s);
    ASSERT_TRUE(one.received.empty());
    send("b.test", "new", true);
    world.advance(10ms);
    for (const auto& hub : hubs) hub->quiesce();
    for (const auto& hub : hubs) hub->shut();
    world.advance(10ms);
    EXPECT_EQ(returned, std::vector<std::string>{"old"});
}

TEST_F(Hubs, GoOnAtOnceWithANodeThatIsBackBeforeItsOldConnectionIsKnownToBeDead) {
    make(link::End::listener);
    LinkEnd one{world, far_host, link::End::dialler, "far.test", "secret"};
    one.dial(at(here), {"b.test"});
    ASSERT_TRUE(world.run_until([&] { return one.open(); }));
    world.advance(10ms);
    world.block(here, there);
    one.die();
    for (const std::string& id : numbers(0, 10)) send("b.test", id, true);
    world.advance(10ms);
    SimNetwork second_host{world, {"10.0.0.3"}};
    LinkEnd two{world, second_host, link::End::dialler, "far.test", "secret"};
    two.process = "two";
    two.dial(at(here), {"b.test"});
    ASSERT_TRUE(world.run_until([&] { return two.open(); }));
    for (const std::string& id : numbers(10, 20)) send("b.test", id, true);
    world.advance(1s);
    EXPECT_EQ(two.received, numbers(0, 20));
    EXPECT_EQ(hubs.front()->sessions().size(), 1U);
    EXPECT_TRUE(returned.empty());
}

TEST_F(Hubs, HoldNobodyForDeadWhoTakesWhatStandsBeforeTheQuestion) {
    make(link::End::dialler);
    LinkEnd far{world, far_host, link::End::listener, "far.test", "secret"};
    far.finishes = [](const xmpp::Stanza&) { return false; };  // so that nothing is heard of it
    far.listen(at(there));
    dial(there);
    ASSERT_TRUE(world.run_until([&] { return far.open(); }));
    world.advance(10ms);
    world.set_latency(here, there, 500ms);
    for (int n = 0; n < 400; ++n)
        send("d" + std::to_string(n % 4) + ".test", std::to_string(n), true, std::string(10000, 'x'));
    world.advance(10s);
    EXPECT_LT(far.received.size(), 300U) << "the path is slow enough for this test";
    world.advance(40s);
    EXPECT_EQ(far.received.size(), 400U);
    EXPECT_EQ(log.count("link.down"), 0U);
    // Who takes nothing is dead as soon as before.
    for (int n = 0; n < 400; ++n)
        send("d" + std::to_string(n % 4) + ".test", std::to_string(n), true, std::string(1000, 'x'));
    world.advance(1s);
    world.block(here, there);
    world.advance(16s);
    EXPECT_EQ(log.count("link.down"), 1U);
}

/// It writes without end and reads nothing: what is done is told it in one piece, once it reads.
TEST_F(Hubs, KeepNoLongListOfAnswersForWhoDoesNotRead) {
    make(link::End::listener);
    LinkEnd far{world, far_host, link::End::dialler, "far.test", "secret"};
    far.dial(at(here), {"b.test"});
    ASSERT_TRUE(world.run_until([&] { return far.open(); }));
    world.advance(10ms);
    far.hang(true);
    constexpr int count = 60000;
    for (int n = 0; n < count; ++n) {
        far.say(Message{"b.test", "a.test", "m"}.bytes);
        world.advance(std::chrono::microseconds{100});
    }
    ASSERT_TRUE(world.run_until([&] { return arrived.size() == count; }, 1s));
    far.hang(false);
    ASSERT_TRUE(world.run_until([&] { return far.done == count; }, 10s)) << far.done;
    EXPECT_LT(far.dones, count / 4 * 3) << "after two megabytes they wait";
    EXPECT_EQ(log.count("link.down"), 0U);
}

TEST_F(Hubs, TellFactsOfPeersBehindStanzas) {
    make(link::End::listener);
    const auto facts = [](int n) {
        link::PeerFacts made;
        made.pair = {*xmpp::Domain::parse("a.test"), *xmpp::Domain::parse("d" + std::to_string(n) + ".test")};
        made.direction = Direction::inbound;
        made.method = "dialback";
        return made;
    };
    constexpr int most = static_cast<int>(link::KnownPeers::most);
    for (int n = 0; n < most; ++n) hubs.front()->tell(facts(n), true);
    LinkEnd far{world, far_host, link::End::dialler, "far.test", "secret"};
    far.dial(at(here), {"b.test"});
    std::uint64_t before = 0;
    far.on_stanza = [&](const xmpp::Stanza&) { before = far.facts; };
    send("b.test", "1");
    ASSERT_TRUE(world.run_until([&] { return far.received.size() == 1; }));
    EXPECT_LT(before, 1000U);
    // What changes meanwhile is told as well.
    hubs.front()->tell(facts(most - 1), false);
    world.advance(10s);
    EXPECT_GE(far.facts, link::KnownPeers::most);
    EXPECT_LE(far.facts, link::KnownPeers::most + 1);
    EXPECT_EQ(fill("link.untold"), 0U);
}

/// The far process dies with thousands of stanzas on their way of which it has confirmed none.
class ManySuspects : public Hubs {
protected:
    void SetUp() override {
        make(link::End::dialler);
        far.finishes = [](const xmpp::Stanza&) { return false; };
        far.remembers = false;
        far.listen(at(there));
        dial(there);
        ASSERT_TRUE(world.run_until([&] { return far.open(); }));
        world.set_latency(here, there, 50ms);
    }
    LinkEnd far{world, far_host, link::End::listener, "far.test", "secret"};
};

TEST_F(ManySuspects, GoOnWithinSeconds) {
    for (const std::string& id : numbers(0, 3000)) send("b.test", id, true);
    ASSERT_TRUE(world.run_until([&] { return far.received.size() == 3000; }));
    far.received.clear();
    world.reset_streams(there);
    world.advance(15s);
    EXPECT_EQ(far.received, numbers(0, 3000));
}

TEST_F(ManySuspects, AreAcquittedButTheOneAtWhichItDies) {
    far.poison = {"1700"};
    far.ending = LinkEnding::reset;
    for (const std::string& id : numbers(0, 3000)) send("b.test", id, true);
    world.advance(25s);
    std::vector<std::string> expected = numbers(0, 3000);
    std::erase(expected, "1700");
    EXPECT_EQ((std::set<std::string>{far.received.begin(), far.received.end()}),
              (std::set<std::string>{expected.begin(), expected.end()}));
    EXPECT_EQ(returned, (std::vector<std::string>{"1700"}));
    EXPECT_LE(far.connections, 4U) << "it dies three times: at all, at some, at one";
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

TEST_F(Hubs, AnswerForTheirLinksWhileTheyStop) {
    make(link::End::dialler);
    LinkEnd far{world, far_host, link::End::listener, "far.test", "secret"};
    far.listen(at(there));
    dial(there);
    ASSERT_TRUE(world.run_until([&] { return hubs.front()->dials().front().state == link::DialState::open; }));
    hubs.front()->quiesce();
    hubs.front()->shut();
    ASSERT_TRUE(world.run_until([&] { return hubs.front()->connections() == 0; }));
    world.advance(1s);
    EXPECT_NE(hubs.front()->dials().front().state, link::DialState::open);
}

TEST_F(Hubs, ReturnAtAStopWhatASessionHasThatEndsDuringIt) {
    make(link::End::listener);
    LinkEnd far{world, far_host, link::End::dialler, "far.test", "secret"};
    far.finishes = [](const xmpp::Stanza&) { return false; };
    far.dial(at(here), {"b.test"});
    ASSERT_TRUE(world.run_until([&] { return far.open(); }));
    world.advance(10ms);
    for (const std::string& id : numbers(0, 10)) send("b.test", id, id > "5");
    world.advance(10ms);
    hubs.front()->quiesce();
    hubs.front()->give_up(hubs.front()->sessions().front().id, "far-test");
    EXPECT_EQ(returned, numbers(0, 6)) << "what a sender keeps, he sends again";
    EXPECT_EQ(hubs.front()->held(), 0U);
    hubs.front()->shut();
    EXPECT_EQ(returned.size(), 6U);
}

class StopBeforeASession : public Hubs, public testing::WithParamInterface<link::End> {};
INSTANTIATE_TEST_SUITE_P(Ends, StopBeforeASession, testing::Values(link::End::dialler, link::End::listener));

TEST_P(StopBeforeASession, OpensNone) {
    make(GetParam());
    const bool dials = GetParam() == link::End::dialler;
    LinkEnd far{world, far_host, dials ? link::End::listener : link::End::dialler, "far.test", "secret"};
    if (dials) {
        far.listen(at(there));
        dial(there);
    } else {
        far.dial(at(here), {"b.test"});
    }
    ASSERT_TRUE(world.run_until([&] { return hubs.front()->connections() == 1; }));
    hubs.front()->quiesce();
    world.advance(500ms);
    EXPECT_TRUE(hubs.front()->sessions().empty());
    EXPECT_FALSE(far.open());
    far.die();
    world.advance(5s);
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

/// What link.down says must not be what strangers say.
class Refusals : public Hubs {
protected:
    void listen(std::vector<IpNetwork> addresses) {
        make(link::End::listener);
        hubs[0]->replace_identity("near-test", "secret", {{{"far.test", "secret", std::move(addresses)}}, false});
    }
    [[nodiscard]] std::string refused() const {
        return hubs[0]->refused() ? hubs[0]->refused()->address.text() : std::string{};
    }
    SimNetwork one_host{world, {"10.0.0.8"}}, other_host{world, {"10.0.0.9"}};
    LinkEnd one{world, one_host, link::End::dialler, "one.test", "secret"};
    LinkEnd other{world, other_host, link::End::dialler, "other.test", "secret"};
};

TEST_F(Refusals, AreOfNobodyWhoComesFromElsewhereThanTheNodes) {
    listen({*IpNetwork::parse(there)});
    one.dial(at(here), {});
    world.advance(10s);
    EXPECT_NE(log.dump().find("link.stranger"), std::string::npos);
    EXPECT_EQ(refused(), "");
    LinkEnd near{world, far_host, link::End::dialler, "wrong.test", "secret"};
    near.dial(at(here), {});
    world.advance(10s);
    EXPECT_EQ(refused(), there);
}

TEST_F(Refusals, AreToldOneAfterTheOtherAndThoseOfKnownNodesFirst) {
    listen({});
    one.dial(at(here), {});
    other.dial(at(here), {});
    std::string told;
    int changes = 0;
    for (int i = 0; i < 600; ++i) {
        world.advance(100ms);
        if (refused() != told) ++changes;
        told = refused();
    }
    EXPECT_FALSE(told.empty());
    EXPECT_LE(changes, 3) << "in a minute";
    LinkEnd known{world, far_host, link::End::dialler, "far.test", "another secret"};
    known.dial(at(here), {});
    ASSERT_TRUE(world.run_until([&] { return refused() == there; }));
    EXPECT_TRUE(hubs[0]->refused()->proven);
    for (int i = 0; i < 600; ++i) {
        world.advance(100ms);
        ASSERT_EQ(refused(), there);
    }
}

class NodesTold : public Hubs {};

link::NodeNews news_of(const std::string& name, Role role) {
    link::NodeNews news;
    news.name = name;
    news.role = role;
    news.version = "1";
    news.findings = {{true, "the disk is full", "free some of it", "disk.low", "disk.low", {{"key", "'/data' <&>"}}}};
    return news;
}

TEST_F(NodesTold, AreToldOnEachNewLinkWhenTheyChangeAndToNobodyAboutHimself) {
    make(link::End::listener);
    hubs.front()->tell_nodes({news_of("near.test", Role::edge), news_of("far.test", Role::core)}, false);
    LinkEnd far{world, far_host, link::End::dialler, "far.test", "secret"};
    far.dial(at(here), {"b.test"});
    ASSERT_TRUE(world.run_until([&] { return far.news.size() == 1; }));
    EXPECT_EQ(far.news.front(), news_of("near.test", Role::edge));
    hubs.front()->tell_nodes({news_of("near.test", Role::edge)}, false);
    world.advance(1s);
    EXPECT_EQ(far.news.size(), 1U) << "nothing new";
    link::NodeNews better = news_of("near.test", Role::edge);
    better.findings.clear();
    hubs.front()->tell_nodes({better}, false);
    ASSERT_TRUE(world.run_until([&] { return far.news.size() == 2; }));
    hubs.front()->tell_nodes({better}, true);
    ASSERT_TRUE(world.run_until([&] { return far.news.size() == 3; })) << "once more, for who has missed it";
    far.cut();
    ASSERT_TRUE(world.run_until([&] { return far.news.size() == 4; })) << "and after each break";
}

/// Threat T85: what a taken edge says of others, or of where pages are, goes nowhere.
TEST_F(NodesTold, SpeakForThemselvesAlone) {
    make(link::End::dialler);
    LinkEnd far{world, far_host, link::End::listener, "far.test", "secret"};
    far.listen(at(there));
    dial(there);
    ASSERT_TRUE(world.run_until([&] { return far.open(); }));
    world.advance(1s);
    far.tell(news_of("core1.test", Role::core));
    far.tell(news_of("core1.test", Role::edge));
    far.tell(news_of("far.test", Role::core));
    link::NodeNews own = news_of("far.test", Role::edge);
    own.origin = "https://evil.test";
    own.linked = false;
    far.tell(own);
    ASSERT_TRUE(world.run_until([&] { return !heard.empty(); }));
    world.advance(1s);
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard.front().name, "far.test");
    EXPECT_TRUE(heard.front().origin.empty());
    EXPECT_TRUE(heard.front().linked);
    for (unsigned i = 0; i < 1000; ++i) far.tell(news_of("far.test", Role::edge));
    world.advance(100ms);
    EXPECT_LE(heard.size(), 1U + 2 * link::NodesTold::most_heard);
    EXPECT_TRUE(far.open()) << "it ends no link either";
}

/// Threat T85: an edge that is taken learns nothing of what is weak inside.
TEST_F(NodesTold, OfWhatIsInsideAnEdgeHearsTheStateAlone) {
    make(link::End::dialler);
    LinkEnd far{world, far_host, link::End::listener, "far.test", "secret"};
    far.listen(at(there));
    dial(there);
    link::NodeNews own = news_of("near.test", Role::core);
    own.findings.push_back({false, "imp1.test cannot be reached", "look at /var/lib/sallyport"});
    own.more = 2;
    hubs.front()->tell_nodes({own}, false);
    ASSERT_TRUE(world.run_until([&] { return far.news.size() == 1; }));
    EXPECT_EQ(far.news.front().findings,
              (std::vector<link::NodeFinding>{{true, std::string{link::NodeNews::outline}, {}, "node.outline"}}));
    EXPECT_EQ(far.news.front().more, 3U);
    own.findings.front().text = "another disk is full";
    hubs.front()->tell_nodes({own}, false);
    world.advance(1s);
    EXPECT_EQ(far.news.size(), 1U) << "that the words have changed is not to be seen either";
    own.findings.clear();
    own.more = 0;
    hubs.front()->tell_nodes({own}, false);
    ASSERT_TRUE(world.run_until([&] { return far.news.size() == 2; }));
    EXPECT_TRUE(far.news.back().findings.empty());
}

/// Half of the values would make another sentence.
TEST_F(NodesTold, AreToldInWordsAloneWhenTheValuesInThemAreTooLong) {
    make(link::End::listener);
    link::NodeNews long_one = news_of("near.test", Role::edge);
    long_one.findings.front().values.emplace_back("detail", std::string(link::NodeNews::longest_text, 'd'));
    hubs.front()->tell_nodes({long_one}, false);
    LinkEnd far{world, far_host, link::End::dialler, "far.test", "secret"};
    far.dial(at(here), {"b.test"});
    ASSERT_TRUE(world.run_until([&] { return far.news.size() == 1; }));
    EXPECT_EQ(far.news.front().findings,
              (std::vector<link::NodeFinding>{{true, "the disk is full", "free some of it"}}));
}

/// Each far side has a share of its own: who says much takes nothing from others.
TEST_F(NodesTold, OfOneFarRealmTakeNothingFromAnother) {
    make(link::End::dialler);
    const std::string third = "10.0.0.3";
    SimNetwork third_host{world, {third}};
    LinkEnd loud{world, far_host, link::End::listener, "far.test", "secret"};
    LinkEnd calm{world, third_host, link::End::listener, "calm.test", "secret"};
    loud.listen(at(there));
    calm.listen(at(third));
    dial(there);
    hubs.front()->dial({{third, port}, "calm.test", "calm-test"});
    ASSERT_TRUE(world.run_until([&] { return loud.open() && calm.open(); }));
    world.advance(1s);
    for (unsigned i = 0; i < 200; ++i) loud.tell(news_of("far.test", Role::edge));
    world.advance(100ms);
    EXPECT_EQ(heard.size(), link::NodesTold::most_heard);
    calm.tell(news_of("calm.test", Role::edge));
    world.advance(100ms);
    ASSERT_EQ(heard.size(), link::NodesTold::most_heard + 1U);
    EXPECT_EQ(heard.back().name, "calm.test");
    world.advance(2s);
    for (unsigned i = 0; i < 200; ++i) loud.tell(news_of("core1.test", Role::core));
    loud.tell(news_of("far.test", Role::edge));
    world.advance(100ms);
    EXPECT_EQ(heard.back().name, "far.test") << "what is not taken anyway uses up nothing";
}

/// Whoever does not read is told no more, and hears what he has missed with a later round.
TEST_F(NodesTold, DoNotPileUpForWhoDoesNotRead) {
    make(link::End::listener);
    LinkEnd far{world, far_host, link::End::dialler, "far.test", "secret"};
    far.dial(at(here), {"b.test"});
    ASSERT_TRUE(world.run_until([&] { return far.open(); }));
    world.advance(10ms);
    far.hang(true);
    link::NodeNews large = news_of("near.test", Role::edge);
    large.findings.assign(link::NodeNews::most_findings, {true, std::string(link::NodeNews::longest_text, 't'),
                                                          std::string(link::NodeNews::longest_text, 'r')});
    constexpr unsigned rounds = 1000;
    for (unsigned n = 0; n < rounds; ++n) {
        large.more = n;
        hubs.front()->tell_nodes({large}, false);
        world.advance(1ms);
    }
    far.hang(false);
    world.advance(1s);
    EXPECT_LT(far.news.size(), rounds / 2) << "that would be seven megabytes";
    hubs.front()->tell_nodes({large}, true);
    ASSERT_TRUE(world.run_until([&] { return !far.news.empty() && far.news.back() == large; }));
    EXPECT_EQ(log.count("link.down"), 0U);
}

TEST_F(NodesTold, ByACoreAreOthersToo) {
    make(link::End::listener);
    LinkEnd core{world, far_host, link::End::dialler, "far.test", "secret"};
    core.dial(at(here), {"b.test"});
    ASSERT_TRUE(world.run_until([&] { return core.open(); }));
    link::NodeNews other = news_of("imp1.test", Role::presence);
    other.origin = "https://imp1.test:9443";
    other.linked = false;
    core.tell(other);
    ASSERT_TRUE(world.run_until([&] { return !heard.empty(); }));
    EXPECT_EQ(heard.front(), other);
}

TEST(NodeNews, AreCutToTheirBoundsAndMadeFitForALink) {
    link::NodeNews news = news_of(std::string(1000, 'n'), Role::edge);
    for (unsigned i = 0; i < 50; ++i) {
        news.findings.push_back({false, std::string(5000, 'x') + std::to_string(i),
                                 "a\x01"
                                 "b\xff\xef\xbf\xbf<&'"});
    }
    const std::string bytes = link::write(news);
    EXPECT_LT(bytes.size(), 64U << 10);
    xml::Reader reader{Limits{}.after_auth};
    const std::string stream =
        "<stream:stream xmlns='jabber:component:accept' "
        "xmlns:stream='http://etherx.jabber.org/streams'>" +
        bytes;
    reader.feed(stream);
    ASSERT_EQ(reader.next(), xml::Kind::header);
    ASSERT_EQ(reader.next(), xml::Kind::element) << reader.explanation();
    const auto read = link::read_node_news(reader.tree());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->findings.size(), link::NodeNews::most_findings);
    EXPECT_EQ(read->more, 51 - link::NodeNews::most_findings);
    EXPECT_EQ(read->name.size(), link::NodeNews::longest_name);
    EXPECT_EQ(read->findings[1].remedy, "a b\xef\xbf\xbd?<&'");
}

}  // namespace
}  // namespace sallyport::test
