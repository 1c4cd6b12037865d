// The router link under stanzas that it cannot carry, resets that put connections on other shards, edges that die,
// domains that take nothing, and nodes that are stopped: others go on, order is kept, and what is not delivered comes
// back.
#include <gtest/gtest.h>

#include <set>

#include "support/link_end.h"
#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

Endpoint at(const std::string& address) { return {*IpAddress::parse(address), link_port}; }

std::vector<std::string> numbers(int from, int to) {
    std::vector<std::string> all;
    for (int n = from; n < to; ++n) all.push_back(std::to_string(n));
    return all;
}

std::vector<std::string> errors(const SimUser& user) {
    std::vector<std::string> all;
    for (const auto& one : user.received()) {
        if (one.type == "error") all.push_back(one.id);
    }
    return all;
}

struct How {
    LinkEnding ending;
    bool remembers;
};
std::string name_of(const testing::TestParamInfo<How>& info) {
    const std::string ending = info.param.ending == LinkEnding::error    ? "Error"
                               : info.param.ending == LinkEnding::footer ? "Footer"
                                                                         : "Reset";
    return ending + (info.param.remembers ? "Resumed" : "AnotherProcess");
}
const auto ways =
    testing::Values(How{LinkEnding::error, true}, How{LinkEnding::footer, true}, How{LinkEnding::reset, true},
                    How{LinkEnding::error, false}, How{LinkEnding::reset, false});

/// One real organisation, a, and the other end of its core's link or of its edge's.
class LinkPoison : public testing::TestWithParam<How> {
protected:
    void TearDown() override {
        if (HasFailure()) std::fputs(f.logs().c_str(), stderr);
    }
    void prepare(LinkEnd& far) {
        f.a.named_links = f.b.named_links = false;
        far.poison = {"17", "40"};
        far.ending = GetParam().ending;
        far.remembers = GetParam().remembers;
    }
    /// The numbers below 60 without the poison, each arrived; in order and once where the far end remembers.
    void expect_all_but_poison(const LinkEnd& far) {
        std::vector<std::string> expected;
        for (const std::string& id : numbers(0, 60)) {
            if (id != "17" && id != "40") expected.push_back(id);
        }
        if (GetParam().remembers) {
            EXPECT_EQ(far.received, expected);
        } else {
            const std::set<std::string> arrived{far.received.begin(), far.received.end()};
            EXPECT_EQ(arrived, (std::set<std::string>{expected.begin(), expected.end()}));
        }
        EXPECT_LE(far.connections, 7U);
    }

    Federation f;
};
INSTANTIATE_TEST_SUITE_P(Ways, LinkPoison, ways, name_of);

TEST_P(LinkPoison, FromCoreToEdgeIsReturnedAndEverythingBehindItGoesOn) {
    SimNetwork host{f.world, {"10.1.0.9"}};
    LinkEnd edge{f.world, host, link::End::listener, "edge2.a.test", "link secret of a.test"};
    prepare(edge);
    edge.listen(at("10.1.0.9"));
    f.a.start_core(false);
    f.a.attach_users();
    f.a.core->shards.front()->hub().dial({{"10.1.0.9", link_port}, "edge2.a.test", "edge2-a-test"});
    ASSERT_TRUE(f.world.run_until([&] { return edge.open() && f.a.user().attached(); }));
    for (const std::string& id : numbers(0, 60)) f.a.user().message("romeo@a.test", "juliet@b.test", id);
    f.world.advance(std::chrono::seconds{20});
    expect_all_but_poison(edge);
    EXPECT_EQ(errors(f.a.user()), (std::vector<std::string>{"17", "40"}));
    ASSERT_TRUE(f.a.user().got("17"));
    EXPECT_NE(f.a.user().with_id("17").front()->bytes.find("<policy-violation"), std::string::npos);
    EXPECT_EQ(f.a.core->shards.front()->hub().culprits().size(), 2U);
    EXPECT_EQ(f.a.core_log.count("link.stanza.taken-out"), 2U);
}

