// What we send on streams that the partner opened (XEP-0288): kept, acknowledged, watched and sent again as on our own.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "support/raw_partner.h"
#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

struct Case {
    std::uint32_t shards;
    bool managed;  ///< the partner enables XEP-0198
};
std::ostream& operator<<(std::ostream& out, const Case& c) {
    return out << c.shards << " shards, " << (c.managed ? "with" : "without") << " XEP-0198";
}

class PartnersStream : public testing::TestWithParam<Case> {
protected:
    void SetUp() override {
        f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
        f.a.settings.bidi = true;
        ASSERT_TRUE(f.start()) << f.logs();
        c.habits.bidi = true;
    }
    void TearDown() override {
        if (HasFailure()) std::fputs(f.logs().c_str(), stderr);
    }
    SimUser& romeo() { return f.a.user(); }
    /// Opened by the partner, and it has brought one message to it.
    RawStream& opened() {
        RawStream& stream = c.open(f.a.edge_public, "a.test");
        EXPECT_TRUE(f.world.run_until([&] { return stream.ready(); }));
        if (GetParam().managed) stream.enable();
        romeo().message("romeo@a.test", "u@c.test", "first");
        EXPECT_TRUE(f.world.run_until([&] { return stream.got("first"); }));
        f.world.advance(std::chrono::seconds{3});
        EXPECT_TRUE(c.accepted().empty()) << "no stream of ours is needed";
        return stream;
    }
    std::vector<std::string> send(int count) {
        std::vector<std::string> ids;
        for (int n = 0; n < count; ++n) {
            romeo().message("romeo@a.test", "u@c.test", ids.emplace_back(std::to_string(n)));
        }
        return ids;
    }
    [[nodiscard]] std::uint64_t unacknowledged() {
        std::uint64_t all = 0;
        for (auto& shard : f.a.edge->shards) {
            for (const auto& stream : shard->s2s().streams()) all += stream.unacknowledged;
        }
        return all;
    }
    /// None of them is lost: it came, or it was returned, and not both but where nobody can know.
    void expect_none_lost(const std::vector<std::string>& ids) {
        for (const std::string& id : ids) EXPECT_TRUE(c.got(id) || romeo().got(id)) << "lost: " << id;
    }

    Federation f{GetParam().shards};
    RawPartner c{f.world, f.dns, "c.test", "198.51.100.9"};
};
INSTANTIATE_TEST_SUITE_P(Cases, PartnersStream,
                         testing::Values(Case{1, false}, Case{1, true}, Case{2, false}, Case{2, true}));

TEST_P(PartnersStream, SendsAgainWhatWasOnTheWireAtAReset) {
    (void)opened();
    f.world.block(f.a.edge_public, "198.51.100.9");
    const auto ids = send(40);
    f.world.advance(std::chrono::milliseconds{50});
    f.world.reset_streams("198.51.100.9");
    f.world.heal(f.a.edge_public, "198.51.100.9");
    ASSERT_TRUE(f.world.run_until([&] { return c.got("39"); }));
    f.world.advance(std::chrono::minutes{1});
    ASSERT_FALSE(c.accepted().empty());
    EXPECT_EQ(c.accepted().front()->ids(), ids) << "in order, on a stream of ours";
    EXPECT_TRUE(romeo().received().empty());
}

TEST_P(PartnersStream, SendsAgainWhatWasNotAcknowledgedOrReturnsWhatMayHaveCome) {
    c.habits.acknowledges = false;
    RawStream& stream = opened();
    const auto ids = send(40);
    ASSERT_TRUE(f.world.run_until([&] { return stream.got("39"); }));
    if (GetParam().managed) {
        EXPECT_GE(unacknowledged(), 40U);
    }
    stream.abort();
    f.world.advance(std::chrono::minutes{1});
    if (GetParam().managed) {
        ASSERT_FALSE(c.accepted().empty());
        for (const std::string& id : ids) EXPECT_TRUE(c.accepted().front()->got(id)) << id;
    } else {
        for (const std::string& id : ids) EXPECT_TRUE(romeo().got(id)) << id;
    }
}

