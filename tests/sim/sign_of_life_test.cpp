// Signs of life of a partner that was away: by whatever way it shows that it is there, what waits for it is tried at
// once, on every shard and for every pair; and a partner that only ends our streams is not asked the more for it.
#include <gtest/gtest.h>

#include <algorithm>

#include "support/raw_partner.h"
#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;

class SignOfLife : public testing::TestWithParam<std::uint32_t> {
protected:
    template <typename Node>
    static std::optional<s2s::DestinationStatus> find(Node& node, const std::string& local, const std::string& remote) {
        for (const auto& shard : node.shards) {
            for (const auto& to : shard->s2s().pool().destinations()) {
                if (to.pair.local.text() == local && to.pair.remote.text() == remote) return to;
            }
        }
        return std::nullopt;
    }
    /// Of `id`, from `local` to `remote`, until what comes next is returned at once for a while.
    template <typename Node>
    void write_in_vain(Node& node, SimUser& from, const std::string& local, const std::string& remote) {
        for (int n = 0; n < 400; ++n) {
            from.message("u@" + local, "v@" + remote, "in vain");
            f.world.advance(1s);
            const auto to = find(node, local, remote);
            if (n > 120 && to && to->phase == s2s::PairPhase::waiting && to->next_retry > 20s) return;
        }
        FAIL() << "there is no such moment";
    }
    template <typename Node>
    static s2s::Pool& owner(Node& node, const std::string& local, const std::string& remote) {
        const auto index = routing::owner(local, remote, static_cast<std::uint32_t>(node.shards.size()));
        return node.shards[index]->s2s().pool();
    }
    static xmpp::DomainPair pair(const std::string& local, const std::string& remote) {
        return {*xmpp::Domain::parse(local), *xmpp::Domain::parse(remote)};
    }
    /// An operator does not wait for the next attempt; whether anybody answers his ping is all the same.
    void reach(s2s::Pool& pool, const std::string& local, const std::string& remote) {
        pool.ping(pair(local, remote), [](const Result<Duration>&) {});
        const auto reached = [&] {
            const auto all = pool.destinations();
            return std::any_of(all.begin(), all.end(), [&](const s2s::DestinationStatus& to) {
                return to.pair == pair(local, remote) && to.phase == s2s::PairPhase::ready;
            });
        };
        ASSERT_TRUE(f.world.run_until(reached, 10s)) << f.logs();
    }
    /// Only one of our domains gets through; the partner has written nothing.
    void expect_told_to_the_other_pair() {
        ASSERT_TRUE(f.start()) << f.logs();
        f.b.kill_edge();
        write_in_vain(*f.a.edge, f.a.user(0), "a.test", "b.test");
        write_in_vain(*f.a.edge, f.a.user(1), "rooms.a.test", "b.test");
        f.b.start_edge();
        ASSERT_TRUE(f.world.run_until([&] { return f.b.up(); }));
        reach(owner(*f.a.edge, "a.test", "b.test"), "a.test", "b.test");
        f.a.user(1).message("u@rooms.a.test", "v@b.test", "welcome");
        EXPECT_TRUE(f.world.run_until([&] { return f.b.user().got("welcome"); }, 5s)) << f.logs();
    }