TEST_P(LinkPoison, FromEdgeToCoreIsReturnedAndEverythingBehindItGoesOn) {
    SimNetwork host{f.world, {"10.2.0.9"}};
    LinkEnd core{f.world, host, link::End::dialler, "core2.b.test", "link secret of b.test"};
    prepare(core);
    f.a.start_edge();
    f.a.start_core();
    f.a.attach_users();
    f.b.start_edge();
    core.dial(at(f.b.edge_link), {"b.test"});
    ASSERT_TRUE(f.world.run_until([&] { return core.open() && f.a.up(); }));
    for (const std::string& id : numbers(0, 60)) f.a.user().message("romeo@a.test", "juliet@b.test", id);
    f.world.advance(std::chrono::seconds{20});
    expect_all_but_poison(core);
    EXPECT_EQ(errors(f.a.user()), (std::vector<std::string>{"17", "40"}));
    EXPECT_EQ(f.b.edge_log.count("link.stanza.taken-out"), 2U);
}

TEST_P(LinkPoison, FromPresenceNodeToCoreIsReturnedAndEverythingBehindItGoesOn) {
    SimNetwork host{f.world, {"10.1.0.9"}};
    LinkEnd core{f.world, host, link::End::dialler, "core2.a.test", "link secret of a.test"};
    prepare(core);
    f.a.start_presence();
    f.a.imp_user.attach({*IpAddress::parse(f.a.presence_address), 5347});
    core.dial(at(f.a.presence_address), {"inside.test"});
    ASSERT_TRUE(f.world.run_until([&] { return core.open() && f.a.imp_user.attached(); }));
    f.world.advance(std::chrono::milliseconds{10});
    for (const std::string& id : numbers(0, 60)) f.a.imp_user.message("romeo@imp.a.test", "ana@inside.test", id);
    f.world.advance(std::chrono::seconds{20});
    expect_all_but_poison(core);
    EXPECT_EQ(errors(f.a.imp_user), (std::vector<std::string>{"17", "40"}));
}