TEST_P(PartnersStream, UsesTheAcknowledgementsThatItAsksFor) {
    RawStream& stream = opened();
    const auto ids = send(40);
    ASSERT_TRUE(f.world.run_until([&] { return stream.got("39"); }));
    f.world.advance(std::chrono::seconds{3});
    if (GetParam().managed) {
        EXPECT_GT(stream.requests(), 0U);
    }
    EXPECT_EQ(unacknowledged(), 0U);
    stream.abort();
    f.world.advance(std::chrono::minutes{1});
    EXPECT_EQ(c.ids().size(), ids.size() + 1) << "nothing went twice";
    EXPECT_TRUE(romeo().received().empty()) << "nothing came back";
}

TEST_P(PartnersStream, LosesNothingInASilentCut) {
    (void)opened();
    f.world.block(f.a.edge_public, "198.51.100.9");
    const auto ids = send(10);
    f.world.advance(std::chrono::seconds{110});
    f.world.heal(f.a.edge_public, "198.51.100.9");
    f.world.advance(std::chrono::minutes{2});
    expect_none_lost(ids);
    romeo().message("romeo@a.test", "u@c.test", "after");
    EXPECT_TRUE(f.world.run_until([&] { return c.got("after"); }));
}

/// A partner that is there, as far as TCP can tell, and does nothing any more.
TEST_P(PartnersStream, IsNotTrustedForEverWhenItAcknowledgesNothing) {
    if (!GetParam().managed) GTEST_SKIP() << "without XEP-0198 nothing is owed";
    c.habits.acknowledges = false;
    RawStream& stream = opened();
    const auto ids = send(10);
    f.world.advance(std::chrono::minutes{3});
    EXPECT_TRUE(stream.closed());
    expect_none_lost(ids);
}

TEST_P(PartnersStream, LosesNothingWhenThePartnerEndsItInOrder) {
    c.habits.acknowledges = false;
    RawStream& stream = opened();
    const auto ids = send(40);
    ASSERT_TRUE(f.world.run_until([&] { return stream.got("39"); }));
    stream.say("</stream:stream>");
    f.world.advance(std::chrono::minutes{1});
    EXPECT_TRUE(stream.closed());
    EXPECT_TRUE(romeo().received().empty());
    if (!GetParam().managed) return;  // it has read what it took
    ASSERT_FALSE(c.accepted().empty());
    for (const std::string& id : ids) EXPECT_TRUE(c.accepted().front()->got(id)) << "not acknowledged: " << id;
}

TEST_P(PartnersStream, SettlesWithItsAcknowledgementAndNotBefore) {
    c.habits.acknowledges = false;
    RawStream& stream = opened();
    romeo().message("romeo@a.test", "u@c.test", "m1");
    ASSERT_TRUE(f.world.run_until([&] { return stream.got("m1"); }));
    f.world.advance(std::chrono::seconds{5});
    const auto not_done = [&] {
        std::uint64_t all = 0;
        for (auto& shard : f.a.core->shards) {
            for (const auto& session : shard->hub().sessions()) all += session.unacknowledged;
        }
        return all;
    };
    EXPECT_EQ(not_done(), GetParam().managed ? 2U : 0U);
    if (GetParam().managed) stream.acknowledge(2);
    EXPECT_TRUE(f.world.run_until([&] { return not_done() == 0; }));
}

/// What it says fills our reading of it, and what it owes us does not come.
class FloodingPartner : public PartnersStream {
protected:
    FloodingPartner() {
        f.a.limits.inbound_bytes_per_second = 10000;
        f.a.limits.inbound_burst_bytes = 10000;
    }
};
INSTANTIATE_TEST_SUITE_P(Cases, FloodingPartner, testing::Values(Case{1, true}, Case{2, true}));

TEST_P(FloodingPartner, IsWatchedAsEveryOther) {
    c.habits.acknowledges = false;
    RawStream& stream = opened();
    for (int n = 0; n < 3000; ++n) {
        stream.message("u@c.test", "romeo@a.test", "flood", std::string(1000, 'x'));
    }
    const auto ids = send(10);
    f.world.advance(std::chrono::minutes{3});
    EXPECT_TRUE(stream.closed());
    expect_none_lost(ids);
}