    Federation f{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Shards, SignOfLife, testing::Values(1U, 2U, 3U));

TEST_P(SignOfLife, IsAStreamOfOursForAnotherPair) { expect_told_to_the_other_pair(); }

TEST_P(SignOfLife, IsSharedWhereStreamsAre) {
    f.a.share_streams = true;
    expect_told_to_the_other_pair();
}

/// The same at the core, whose streams to a server inside are of domains outside.
TEST_P(SignOfLife, OfAnInsideServerIsAStreamOfOursForAnotherPair) {
    constexpr const char* address = "10.1.0.51";
    config::InsideServer server;
    server.domains = {*xmpp::Domain::parse("inside.a.test")};
    server.address = {address, 5269};
    server.tls = config::InsideTls::optional;
    f.a.servers = {server};
    f.a.settings.domains.push_back(*config::NamePattern::parse("inside.a.test"));
    RawPartner back{f.world, f.dns, "inside.a.test", address};
    back.habits.answers_pings = false;  // it would answer on the stream that is ours
    back.deafen();
    f.dns.forget("_xmpp-server._tcp.inside.a.test");
    f.dns.srv("_xmpp-server._tcp.inside.a.test", 0, 0, 5269, "xmpp.a.test");
    ASSERT_TRUE(f.start()) << f.logs();
    for (int n = 0; n < 180; ++n) {
        f.b.user(0).message("juliet@b.test", "romeo@inside.a.test", "in vain");
        f.b.user(1).message("juliet@rooms.b.test", "romeo@inside.a.test", "in vain");
        f.world.advance(1s);
    }
    write_in_vain(*f.a.core, f.b.user(1), "rooms.b.test", "inside.a.test");
    back.listen();
    reach(owner(*f.a.core, "b.test", "inside.a.test"), "b.test", "inside.a.test");
    f.b.user(1).message("juliet@rooms.b.test", "romeo@inside.a.test", "welcome");
    EXPECT_TRUE(f.world.run_until([&] { return back.got("welcome"); }, 5s)) << f.a.core_log.dump();
}

/// A partner on raw connections.
class SignOfARawPartner : public SignOfLife {
protected:
    void SetUp() override {
        f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
        ASSERT_TRUE(f.start()) << f.logs();
        stream = &c.open(f.a.edge_public, "a.test");
        ASSERT_TRUE(f.world.run_until([&] { return stream->ready(); }));
    }
    void TearDown() override {
        if (HasFailure()) std::fputs(f.a.edge_log.dump().c_str(), stderr);
    }
    /// On the stream that stood all the time.
    void writes(const std::string& id) {
        stream->message("u@c.test", "romeo@a.test", id);
        ASSERT_TRUE(f.world.run_until([&] { return f.a.user().got(id); }));
    }
    void answer(const std::string& id) { f.a.user().message("romeo@a.test", "u@c.test", id); }
    void go_away(bool silent) {
        if (silent) {
            c.habits.listens = false;
        } else {
            c.deafen();
        }
    }
    void come_back(bool silent) {
        if (silent) {
            c.habits.listens = true;
        } else {
            c.listen();
        }
    }
    /// Streams that were opened to it.
    [[nodiscard]] std::size_t connections() const {
        return static_cast<std::size_t>(std::count_if(c.streams().begin(), c.streams().end(),
                                                      [](const auto& one) { return !one->opened_by_us(); }));
    }