/// Connections that come back to another shard than the one where their session lives.
class Swapped : public testing::TestWithParam<std::uint32_t> {
protected:
    Federation f{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Shards, Swapped, testing::Values(2U, 3U));

TEST_P(Swapped, KeepTheOrderOfEachPairAndSettleWhatTheyReceived) {
    ASSERT_TRUE(f.start()) << f.logs();
    int next = 0;
    const auto send = [&](int count) {
        for (; count > 0; --count, ++next) {
            for (auto& user : f.a.users) user->message("u@" + user->domain(), "juliet@b.test", std::to_string(next));
            f.b.user().message("juliet@b.test", "u@a.test", std::to_string(next));
        }
    };
    f.world.set_latency(f.b.core_address, f.b.edge_link, std::chrono::milliseconds{5});
    for (int cut = 0; cut < 30; ++cut) {
        send(15);
        f.world.advance(std::chrono::milliseconds{cut % 9});
        // Every other time the first connection that comes back is placed on another shard.
        f.b.edge->next_shard = static_cast<std::size_t>(cut % 3);
        f.b.edge->one_shard_has_all_links = cut % 4 == 3;
        f.world.reset_streams(f.b.edge_link);
        send(15);
        f.world.advance(std::chrono::milliseconds{cut % 2 == 0 ? 700 : 300});
    }
    f.world.advance(std::chrono::seconds{20});
    for (auto& user : f.a.users) EXPECT_EQ(f.b.user().ids_from(user->domain()), numbers(0, next)) << f.logs();
    EXPECT_EQ(f.a.user().ids_from("b.test"), numbers(0, next));
    EXPECT_TRUE(errors(f.a.user()).empty());
    EXPECT_TRUE(errors(f.b.user()).empty());
    for (const auto& shard : f.b.core->shards) {
        for (const auto& session : shard->hub().sessions()) EXPECT_EQ(session.unacknowledged, 0U);
    }
    for (const auto& shard : f.b.edge->shards) {
        for (const auto& session : shard->hub().sessions()) {
            EXPECT_EQ(session.unacknowledged, 0U);
        }
    }
}

TEST(TwoEdges, TheLivingOneGetsInOrderWhatTheDeadOneHad) {
    Federation f;
    SimNetwork host{f.world, {"10.1.0.9"}};
    LinkEnd second{f.world, host, link::End::listener, "edge2.a.test", "link secret of a.test"};
    f.a.named_links = false;
    second.finishes = [](const xmpp::Stanza&) { return false; };
    second.listen(at("10.1.0.9"));
    ASSERT_TRUE(f.start()) << f.logs();
    f.a.core->shards.front()->hub().dial({{"10.1.0.9", link_port}, "edge2.a.test", "edge2-a-test"});
    ASSERT_TRUE(f.world.run_until([&] { return second.open(); }));
    // Some pair is on the way of the second edge.
    std::string sender;
    for (int n = 0; n < 40 && sender.empty(); ++n) {
        for (const auto& user : f.a.users) {
            const std::size_t before = second.received.size();
            const std::string to = "juliet@" + std::string{n % 2 == 0 ? "b.test" : "rooms.b.test"};
            user->message("u@" + user->domain(), to, "probe");
            f.world.advance(std::chrono::milliseconds{50});
            if (second.received.size() > before) sender = user->domain() + " " + to;
            if (!sender.empty()) break;
        }
    }
    ASSERT_FALSE(sender.empty()) << "every pair chose the first edge";
    const std::string from = sender.substr(0, sender.find(' ')), to = sender.substr(sender.find(' ') + 1);
    SimUser& user = from == "a.test" ? f.a.user(0) : f.a.user(1);
    SimUser& there = to.ends_with("rooms.b.test") ? f.b.user(1) : f.b.user(0);
    for (int n = 0; n < 50; ++n) user.message("u@" + from, to, std::to_string(n));
    f.world.advance(std::chrono::milliseconds{50});
    second.die();
    f.world.advance(std::chrono::milliseconds{500});
    for (int n = 50; n < 100; ++n) user.message("u@" + from, to, std::to_string(n));
    f.world.advance(std::chrono::milliseconds{200});
    EXPECT_TRUE(there.ids_from(from).empty()) << "what is newer waits for what is older";
    f.world.advance(std::chrono::seconds{5});
    std::vector<std::string> expected{"probe"};
    for (const std::string& id : numbers(0, 100)) expected.push_back(id);
    EXPECT_EQ(there.ids_from(from), expected) << f.logs();
    for (int n = 100; n < 150; ++n) {
        user.message("u@" + from, to, std::to_string(n));
        expected.push_back(std::to_string(n));
        if (n == 120) second.listen(at("10.1.0.9"));
        f.world.advance(std::chrono::milliseconds{100});
    }
    f.world.advance(std::chrono::seconds{1});
    auto arrived = there.ids_from(from);
    // What goes over the second edge again ends there: only the order of what came is to be seen.
    expected.resize(arrived.size());
    EXPECT_EQ(arrived, expected);
}

/// The core of a, and an edge that is never done with anything for domains that begin with "stalled".
class Budgets : public testing::Test {
protected:
    void SetUp() override {
        edge.finishes = [](const xmpp::Stanza& stanza) { return !stanza.to_domain.starts_with("stalled"); };
        f.a.named_links = false;
        edge.listen(at("10.1.0.9"));
        f.a.start_core(false);
        f.a.attach_users();
        hub().dial({{"10.1.0.9", link_port}, "edge2.a.test", "edge2-a-test"});
        ASSERT_TRUE(f.world.run_until([&] { return edge.open() && f.a.user().attached(); }));
    }
    link::Hub& hub() { return f.a.core->shards.front()->hub(); }
    /// Until the first one is refused.
    void stall(const std::string& domain) {
        const std::string body(10000, 'x');
        for (int n = 0; n < 3000; ++n) {
            f.a.user(1).message("u@rooms.a.test", "u@" + domain, domain, body);
            if (n % 10 == 9) f.world.advance(std::chrono::milliseconds{10});
        }
        f.world.advance(std::chrono::seconds{3});
    }