/// What was on the partner's stream when the pair left it goes out on the one that it is on now.
TEST_P(PartnersStream, LeavesAtItsEndWhatItHeldToTheStreamThatCarriesThePairNow) {
    if (!GetParam().managed) GTEST_SKIP() << "what was taken is not sent again";
    c.habits.acknowledges = false;
    RawStream& stream = opened();
    const auto ids = send(5);
    ASSERT_TRUE(f.world.run_until([&] { return stream.got("4"); }));
    f.a.change([](config::Settings& settings) { settings.bidi = false; });
    romeo().message("romeo@a.test", "u@c.test", "later");
    ASSERT_TRUE(f.world.run_until([&] { return !c.accepted().empty() && c.accepted().front()->got("later"); }));
    f.world.advance(std::chrono::seconds{2});
    stream.abort();
    EXPECT_TRUE(f.world.run_until([&] { return c.accepted().front()->got("4"); }, std::chrono::seconds{5}));
    EXPECT_EQ(c.accepted().size(), 1U);
}

TEST_P(PartnersStream, TakesWhatWaitsWhileOursCannotBeOpened) {
    c.habits.listens = false;  // a stream of ours gets no answer
    const auto ids = send(10);
    f.world.advance(std::chrono::seconds{3});
    RawStream& stream = c.open(f.a.edge_public, "a.test");
    c.habits.listens = true;  // our question about the key is answered
    ASSERT_TRUE(f.world.run_until([&] { return stream.got("9"); })) << f.logs();
    EXPECT_EQ(stream.ids(), ids);
    f.world.advance(std::chrono::minutes{1});
    EXPECT_EQ(c.ids().size(), ids.size());
    EXPECT_TRUE(romeo().received().empty());
}

/// So many connections come first, so that the partner's streams are on this shard or on that.
class AnyShard : public testing::TestWithParam<int> {
protected:
    explicit AnyShard(std::uint32_t shards) : f{shards} {}
    void SetUp() override {
        f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
        f.a.settings.bidi = true;
        ASSERT_TRUE(f.start()) << f.logs();
        c.habits.bidi = true;
        for (int n = 0; n < GetParam(); ++n) (void)c.open(f.a.edge_public, "b.test");
    }
    void TearDown() override {
        if (HasFailure()) std::fputs(f.logs().c_str(), stderr);
    }
    void send(int from, int to) {
        for (int n = from; n < to; ++n) f.a.user().message("romeo@a.test", "u@c.test", std::to_string(n));
    }

    Federation f;
    RawPartner c{f.world, f.dns, "c.test", "198.51.100.9"};
};

class OtherShard : public AnyShard {
protected:
    OtherShard() : AnyShard{2} {}
};
INSTANTIATE_TEST_SUITE_P(Connections, OtherShard, testing::Values(0, 1));

/// Both sides dial at once. What waited goes out on the partner's stream, and nothing overtakes it on ours.
TEST_P(OtherShard, IsNotOvertakenWhenBothDialAtOnce) {
    c.habits.confirms = false;
    send(0, 5);
    const auto ours = [&]() -> RawStream* {
        for (const auto& stream : c.streams()) {
            if (!stream->opened_by_us() && stream->asked()) return stream.get();
        }
        return nullptr;
    };
    ASSERT_TRUE(f.world.run_until([&] { return ours() != nullptr; }));
    RawStream& theirs = c.open(f.a.edge_public, "a.test");
    ASSERT_TRUE(f.world.run_until([&] { return theirs.ready(); }));
    theirs.pause(true);
    f.world.advance(std::chrono::milliseconds{500});
    ours()->confirm();
    f.world.advance(std::chrono::milliseconds{500});
    send(5, 10);
    f.world.advance(std::chrono::seconds{1});
    EXPECT_TRUE(theirs.got("0") || !c.got("5")) << "what came later overtook it";
    theirs.pause(false);
    ASSERT_TRUE(f.world.run_until([&] { return c.got("9"); }));
    EXPECT_EQ(c.ids(), (std::vector<std::string>{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}));
    f.world.advance(std::chrono::minutes{1});
    const auto ids = c.ids();
    for (int n = 0; n < 10; ++n) EXPECT_EQ(std::count(ids.begin(), ids.end(), std::to_string(n)), 1) << n;
}

/// The partner's stream ends before it has acknowledged anything. What it held goes on at once where the pair is at
/// home, and nothing that comes later overtakes it there.
TEST_P(OtherShard, GivesBackWhatItHeldBeforeAnythingComesLater) {
    c.habits.acknowledges = false;
    RawStream& theirs = c.open(f.a.edge_public, "a.test");
    ASSERT_TRUE(f.world.run_until([&] { return theirs.ready(); }));
    theirs.enable();
    send(0, 5);
    ASSERT_TRUE(f.world.run_until([&] { return theirs.got("4"); }));
    theirs.abort();
    f.world.advance(std::chrono::milliseconds{500});
    send(5, 10);
    const auto ours = [&]() -> std::vector<std::string> {
        std::vector<std::string> ids;
        for (const auto& stream : c.accepted()) {
            const auto more = stream->ids();
            ids.insert(ids.end(), more.begin(), more.end());
        }
        return ids;
    };
    ASSERT_TRUE(f.world.run_until([&] { return ours().size() >= 10; }));
    EXPECT_EQ(ours(), (std::vector<std::string>{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}));
}