    RawPartner c{f.world, f.dns, "c.test", "198.51.100.9"};
    RawStream* stream = nullptr;
};
INSTANTIATE_TEST_SUITE_P(Shards, SignOfARawPartner, testing::Values(1U, 2U, 3U));

/// Nobody listened, or somebody did and answered nothing.
TEST_P(SignOfARawPartner, IsAStanzaOnAStreamThatStoodAllTheTime) {
    for (const bool silent : {true, false}) {
        SCOPED_TRACE(silent ? "silent" : "deaf");
        const std::string word = silent ? "silent" : "deaf";
        go_away(silent);
        f.world.advance(1s);
        write_in_vain(*f.a.edge, f.a.user(), "a.test", "c.test");
        ASSERT_FALSE(stream->closed());
        come_back(silent);
        writes("here I am " + word);
        answer("welcome " + word);
        EXPECT_TRUE(f.world.run_until([&] { return c.got("welcome " + word); }, 5s));
        for (RawStream* ours : c.accepted()) ours->abort();
        f.world.advance(1s);
    }
}

/// It reads our streams, has ended none, and takes each pair on a stream of its own.
TEST_P(SignOfARawPartner, IsAnAcknowledgementOnAStreamOfOursThatStoodAllTheTime) {
    c.habits.sm = true;
    answer("before");
    ASSERT_TRUE(f.world.run_until([&] { return c.got("before"); }));
    c.deafen();
    write_in_vain(*f.a.edge, f.a.user(1), "rooms.a.test", "c.test");
    c.listen();
    answer("still there");
    ASSERT_TRUE(f.world.run_until([&] { return c.got("still there"); }));
    f.world.advance(1s);
    f.a.user(1).message("u@rooms.a.test", "u@c.test", "welcome");
    EXPECT_TRUE(f.world.run_until([&] { return c.got("welcome"); }, 5s));
}

TEST_P(SignOfARawPartner, TriesSeldomWhatCannotBeReachedHoweverMuchItWrites) {
    c.deafen();
    for (int n = 0; n < 240; ++n) {
        stream->message("u@c.test", "romeo@a.test", "I write " + std::to_string(n));
        answer("answer " + std::to_string(n));
        f.world.advance(500ms);
    }
    // The first attempts, then one for each sign that counts.
    EXPECT_LE(f.a.edge_log.count("s2s.outbound.connecting"), 8U + 120U / 5U);
}

/// The stanza of each second is poison to it: our streams reach it, and it ends them.
TEST_P(SignOfARawPartner, IsNoneWhereOurStreamsAreOpenedAndOfNoUse) {
    c.habits.sm = true;  // what is not acknowledged waits for the next stream
    c.habits.ends_at_poison = "policy-violation";
    for (int n = 0; n < 120; ++n) {
        stream->message("u@c.test", "romeo@a.test", "I write " + std::to_string(n));
        answer("poison " + std::to_string(n));
        f.a.user(1).message("u@rooms.a.test", "u@c.test", "poison " + std::to_string(n));
        f.world.advance(1s);
    }
    EXPECT_LE(connections(), 40U) << "two pairs";
}

/// What is wrong for good is told at once, and tried no more often.
TEST_P(SignOfARawPartner, IsNoneWhereWhatIsWrongIsWrongForGood) {
    c.habits.header_error = "host-unknown";
    answer("first");
    ASSERT_TRUE(f.world.run_until([&] { return f.a.user().got("first"); }, 5s));
    f.world.advance(10s);
    const std::size_t before = connections();
    for (int n = 0; n < 60; ++n) {
        stream->message("u@c.test", "romeo@a.test", "I write " + std::to_string(n));
        f.world.advance(1s);
    }
    EXPECT_EQ(connections(), before) << "nothing waits";
    for (int n = 0; n < 60; ++n) {
        stream->message("u@c.test", "romeo@a.test", "I write again " + std::to_string(n));
        answer("answer " + std::to_string(n));
        f.world.advance(1s);
    }
    EXPECT_LE(connections() - before, 8U);
}

/// A question about its key that failed is not refused for half a minute more, once it is reached (threat T13).
TEST_P(SignOfARawPartner, EndsTheMemoryOfACallBackThatFailed) {
    for (const bool silent : {true, false}) {
        SCOPED_TRACE(silent);
        const std::string word = silent ? "silent" : "deaf";
        go_away(silent);
        RawStream& early = c.open(f.a.edge_public, "rooms.a.test");
        ASSERT_TRUE(f.world.run_until(
            [&] { return early.heard().find("type='error'") != std::string::npos || early.closed(); }, 1min));
        ASSERT_FALSE(early.ready());
        come_back(silent);
        f.a.user(1).message("u@rooms.a.test", "u@c.test", "reached " + word);
        ASSERT_TRUE(f.world.run_until([&] { return c.got("reached " + word); }, 5s));
        RawStream& again = c.open(f.a.edge_public, "rooms.a.test");
        EXPECT_TRUE(f.world.run_until([&] { return again.ready(); }, 5s)) << again.heard();
        f.world.reset_streams(f.a.edge_public);
        f.world.advance(1min);
    }
}

}  // namespace
}  // namespace sallyport::test