    Federation f;
    SimNetwork host{f.world, {"10.1.0.9"}};
    LinkEnd edge{f.world, host, link::End::listener, "edge2.a.test", "link secret of a.test"};
};

TEST_F(Budgets, OfAStalledDomainAreItsOwn) {
    stall("stalled1.test");
    stall("stalled2.test");
    const auto refused = errors(f.a.user(1));
    EXPECT_GT(refused.size(), 2000U);
    ASSERT_TRUE(f.a.user(1).got("stalled1.test"));
    EXPECT_NE(f.a.user(1).with_id("stalled1.test").front()->bytes.find("<resource-constraint"), std::string::npos);
    std::uint64_t kept = 0;
    for (const auto& session : hub().sessions()) kept += session.unacknowledged_bytes;
    EXPECT_LE(kept, 2U * (8 << 20));
    EXPECT_GT(kept, 8U << 20);
    // Nobody else waits, nobody else is refused: not even who writes over the same stream.
    for (const std::string& id : numbers(0, 100)) {
        f.a.user(1).message("u@rooms.a.test", "u@healthy.test", id);
        f.a.user(0).message("u@a.test", "u@healthy.test", "a" + id);
    }
    f.world.advance(std::chrono::milliseconds{100});
    std::set<std::string> arrived{edge.received.begin(), edge.received.end()};
    for (const std::string& id : numbers(0, 100)) {
        EXPECT_TRUE(arrived.contains(id)) << id;
        EXPECT_TRUE(arrived.contains("a" + id)) << id;
    }
    const auto slow = hub().slow_partners();
    ASSERT_EQ(slow.size(), 2U);
    EXPECT_EQ(slow.front().far_role, Role::edge);
    EXPECT_GT(slow.front().refused, 1000U);
}

class FullBudgets : public Budgets {
protected:
    FullBudgets() { f.a.limits.link_bytes = 4 << 20; }
};

/// Hundreds of names have as much under way as they get, which is all of it: the next one gets a whole stanza through.
TEST_F(FullBudgets, LeaveANewcomerAStanza) {
    nodes::CoreShard& core = *f.a.core->shards.front();
    for (int n = 0; n < 400; ++n) {
        const std::string domain = "stalled" + std::to_string(n) + ".test", to = "u@" + domain;
        for (const std::size_t size : {10'000U, 10'000U, 10'000U, 1000U, 1000U, 1000U, 300U, 300U, 300U, 1U, 1U}) {
            const std::string bytes = "<message from='u@rooms.a.test' to='" + to + "' id='flood'><body>" +
                                      std::string(size, 'x') + "</body></message>";
            xmpp::Stanza stanza;
            stanza.bytes = bytes;
            stanza.from = "u@rooms.a.test";
            stanza.to = to;
            stanza.from_domain = "rooms.a.test";
            stanza.to_domain = domain;
            stanza.id = "flood";
            core.route(stanza, {});
        }
        f.world.advance(std::chrono::milliseconds{1});
    }
    f.world.advance(std::chrono::seconds{3});
    ASSERT_TRUE(f.a.user(1).got("flood")) << "all is used up";
    f.a.user().message("u@a.test", "u@newcomer.test", "whole", std::string(500'000, 'x'));
    EXPECT_TRUE(f.world.run_until(
        [&] { return std::find(edge.received.begin(), edge.received.end(), "whole") != edge.received.end(); },
        std::chrono::seconds{20}));
    EXPECT_FALSE(f.a.user().got("whole"));
}

TEST_F(Budgets, HoldWhatWaitsForALinkThatIsDownToo) {
    edge.die();
    f.world.advance(std::chrono::milliseconds{100});
    stall("flooded.test");
    f.a.user().message("u@a.test", "u@healthy.test", "other");
    f.world.advance(std::chrono::seconds{1});
    EXPECT_FALSE(f.a.user(1).with_id("flooded.test").empty());
    EXPECT_FALSE(f.a.user().got("other")) << "it waits for the link, and has room to";
    edge.listen(at("10.1.0.9"));
    EXPECT_TRUE(f.world.run_until(
        [&] { return std::find(edge.received.begin(), edge.received.end(), "other") != edge.received.end(); }));
}

/// What was sent before a stop is delivered or returned, once.
class Stop : public testing::TestWithParam<std::uint32_t> {
protected:
    void TearDown() override {
        if (HasFailure()) std::fputs(f.logs().c_str(), stderr);
    }
    /// The numbers below `end` at `there`, and back at `here`.
    void expect_told_once(const SimUser& here, const SimUser& there, const std::string& from, int end) {
        std::vector<std::string> told = there.ids_from(from);
        const std::size_t delivered = told.size();
        for (const std::string& id : errors(here)) told.push_back(id);
        std::sort(told.begin(), told.end());
        std::vector<std::string> expected = numbers(0, end);
        std::sort(expected.begin(), expected.end());
        EXPECT_EQ(told, expected) << delivered << " delivered, " << told.size() - delivered << " returned";
    }
    static void shut(auto& shards) {
        for (auto& shard : shards) shard->shut();
    }
    [[nodiscard]] bool core_gone() const {
        return std::all_of(f.a.core->shards.begin(), f.a.core->shards.end(), [](const auto& shard) {
            return shard->over() && shard->s2s().open_streams() + shard->hub().connections() == 0;
        });
    }

    Federation f{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Shards, Stop, testing::Values(1U, 2U));

TEST_P(Stop, OfACoreReturnsWhatWaitsForALinkThatIsDown) {
    f.a.start_core(false);
    f.a.attach_users();
    ASSERT_TRUE(f.world.run_until([&] { return f.a.user().attached(); }));
    for (const std::string& id : numbers(0, 300)) f.a.user().message("u@a.test", "u@b.test", id);
    f.world.advance(std::chrono::milliseconds{100});
    EXPECT_TRUE(f.a.user().received().empty());
    shut(f.a.core->shards);
    EXPECT_TRUE(f.world.run_until([&] { return core_gone(); }, std::chrono::milliseconds{2300}));
    expect_told_once(f.a.user(), f.b.user(), "a.test", 300);
}

TEST_P(Stop, OfACoreReturnsWhatASessionWithoutConnectionHolds) {
    ASSERT_TRUE(f.start()) << f.logs();
    f.world.block(f.a.core_address, f.a.edge_link);
    for (const std::string& id : numbers(0, 300)) f.a.user().message("u@a.test", "u@b.test", id);
    f.world.advance(std::chrono::seconds{12});
    EXPECT_TRUE(errors(f.a.user()).empty());
    shut(f.a.core->shards);
    EXPECT_TRUE(f.world.run_until([&] { return core_gone(); }, std::chrono::milliseconds{2300}));
    f.a.kill_core();
    f.world.heal(f.a.core_address, f.a.edge_link);
    f.world.advance(std::chrono::minutes{1});
    expect_told_once(f.a.user(), f.b.user(), "a.test", 300);
}

TEST_P(Stop, OfACoreUnderTrafficTellsEachOnce) {
    ASSERT_TRUE(f.start()) << f.logs();
    for (int moment = 0; moment < 400; ++moment) {
        f.a.user().message("u@a.test", "u@b.test", std::to_string(moment));
        if (moment % 8 == 7) f.world.advance(std::chrono::microseconds{300});
        if (moment == 300) shut(f.a.core->shards);
    }
    EXPECT_TRUE(f.world.run_until([&] { return core_gone(); }, std::chrono::milliseconds{2300}));
    f.world.advance(std::chrono::minutes{1});
    // What the core did not read any more the component has still: its stream told it how far.
    const auto delivered = f.b.user().ids_from("a.test").size() + errors(f.a.user()).size();
    EXPECT_GE(delivered, 200U);
    expect_told_once(f.a.user(), f.b.user(), "a.test", static_cast<int>(delivered));
}

TEST_P(Stop, OfAnEdgeUnderTrafficTakesAMomentAndTellsEachOnce) {
    ASSERT_TRUE(f.start()) << f.logs();
    for (const std::string& id : numbers(0, 300)) {
        f.a.user().message("u@a.test", "u@b.test", id);
        f.b.user().message("u@b.test", "u@a.test", id);
    }
    f.world.advance(std::chrono::milliseconds{8});
    shut(f.a.edge->shards);
    const auto gone = [&] {
        return std::all_of(f.a.edge->shards.begin(), f.a.edge->shards.end(), [](const auto& shard) {
            return shard->over() && shard->s2s().open_streams() + shard->hub().connections() == 0;
        });
    };
    EXPECT_TRUE(f.world.run_until(gone, std::chrono::milliseconds{2300}));
    f.a.kill_edge();
    f.world.advance(std::chrono::minutes{3});
    expect_told_once(f.a.user(), f.b.user(), "a.test", 300);
    expect_told_once(f.b.user(), f.a.user(), "b.test", 300);
}

}  // namespace
}  // namespace sallyport::test