/// Shards take their time to read what others post: some of what was on its way to the partner's stream finds it gone
/// and comes back while more is being written.
TEST_P(OtherShard, SendsBackWhatCameTooLateBeforeAnythingLater) {
    c.habits.acknowledges = false;
    RawStream& theirs = c.open(f.a.edge_public, "a.test");
    ASSERT_TRUE(f.world.run_until([&] { return theirs.ready(); }));
    theirs.enable();
    send(0, 1);
    ASSERT_TRUE(f.world.run_until([&] { return theirs.got("0"); }));
    f.a.edge->process.loop.mailbox = std::chrono::milliseconds{20};
    std::vector<std::string> all{"0"};
    for (int n = 1; n < 80; ++n) {
        send(n, n + 1);
        all.push_back(std::to_string(n));
        f.world.advance(std::chrono::milliseconds{2});
        if (n == 30) theirs.abort();
    }
    const auto ours = [&]() -> std::vector<std::string> {
        std::vector<std::string> ids;
        for (const auto& stream : c.accepted()) {
            const auto more = stream->ids();
            ids.insert(ids.end(), more.begin(), more.end());
        }
        return ids;
    };
    ASSERT_TRUE(f.world.run_until([&] { return ours().size() >= all.size(); }));
    EXPECT_EQ(ours(), all);
}

/// What is handed to another shard is as old as it was.
TEST_P(OtherShard, KnowsTheAgeOfWhatItIsHanded) {
    c.habits.listens = false;
    c.habits.acknowledges = false;
    const TimePoint sent = f.world.loop().now();
    send(0, 3);
    f.world.advance(std::chrono::seconds{20});
    (void)c.open(f.a.edge_public, "a.test");
    c.habits.listens = true;  // our question about the key is answered
    ASSERT_TRUE(f.world.run_until([&] { return f.a.edge_log.count("s2s.result.answered") > 0; }));
    f.world.block(f.a.edge_public, "198.51.100.9");
    f.world.advance(std::chrono::milliseconds{500});
    c.habits.listens = false;
    f.world.reset_streams("198.51.100.9");
    f.world.heal(f.a.edge_public, "198.51.100.9");
    ASSERT_TRUE(f.world.run_until([&] { return f.a.user().got("2"); }, std::chrono::minutes{3})) << "returned";
    const Duration after = f.world.loop().now() - sent;
    EXPECT_GT(after, std::chrono::seconds{25}) << "it could go out on a stream of ours";
    EXPECT_LT(after, std::chrono::seconds{40});
}

/// Three shards: the partner has two streams, each on another shard than the pair's in one case at least.
class TwoStreams : public AnyShard {
protected:
    TwoStreams() : AnyShard{3} {}
    void expect_on(RawStream& stream, const std::string& id) {
        f.a.user().message("romeo@a.test", "u@c.test", id);
        EXPECT_TRUE(f.world.run_until([&] { return c.got(id); }));
        EXPECT_TRUE(stream.got(id)) << id;
    }
};
INSTANTIATE_TEST_SUITE_P(Connections, TwoStreams, testing::Values(0, 1, 2));

TEST_P(TwoStreams, CarryOnWhereTheFirstEnds) {
    RawStream& first = c.open(f.a.edge_public, "a.test");
    ASSERT_TRUE(f.world.run_until([&] { return first.ready(); }));
    expect_on(first, "0");
    RawStream& second = c.open(f.a.edge_public, "a.test");
    ASSERT_TRUE(f.world.run_until([&] { return second.ready(); }));
    f.world.advance(std::chrono::milliseconds{100});
    first.say("</stream:stream>");
    ASSERT_TRUE(f.world.run_until([&] { return first.closed(); }));
    f.world.advance(std::chrono::milliseconds{100});
    expect_on(second, "1");
    EXPECT_TRUE(c.accepted().empty()) << "no stream of ours is needed";
}

}  // namespace
}  // namespace sallyport::test
