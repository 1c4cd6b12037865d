// Acknowledgements on streams with partners of every kind, through whole nodes: what is counted, kept, sent again and
// returned (XEP-0198), also on streams that carry both directions (XEP-0288).
#include <gtest/gtest.h>

#include "support/one_partner.h"

namespace sallyport::test {
namespace {

class Acknowledgements : public OnePartner {};
INSTANTIATE_TEST_SUITE_P(Shards, Acknowledgements, testing::Values(1U, 2U));

TEST_P(Acknowledgements, CountFromEnableOnWhateverCameBefore) {
    RawStream& stream = opened();
    for (int n = 0; n < 5; ++n) stream.message("u@c.test", "romeo@a.test", "before" + std::to_string(n));
    stream.enable();
    for (int n = 0; n < 3; ++n) stream.message("u@c.test", "romeo@a.test", "after" + std::to_string(n));
    ASSERT_TRUE(f.world.run_until([&] { return romeo().got("after2"); }));
    f.world.advance(std::chrono::seconds{1});
    stream.request();
    f.world.advance(std::chrono::seconds{1});
    EXPECT_EQ(stream.acknowledged(), 3);
    EXPECT_FALSE(stream.closed());
}

/// RFC 6120 4.4: what was on its way when we closed by ourselves counts. A partner without XEP-0198 sends it no second
/// time.
TEST_P(Acknowledgements, CountWhatComesBeforeTheClosingTagOfAStreamThatWeClose) {
    for (const bool managed : {false, true}) {
        const std::string id = managed ? "managed" : "plain";
        RawStream& stream = opened();
        if (managed) stream.enable();
        stream.message("u@c.test", "romeo@a.test", id + " before");
        ASSERT_TRUE(f.world.run_until([&] { return romeo().got(id + " before"); }));
        for (const auto& shard : f.a.edge->shards) (void)shard->s2s().close(*xmpp::Domain::parse("c.test"), "test");
        stream.message("u@c.test", "romeo@a.test", id + " under way");
        EXPECT_TRUE(f.world.run_until([&] { return romeo().got(id + " under way"); }, std::chrono::seconds{5})) << id;
        EXPECT_TRUE(f.world.run_until([&] { return stream.closed(); }, std::chrono::seconds{1})) << id;
    }
}

/// The same on a stream of ours that carries both directions (XEP-0288).
TEST_P(Acknowledgements, CountWhatComesBeforeTheClosingTagOfAStreamOfOursThatWeClose) {
    c.habits.bidi = true;
    for (const bool managed : {false, true}) {
        c.habits.sm = managed;
        const std::string id = managed ? "managed" : "plain";
        romeo().message("romeo@a.test", "u@c.test", id + " first");
        ASSERT_TRUE(f.world.run_until([&] { return c.got(id + " first"); }));
        RawStream& stream = *c.accepted().back();
        stream.message("u@c.test", "romeo@a.test", id + " before");
        ASSERT_TRUE(f.world.run_until([&] { return romeo().got(id + " before"); }));
        for (const auto& shard : f.a.edge->shards) (void)shard->s2s().close(*xmpp::Domain::parse("c.test"), "test");
        stream.message("u@c.test", "romeo@a.test", id + " under way");
        EXPECT_TRUE(f.world.run_until([&] { return romeo().got(id + " under way"); }, std::chrono::seconds{5})) << id;
        EXPECT_TRUE(f.world.run_until([&] { return stream.closed(); }, std::chrono::seconds{1})) << id;
    }
}

/// Two of our domains and one of the partner's on one stream; then the operator serves one of ours no longer.
class OneOfTwoPairs : public Acknowledgements {
protected:
    void SetUp() override {
        f.a.share_streams = true;
        Acknowledgements::SetUp();
    }
    SimUser& rooms() { return f.a.user(1); }
    /// What is written while our end of the stream is on its way counts for the pair that is left.
    void expect_counts_for_the_other(RawStream& stream) {
        f.a.change([](config::Settings& settings) {
            std::erase(settings.domains, *config::NamePattern::parse("rooms.a.test"));
        });
        stream.message("u@c.test", "romeo@a.test", "under way");
        stream.message("u@c.test", "hall@rooms.a.test", "too late");
        EXPECT_TRUE(f.world.run_until([&] { return romeo().got("under way"); }, std::chrono::seconds{5}));
        EXPECT_TRUE(f.world.run_until([&] { return stream.closed(); }, std::chrono::seconds{1}));
        EXPECT_FALSE(rooms().got("too late"));
    }
};
INSTANTIATE_TEST_SUITE_P(Shards, OneOfTwoPairs, testing::Values(1U));

TEST_P(OneOfTwoPairs, LeavesTheOtherWhatIsOnItsWayOnAStreamOfThePartner) {
    RawStream& stream = opened();
    stream.say("<db:result from='c.test' to='rooms.a.test'>key</db:result>");
    ASSERT_TRUE(f.world.run_until([&] { return stream.heard().find("from='rooms.a.test'") != std::string::npos; }));
    stream.message("u@c.test", "hall@rooms.a.test", "before");
    ASSERT_TRUE(f.world.run_until([&] { return rooms().got("before"); }));
    expect_counts_for_the_other(stream);
}

TEST_P(OneOfTwoPairs, LeavesTheOtherWhatIsOnItsWayOnAStreamOfOurs) {
    c.habits.bidi = true;
    c.habits.sm = false;
    romeo().message("romeo@a.test", "u@c.test", "first");
    ASSERT_TRUE(f.world.run_until([&] { return c.got("first"); }));
    rooms().message("hall@rooms.a.test", "u@c.test", "second");
    ASSERT_TRUE(f.world.run_until([&] { return c.got("second"); }));
    ASSERT_EQ(c.accepted().size(), 1U);
    RawStream& stream = *c.accepted().front();
    stream.message("u@c.test", "hall@rooms.a.test", "before");
    ASSERT_TRUE(f.world.run_until([&] { return rooms().got("before"); }));
    expect_counts_for_the_other(stream);
}

TEST_P(Acknowledgements, CountFromEnabledOnWhereTheStreamIsOursAndCarriesBothDirections) {
    c.habits.bidi = true;
    c.habits.sm = false;  // <enabled/> is said by the test
    c.habits.features = "<sm xmlns='urn:xmpp:sm:3'/>";
    romeo().message("romeo@a.test", "u@c.test", "first");
    ASSERT_TRUE(f.world.run_until([&] { return c.got("first"); }));
    RawStream& stream = *c.accepted().front();
    for (int n = 0; n < 5; ++n) stream.message("u@c.test", "romeo@a.test", "before" + std::to_string(n));
    stream.say("<enabled xmlns='urn:xmpp:sm:3'/>");
    for (int n = 0; n < 3; ++n) stream.message("u@c.test", "romeo@a.test", "after" + std::to_string(n));
    ASSERT_TRUE(f.world.run_until([&] { return romeo().got("after2"); }));
    f.world.advance(std::chrono::seconds{1});
    stream.request();
    f.world.advance(std::chrono::seconds{1});
    EXPECT_EQ(stream.acknowledged(), 3);
    EXPECT_FALSE(stream.closed());
}

/// What partners send back on streams that we opened (XEP-0288), with the bounds of those that they open.
class SentBack : public Acknowledgements {
protected:
    RawStream& opened_by_us() {
        c.habits.bidi = true;
        romeo().message("romeo@a.test", "u@c.test", "first");
        EXPECT_TRUE(f.world.run_until([&] { return c.got("first"); }));
        return *c.accepted().front();
    }
    void hold(bool held) {
        for (auto& shard : f.a.edge->shards) shard->s2s().hold(held);
    }
};
INSTANTIATE_TEST_SUITE_P(Shards, SentBack, testing::Values(1U, 2U));

TEST_P(SentBack, ComesNoFasterThanAPartnersOwnStream) {  // threat T50
    RawStream& stream = opened_by_us();
    const std::string body(100'000, 'x');
    const int burst = 40, more = 60;  // 4 MiB at once, then 1 MiB a second
    for (int n = 0; n < burst + more; ++n) stream.message("u@c.test", "romeo@a.test", std::to_string(n), body);
    f.world.advance(std::chrono::seconds{1});
    EXPECT_TRUE(romeo().got(std::to_string(burst - 1)));
    EXPECT_FALSE(romeo().got(std::to_string(burst + more / 2)));
    EXPECT_TRUE(
        f.world.run_until([&] { return romeo().got(std::to_string(burst + more - 1)); }, std::chrono::seconds{10}));
    EXPECT_FALSE(stream.closed());
}

TEST_P(SentBack, WaitsWhileTheLinkIsHeavyAndNobodyIsPresumedDead) {
    RawStream& stream = opened_by_us();
    c.habits.answers_pings = false;
    hold(true);
    f.world.advance(std::chrono::seconds{1});
    stream.message("u@c.test", "romeo@a.test", "held");
    stream.say("<message from='u@c.test' to='romeo@a.test' id='slow'>");
    f.world.advance(std::chrono::minutes{3});
    EXPECT_FALSE(romeo().got("held"));
    EXPECT_FALSE(stream.closed());
    hold(false);
    f.world.advance(std::chrono::seconds{10});
    stream.say("</message>");
    EXPECT_TRUE(f.world.run_until([&] { return romeo().got("held") && romeo().got("slow"); }));
    EXPECT_FALSE(stream.closed());
}

TEST_P(SentBack, IsGivenItsTimeAndNoMore) {  // threat T58
    RawStream& stream = opened_by_us();
    stream.say("<message from='u@c.test' to='romeo@a.test' id='slow'>");
    f.world.advance(std::chrono::seconds{59});
    EXPECT_FALSE(stream.closed());
    f.world.advance(std::chrono::seconds{10});
    EXPECT_TRUE(stream.closed());
}

TEST_P(Acknowledgements, AStanzaOnItsWayIsNotLateWhileWeDoNotRead) {
    RawStream& stream = opened();
    stream.say("<message from='u@c.test' to='romeo@a.test' id='slow'>");
    f.world.advance(std::chrono::seconds{30});
    for (auto& shard : f.a.edge->shards) shard->s2s().hold(true);
    f.world.advance(std::chrono::minutes{2});
    for (auto& shard : f.a.edge->shards) shard->s2s().hold(false);
    stream.say("</message>");
    EXPECT_TRUE(f.world.run_until([&] { return romeo().got("slow"); }));
}

/// A partner without TLS, where TLS is required but for it, whose header does not say who it is.
TEST_P(Acknowledgements, APartnerWithAnExceptionIsKnownByItsKeyWhereItsHeaderNamesNobody) {
    f.a.change([](config::Settings& settings) {
        settings.security_mode = s2s::SecurityMode::tls_required;
        config::PeerException exception{*config::NamePattern::parse("c.test"), {}, {}, {}, {}, {}};
        exception.security_mode = s2s::SecurityMode::tls_optional;
        settings.peers = {exception};
    });
    c.habits.header_from.clear();
    RawStream& stream = opened();
    stream.message("u@c.test", "romeo@a.test", "m1");
    EXPECT_TRUE(f.world.run_until([&] { return romeo().got("m1"); }));
    RawPartner d{f.world, f.dns, "d.test", "198.51.100.10"};
    d.habits.header_from.clear();
    RawStream& stranger = d.open(f.a.edge_public, "a.test");
    f.world.advance(std::chrono::seconds{5});
    EXPECT_NE(stranger.heard().find("policy-violation"), std::string::npos) << stranger.heard();
    stranger.message("u@d.test", "romeo@a.test", "m2");
    f.world.advance(std::chrono::seconds{5});
    EXPECT_FALSE(romeo().got("m2"));
}

/// XEP-0478: also for what came before the partner had said it.
TEST_P(Acknowledgements, WhatWaitedForTheStreamOfAPartnerWithLimitsIsJudgedByThem) {
    c.habits.features = "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>10000</max-bytes></limits>";
    romeo().message("romeo@a.test", "u@c.test", "large", std::string(12'000, 'x'));
    romeo().message("romeo@a.test", "u@c.test", "small");
    ASSERT_TRUE(f.world.run_until([&] { return c.got("small") && romeo().got("large"); }));
    EXPECT_NE(romeo().with_id("large").front()->bytes.find("<policy-violation"), std::string::npos);
    EXPECT_FALSE(c.got("large"));
}

/// XEP-0478: what the partner says of its limits when it asks for both directions holds for what is sent back to it.
TEST_P(Acknowledgements, LimitsInsideARequestForBothDirectionsAreKept) {
    c.habits.bidi = true;
    c.habits.bidi_child = "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>10000</max-bytes></limits>";
    RawStream& stream = opened();
    romeo().message("romeo@a.test", "u@c.test", "small");
    ASSERT_TRUE(f.world.run_until([&] { return stream.got("small"); }));
    romeo().message("romeo@a.test", "u@c.test", "large", std::string(12'000, 'x'));
    ASSERT_TRUE(f.world.run_until([&] { return romeo().got("large"); }));
    EXPECT_NE(romeo().with_id("large").front()->bytes.find("<policy-violation"), std::string::npos);
    EXPECT_FALSE(c.got("large"));
}

/// One in two waits for a server inside that is away, the others are done: what is counted out of order is bounded.
TEST(Gaps, AreAsManyAsMayBeAndTheStreamIsReadOnWhenTheyClose) {
    Federation f;
    f.a.limits = open_profile(f.a.limits);
    f.a.limits.link_bytes = 1 << 30;
    f.a.limits.queue_stanzas = 100'000;
    f.a.limits.queue_bytes = 1 << 28;
    config::InsideServer server;
    for (const char* away : {"away.a.test", "gone.a.test"}) {
        server.domains.push_back(*xmpp::Domain::parse(away));
        f.a.settings.domains.push_back(*config::NamePattern::parse(away));
    }
    server.address = {"10.1.0.51", 5269};
    f.a.servers = {server};
    f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
    ASSERT_TRUE(f.start()) << f.logs();
    RawPartner c{f.world, f.dns, "c.test", "198.51.100.9"};
    RawStream& stream = c.open(f.a.edge_public, "a.test");
    ASSERT_TRUE(f.world.run_until([&] { return stream.ready(); }));
    stream.enable();
    for (const char* away : {"away.a.test", "gone.a.test"}) {
        stream.say("<db:result from='c.test' to='" + std::string{away} + "'>key</db:result>");
    }
    f.world.advance(std::chrono::seconds{1});
    constexpr int more = 8000;  // of which some are read before the first are done
    const int all = static_cast<int>(s2s::ReceivedCounter::most_ranges) + more;
    std::string words;
    for (int n = 0; n < all; ++n) {
        const std::string away = n % 2 == 0 ? "away.a.test" : "gone.a.test";
        words += "<message from='u@c.test' to='v@" + away + "'/><message from='u@c.test' to='romeo@a.test' id='" +
                 std::to_string(n) + "'/>";
    }
    stream.say(words);
    f.world.advance(std::chrono::seconds{10});
    EXPECT_TRUE(f.a.user().got(std::to_string(all - more - 1)));
    EXPECT_FALSE(f.a.user().got(std::to_string(all - 1)));
    EXPECT_TRUE(f.world.run_until([&] { return f.a.user().got(std::to_string(all - 1)); }, std::chrono::minutes{2}));
    EXPECT_FALSE(stream.closed());
}

/// A recipient that acknowledges nothing does not withhold what is known of all others: a peer that hears of nothing
/// for more than a minute sends everything again.
TEST(AcknowledgementsToAPartner, AreNotWithheldByOneStanzaForLong) {
    Federation f;
    config::InsideServer server;
    server.domains = {*xmpp::Domain::parse("inside.a.test")};
    server.address = {"10.1.0.51", 5269};
    server.tls = config::InsideTls::optional;
    f.a.servers = {server};
    f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
    f.a.settings.domains.push_back(*config::NamePattern::parse("inside.a.test"));
    ASSERT_TRUE(f.start()) << f.logs();
    RawPartner inside{f.world, f.dns, "inside.a.test", "10.1.0.51"};
    inside.habits.sm = true;
    inside.habits.acknowledges = false;
    RawPartner c{f.world, f.dns, "c.test", "198.51.100.9"};
    RawStream& stream = c.open(f.a.edge_public, "inside.a.test");
    ASSERT_TRUE(f.world.run_until([&] { return stream.ready(); })) << f.logs();
    stream.enable();
    for (int n = 0; n < 5; ++n) stream.message("u@c.test", "x@inside.a.test", std::to_string(n));
    ASSERT_TRUE(f.world.run_until([&] { return inside.got("4"); })) << f.logs();
    stream.request();
    f.world.advance(std::chrono::seconds{2});
    EXPECT_EQ(stream.acknowledged(), 0) << "it may still come back";
    f.world.advance(std::chrono::seconds{43});
    EXPECT_EQ(stream.acknowledged(), 5);
}

/// What was acknowledged although it was still on its way is not sent again by the peer: at a stop it is returned.
TEST(AcknowledgementsToAPartner, OfWhatIsStillOnItsWayAreMadeGoodAtAStop) {
    Federation f;
    f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
    f.a.settings.bidi = true;
    ASSERT_TRUE(f.start()) << f.logs();
    RawPartner c{f.world, f.dns, "c.test", "198.51.100.9"};
    c.habits.bidi = true;
    RawStream& stream = c.open(f.a.edge_public, "a.test");
    ASSERT_TRUE(f.world.run_until([&] { return stream.ready(); })) << f.logs();
    stream.enable();
    f.world.block(f.a.core_address, f.a.edge_link);
    stream.message("u@c.test", "romeo@a.test", "old");
    f.world.advance(std::chrono::seconds{22});
    ASSERT_EQ(stream.acknowledged(), 1);
    stream.message("u@c.test", "romeo@a.test", "new");
    f.world.advance(std::chrono::milliseconds{100});
    for (auto& shard : f.a.edge->shards) shard->shut();
    f.world.advance(std::chrono::seconds{3});
    EXPECT_TRUE(stream.got("old")) << "returned";
    EXPECT_FALSE(stream.got("new")) << "the peer has it still";
}

}  // namespace
}  // namespace sallyport::test
