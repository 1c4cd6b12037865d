// XEP-0198 section 5 between servers, through whole nodes: streams whose connections break go on over others, on
// whichever shard these are accepted, and whatever breaks when, nothing is lost, comes twice or out of order. Who
// resumes has proved who he is.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "support/one_partner.h"

namespace sallyport::test {
namespace {

using record::Broken;

std::uint64_t count(const Organisation& at, Direction direction, Broken what) {
    std::uint64_t all = 0;
    for (const auto& shard : at.edge->shards) {
        const auto& counted = shard->records().counters().broken_streams;
        const auto found = counted.find({direction, what});
        if (found != counted.end()) all += found->second;
    }
    return all;
}

/// The value of `name` in the last `<element …>` that was heard.
std::string said(const RawStream& stream, const std::string& element, const std::string& name) {
    const std::size_t at = stream.heard().rfind("<" + element + " ");
    if (at == std::string::npos) return {};
    const std::string whole = stream.heard().substr(at, stream.heard().find('>', at) - at);
    const std::size_t value = whole.find(" " + name + "='");
    if (value == std::string::npos) return {};
    const std::size_t begin = value + name.size() + 3;
    return whole.substr(begin, whole.find('\'', begin) - begin);
}

class Resumptions : public OnePartner {
protected:
    /// One that can be resumed; its name.
    std::string enable(RawStream& stream, const std::string& more = {}) {
        stream.say("<enable xmlns='urn:xmpp:sm:3' resume='true'" + more + "/>");
        EXPECT_TRUE(f.world.run_until([&] { return !said(stream, "enabled", "xmlns").empty(); }));
        return said(stream, "enabled", "id");
    }
    static void resume(RawStream& stream, const std::string& id) {
        stream.say("<resume xmlns='urn:xmpp:sm:3' previd='" + id + "' h='0'/>");
    }
    bool resumed(RawStream& stream) {
        return f.world.run_until([&] { return stream.heard().find("<resumed ") != std::string::npos; });
    }
    /// What was said about the failure, without the rest.
    std::string refused(RawStream& stream) {
        EXPECT_TRUE(f.world.run_until([&] { return stream.heard().find("<failed ") != std::string::npos; }));
        return stream.heard().substr(stream.heard().rfind("<failed "));
    }
    std::size_t times(const std::string& id) { return romeo().with_id(id).size(); }
    std::size_t waiting() {
        std::size_t all = 0;
        for (const auto& shard : f.a.edge->shards) {
            for (const TableFill& table : shard->tables()) {
                if (table.name == "s2s.detached-streams") all += table.entries;
            }
        }
        return all;
    }

    RawPartner d{f.world, f.dns, "d.test", "198.51.100.10"};
};
INSTANTIATE_TEST_SUITE_P(Shards, Resumptions, testing::Values(1U, 2U, 3U));

TEST_P(Resumptions, GoOnOnWhicheverShardTheConnectionComes) {
    RawStream* stream = &opened();
    const std::string id = enable(*stream);
    ASSERT_FALSE(id.empty());
    unsigned number = 0;
    for (unsigned round = 0; round < 6; ++round) {
        stream->message("u@c.test", "romeo@a.test", "m" + std::to_string(++number));
        ASSERT_TRUE(f.world.run_until([&] { return romeo().got("m" + std::to_string(number)); }));
        // What the partner has not heard to be settled, it sends again.
        stream->abort();
        f.world.advance(std::chrono::milliseconds{50});
        EXPECT_EQ(waiting(), 1U);
        stream = &opened();
        resume(*stream, id);
        ASSERT_TRUE(resumed(*stream)) << round << stream->heard();
        EXPECT_EQ(said(*stream, "resumed", "previd"), id);
        EXPECT_EQ(said(*stream, "resumed", "h"), std::to_string(number));
        EXPECT_EQ(waiting(), 0U);
    }
    stream->message("u@c.test", "romeo@a.test", "last");
    ASSERT_TRUE(f.world.run_until([&] { return romeo().got("last"); }));
    f.world.advance(std::chrono::seconds{1});
    stream->request();
    f.world.advance(std::chrono::seconds{1});
    EXPECT_EQ(stream->acknowledged(), number + 1);
    EXPECT_EQ(count(f.a, Direction::inbound, Broken::resumed), 6U);
    EXPECT_EQ(count(f.a, Direction::inbound, Broken::detached), 6U);
}

/// The core is gone: what came stays on its way. It is not acknowledged, and not delivered twice when it is repeated.
TEST_P(Resumptions, PassOverWhatIsOnItsWay) {
    RawStream& first = opened();
    const std::string id = enable(first);
    f.world.block(f.a.core_address, f.a.edge_link);
    for (int n = 1; n <= 3; ++n) first.message("u@c.test", "romeo@a.test", "m" + std::to_string(n));
    f.world.advance(std::chrono::milliseconds{200});
    first.abort();
    f.world.advance(std::chrono::milliseconds{200});
    RawStream& second = opened();
    resume(second, id);
    ASSERT_TRUE(resumed(second));
    EXPECT_EQ(said(second, "resumed", "h"), "0");
    for (int n = 1; n <= 4; ++n) second.message("u@c.test", "romeo@a.test", "m" + std::to_string(n));
    f.world.advance(std::chrono::milliseconds{200});
    f.world.heal(f.a.core_address, f.a.edge_link);
    ASSERT_TRUE(f.world.run_until([&] { return romeo().got("m4"); }));
    f.world.advance(std::chrono::seconds{2});
    EXPECT_EQ(romeo().ids_from("c.test"), (std::vector<std::string>{"m1", "m2", "m3", "m4"}));
    second.request();
    f.world.advance(std::chrono::seconds{1});
    EXPECT_EQ(second.acknowledged(), 4);
    EXPECT_FALSE(second.closed());
}

/// What is old is answered for, on a stream that lives: its peer has forgotten it, and hears of it. From one that broke
/// before, nobody was told: its peer has it, and sends it again to whoever comes after this node.
TEST_P(Resumptions, LeaveAtAStopWithTheirPeersWhatNobodyAnsweredFor) {
    RawStream &lives = opened(), &breaks = opened(d);
    for (RawStream* stream : {&lives, &breaks}) (void)enable(*stream);
    f.world.block(f.a.core_address, f.a.edge_link);
    lives.message("u@c.test", "romeo@a.test", "answered for");
    breaks.message("u@d.test", "romeo@a.test", "not answered for");
    f.world.advance(std::chrono::seconds{2});
    breaks.abort();
    f.world.advance(std::chrono::seconds{22});
    EXPECT_EQ(waiting(), 1U);
    EXPECT_TRUE(c.ids().empty() && d.ids().empty());
    for (const auto& shard : f.a.edge->shards) shard->shut();
    f.world.advance(std::chrono::seconds{3});
    EXPECT_EQ(c.ids(), std::vector<std::string>{"answered for"});
    EXPECT_TRUE(d.ids().empty()) << "an error for something that comes again";
}

TEST_P(Resumptions, TakeTheSessionFromAConnectionThatOnlySeemsToLive) {
    RawStream& first = opened();
    const std::string id = enable(first);
    first.message("u@c.test", "romeo@a.test", "m1");
    ASSERT_TRUE(f.world.run_until([&] { return romeo().got("m1"); }));
    RawStream& second = opened();
    resume(second, id);
    ASSERT_TRUE(resumed(second));
    ASSERT_TRUE(f.world.run_until([&] { return first.closed(); }, std::chrono::seconds{10}));
    EXPECT_NE(first.heard().find("<conflict "), std::string::npos);
    first.message("u@c.test", "romeo@a.test", "too late");
    second.message("u@c.test", "romeo@a.test", "m2");
    ASSERT_TRUE(f.world.run_until([&] { return romeo().got("m2"); }));
    f.world.advance(std::chrono::seconds{5});
    EXPECT_FALSE(romeo().got("too late"));
    EXPECT_FALSE(second.closed());
}

TEST_P(Resumptions, AreRefusedToAnybodyElse) {
    RawStream& first = opened();
    const std::string id = enable(first);
    first.abort();
    f.world.advance(std::chrono::milliseconds{100});
    RawStream& foreign = opened(d);
    resume(foreign, id);
    const std::string told = refused(foreign);
    EXPECT_NE(told.find("item-not-found"), std::string::npos);
    EXPECT_EQ(told.find("h="), std::string::npos);
    RawStream& unknown = opened(d);
    resume(unknown, id.substr(0, id.size() - 1) + "x");
    EXPECT_EQ(refused(unknown), told);
    // More than was proved before is somebody else, too.
    RawStream& more = opened();
    more.say("<db:result from='c.test' to='rooms.a.test'>key</db:result>");
    ASSERT_TRUE(f.world.run_until([&] { return more.heard().find("from='rooms.a.test'") != std::string::npos; }));
    resume(more, id);
    EXPECT_EQ(refused(more), told);
    EXPECT_EQ(waiting(), 1U);
    RawStream& own = opened();
    resume(own, id);
    EXPECT_TRUE(resumed(own));
}

TEST_P(Resumptions, SayAfterTheirTimeWhatHadArrived) {
    RawStream& first = opened();
    const std::string id = enable(first, " max='20'");
    EXPECT_EQ(said(first, "enabled", "max"), "20");
    for (int n = 1; n <= 3; ++n) first.message("u@c.test", "romeo@a.test", "m" + std::to_string(n));
    ASSERT_TRUE(f.world.run_until([&] { return romeo().got("m3"); }));
    first.abort();
    f.world.advance(std::chrono::seconds{21});
    EXPECT_EQ(count(f.a, Direction::inbound, Broken::expired), 1U);
    RawStream& second = opened();
    resume(second, id);
    const std::string told = refused(second);
    EXPECT_NE(told.find(" h='3'"), std::string::npos) << told;
    // The answer may have been lost.
    RawStream& third = opened();
    resume(third, id);
    EXPECT_EQ(refused(third), told);
    f.world.advance(std::chrono::seconds{20});
    EXPECT_EQ(waiting(), 0U);
    EXPECT_NE(enable(second), id);
    second.abort();
    f.world.advance(std::chrono::seconds{601});
    EXPECT_EQ(waiting(), 0U);
}

TEST_P(Resumptions, AreNotKeptOfStreamsThatSomebodyClosed) {
    RawStream& by_peer = opened();
    enable(by_peer);
    by_peer.say("</stream:stream>");
    by_peer.close();
    ASSERT_TRUE(f.world.run_until([&] { return by_peer.closed(); }));
    EXPECT_EQ(waiting(), 0U);
    RawStream& by_us = opened();
    enable(by_us);
    for (const auto& shard : f.a.edge->shards) (void)shard->s2s().close(*xmpp::Domain::parse("c.test"), "test");
    by_us.close();
    ASSERT_TRUE(f.world.run_until([&] { return by_us.closed(); }, std::chrono::seconds{10}));
    EXPECT_EQ(waiting(), 0U);
}

TEST_P(Resumptions, AreOverForWhomTheRulesNoLongerLetIn) {
    RawStream& first = opened();
    enable(first);
    first.abort();
    f.world.advance(std::chrono::milliseconds{100});
    ASSERT_EQ(waiting(), 1U);
    f.a.change([](config::Settings& settings) { settings.enabled = false; });
    EXPECT_EQ(waiting(), 0U);
    EXPECT_EQ(count(f.a, Direction::inbound, Broken::evicted), 1U);
}

TEST_P(Resumptions, KeepSomeOfEachOwnerAndLetTheOldestGo) {
    const std::size_t most = std::max<std::size_t>(f.a.limits.detached_streams_per_peer / GetParam(), 1) * GetParam();
    for (std::size_t n = 0; n < most + 20; ++n) {
        RawStream& stream = opened();
        enable(stream);
        stream.abort();
        f.world.advance(std::chrono::seconds{1});
    }
    EXPECT_LE(waiting(), most);
    EXPECT_GE(count(f.a, Direction::inbound, Broken::evicted), 15U);
    RawStream& other = opened(d);
    const std::string id = enable(other);
    other.abort();
    f.world.advance(std::chrono::milliseconds{100});
    RawStream& again = opened(d);
    resume(again, id);
    EXPECT_TRUE(resumed(again));
}

/// It would drive out all others: what has arrived of it is told, and no more is kept.
TEST(ALargeSession, IsOverAtOnce) {
    Federation f;
    f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
    f.a.settings.bidi = false;
    f.a.limits.detached_bytes = 65536;
    ASSERT_TRUE(f.start()) << f.logs();
    RawPartner c{f.world, f.dns, "c.test", "198.51.100.9"};
    RawStream& first = c.open(f.a.edge_public, "a.test");
    ASSERT_TRUE(f.world.run_until([&] { return first.ready(); }));
    first.say("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
    ASSERT_TRUE(f.world.run_until([&] { return !said(first, "enabled", "id").empty(); }));
    f.world.block(f.a.core_address, f.a.edge_link);
    for (int n = 1; n <= 2500; ++n) first.message("u@c.test", "romeo@a.test", "m" + std::to_string(n));
    f.world.advance(std::chrono::seconds{2});
    first.abort();
    f.world.advance(std::chrono::seconds{1});
    RawStream& second = c.open(f.a.edge_public, "a.test");
    ASSERT_TRUE(f.world.run_until([&] { return second.ready(); }));
    second.say("<resume xmlns='urn:xmpp:sm:3' previd='" + said(first, "enabled", "id") + "' h='0'/>");
    ASSERT_TRUE(f.world.run_until([&] { return second.heard().find("<failed ") != std::string::npos; }));
    EXPECT_EQ(said(second, "failed", "h"), "2500");
    f.world.heal(f.a.core_address, f.a.edge_link);
    EXPECT_TRUE(f.world.run_until([&] { return f.a.user().got("m2500"); }, std::chrono::seconds{60}));
}

/// A partner's server that resumes: of a stream of ours.
class ResumedByUs : public Resumptions {
protected:
    void SetUp() override {
        f.a.settings.bidi = false;
        f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
        ASSERT_TRUE(f.start()) << f.logs();
        c.habits.sm = false;  // <enabled/> is said by the test
        c.habits.features = "<sm xmlns='urn:xmpp:sm:3'/>";
        c.habits.acknowledges = false;
    }
    void send(const std::string& id) { romeo().message("romeo@a.test", "u@c.test", id); }
    bool asked_to_enable(std::size_t streams) {
        return f.world.run_until(
            [&] {
                return c.accepted().size() == streams &&
                       c.accepted().back()->heard().find("<enable ") != std::string::npos;
            },
            std::chrono::seconds{20});
    }
    bool asked_to_resume(std::size_t streams) {
        return f.world.run_until(
            [&] { return c.accepted().size() == streams && !said(*c.accepted().back(), "resume", "previd").empty(); },
            std::chrono::seconds{20});
    }
    std::set<const RawStream*> answered_;
    static std::string count_text(std::uint64_t h) { return "' h='" + std::to_string(h) + "'/>"; }
    static void say_resumed(RawStream& stream, std::uint64_t h) {
        stream.say("<resumed xmlns='urn:xmpp:sm:3' previd='theirs" + count_text(h));
    }
};
INSTANTIATE_TEST_SUITE_P(Shards, ResumedByUs, testing::Values(1U));

TEST_P(ResumedByUs, SendsAgainWhatThePartnerDoesNotHaveAndThenTheRest) {
    send("m1");
    ASSERT_TRUE(asked_to_enable(1));
    EXPECT_EQ(said(*c.accepted().back(), "enable", "resume"), "true");
    RawStream& first = *c.accepted().back();
    EXPECT_FALSE(first.got("m1"));
    first.say("<enabled xmlns='urn:xmpp:sm:3' id='theirs' resume='true' max='300'/>");
    ASSERT_TRUE(f.world.run_until([&] { return first.got("m1"); }));
    first.acknowledge(1);
    for (int n = 2; n <= 5; ++n) send("m" + std::to_string(n));
    ASSERT_TRUE(f.world.run_until([&] { return first.got("m5"); }));
    first.abort();
    f.world.advance(std::chrono::milliseconds{1});
    send("m6");
    ASSERT_TRUE(asked_to_resume(2));
    RawStream& second = *c.accepted().back();
    EXPECT_EQ(said(second, "resume", "previd"), "theirs");
    EXPECT_EQ(said(second, "resume", "h"), "0");
    EXPECT_TRUE(second.ids().empty());
    say_resumed(second, 3);
    ASSERT_TRUE(f.world.run_until([&] { return second.got("m6"); }));
    EXPECT_EQ(second.ids(), (std::vector<std::string>{"m4", "m5", "m6"}));
    EXPECT_EQ(count(f.a, Direction::outbound, Broken::resumed), 1U);
    second.acknowledge(6);
    f.world.advance(std::chrono::seconds{1});
    EXPECT_FALSE(second.closed());
    EXPECT_TRUE(f.a.edge->shards.front()->s2s().pool().idle());
}

TEST_P(ResumedByUs, SendsOnANewStreamWhatAPartnerThatForgotDoesNotHave) {
    send("m1");
    ASSERT_TRUE(asked_to_enable(1));
    RawStream& first = *c.accepted().back();
    first.say("<enabled xmlns='urn:xmpp:sm:3' id='theirs' resume='true' max='300'/>");
    for (int n = 2; n <= 4; ++n) send("m" + std::to_string(n));
    ASSERT_TRUE(f.world.run_until([&] { return first.got("m4"); }));
    first.acknowledge(1);
    f.world.advance(std::chrono::milliseconds{100});
    first.abort();
    ASSERT_TRUE(asked_to_resume(2));
    RawStream& second = *c.accepted().back();
    second.say(
        "<failed xmlns='urn:xmpp:sm:3' h='2'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>");
    ASSERT_TRUE(asked_to_enable(2));
    second.say("<enabled xmlns='urn:xmpp:sm:3' id='theirs' resume='true' max='300'/>");
    // It may have been one of them that broke the stream: the new one is tried with one.
    ASSERT_TRUE(f.world.run_until([&] { return second.got("m3"); }));
    second.acknowledge(1);
    ASSERT_TRUE(f.world.run_until([&] { return second.got("m4"); }));
    EXPECT_EQ(second.ids(), (std::vector<std::string>{"m3", "m4"}));
    EXPECT_EQ(count(f.a, Direction::outbound, Broken::refused), 1U);
}

TEST_P(ResumedByUs, ReturnsWhatHasWaitedTooLong) {
    send("m1");
    ASSERT_TRUE(asked_to_enable(1));
    RawStream& first = *c.accepted().back();
    first.say("<enabled xmlns='urn:xmpp:sm:3' id='theirs' resume='true' max='300'/>");
    ASSERT_TRUE(f.world.run_until([&] { return first.got("m1"); }));
    f.world.block(f.a.edge_public, "198.51.100.9");
    first.abort();
    f.world.reset_streams("198.51.100.9");
    EXPECT_TRUE(f.world.run_until([&] { return romeo().got("m1"); }, std::chrono::seconds{45}));
    EXPECT_EQ(romeo().with_id("m1").front()->type, "error");
    EXPECT_EQ(count(f.a, Direction::outbound, Broken::expired), 1U);
}

/// What has become too old while the partner thinks about it is not sent a second way: it is asked already.
TEST_P(ResumedByUs, WaitsForTheAnswerOfWhomItHasAsked) {
    send("m1");
    ASSERT_TRUE(asked_to_enable(1));
    RawStream& first = *c.accepted().back();
    first.say("<enabled xmlns='urn:xmpp:sm:3' id='theirs' resume='true' max='300'/>");
    ASSERT_TRUE(f.world.run_until([&] { return first.got("m1"); }));
    f.world.advance(std::chrono::seconds{f.a.limits.queue_seconds - 6});
    first.abort();
    ASSERT_TRUE(asked_to_resume(2));
    RawStream& second = *c.accepted().back();
    f.world.advance(std::chrono::seconds{8});
    EXPECT_FALSE(romeo().got("m1"));
    say_resumed(second, 1);
    f.world.advance(std::chrono::seconds{2});
    EXPECT_FALSE(romeo().got("m1"));
    EXPECT_FALSE(second.closed());
    EXPECT_EQ(count(f.a, Direction::outbound, Broken::resumed), 1U);
    EXPECT_TRUE(f.a.edge->shards.front()->s2s().pool().idle());
}

TEST_P(ResumedByUs, DoesNotSendWhatTheRulesNoLongerLetOut) {
    send("m1");
    ASSERT_TRUE(asked_to_enable(1));
    RawStream& first = *c.accepted().back();
    first.say("<enabled xmlns='urn:xmpp:sm:3' id='theirs' resume='true' max='300'/>");
    ASSERT_TRUE(f.world.run_until([&] { return first.got("m1"); }));
    f.world.block(f.a.edge_public, "198.51.100.9");
    f.world.reset_streams("198.51.100.9");
    f.world.advance(std::chrono::milliseconds{100});
    f.a.change([](config::Settings& settings) { settings.enabled = false; });
    EXPECT_TRUE(f.world.run_until([&] { return romeo().got("m1"); }, std::chrono::seconds{1}));
    EXPECT_EQ(romeo().with_id("m1").front()->type, "error");
}

/// It resumes, acknowledges nothing, and breaks: for as long as a stanza may wait, and not for ever.
TEST_P(ResumedByUs, ReturnsWhatAPartnerThatResumesNeverAcknowledges) {
    send("m1");
    ASSERT_TRUE(asked_to_enable(1));
    c.accepted().back()->say("<enabled xmlns='urn:xmpp:sm:3' id='theirs' resume='true' max='300'/>");
    std::size_t done = 0;
    const auto back = [&] {
        const auto all = c.accepted();
        for (; done < all.size(); ++done) {
            RawStream& stream = *all[done];
            const bool resumes = !said(stream, "resume", "previd").empty();
            if (!resumes && !stream.got("m1")) break;
            if (resumes && !stream.got("m1")) {
                if (stream.heard().find("<resume ") != std::string::npos && !answered_.contains(&stream)) {
                    answered_.insert(&stream);
                    say_resumed(stream, 0);
                }
                break;
            }
            stream.abort();
        }
        return romeo().got("m1");
    };
    EXPECT_TRUE(f.world.run_until(back, std::chrono::seconds{60}));
    EXPECT_EQ(romeo().with_id("m1").front()->type, "error");
    EXPECT_GT(done, 3U);
    EXPECT_LT(done, 100U);
}

/// A server inside, which the core dials.
TEST(ResumedInside, GoesOnAsTowardsPartners) {
    Federation f;
    config::InsideServer server;
    server.domains = {*xmpp::Domain::parse("inside.a.test")};
    server.address = {"10.1.0.51", 5269};
    server.tls = config::InsideTls::optional;
    f.a.servers = {server};
    f.a.settings.domains.push_back(*config::NamePattern::parse("inside.a.test"));
    ASSERT_TRUE(f.start()) << f.logs();
    RawPartner inside{f.world, f.dns, "inside.a.test", "10.1.0.51"};
    inside.habits.features = "<sm xmlns='urn:xmpp:sm:3'/>";
    inside.habits.acknowledges = false;
    const auto send = [&](const std::string& id) { f.a.user().message("romeo@a.test", "x@inside.a.test", id); };
    const auto asked = [&](const std::string& element) {
        return f.world.run_until(
            [&] {
                return !inside.accepted().empty() &&
                       inside.accepted().back()->heard().find("<" + element + " ") != std::string::npos;
            },
            std::chrono::seconds{20});
    };
    send("m1");
    ASSERT_TRUE(asked("enable")) << f.logs();
    RawStream& first = *inside.accepted().back();
    first.say("<enabled xmlns='urn:xmpp:sm:3' id='theirs' resume='true'/>");
    ASSERT_TRUE(f.world.run_until([&] { return first.got("m1"); }));
    send("m2");
    ASSERT_TRUE(f.world.run_until([&] { return first.got("m2"); }));
    first.acknowledge(1);
    f.world.advance(std::chrono::milliseconds{100});
    first.abort();
    ASSERT_TRUE(asked("resume")) << f.logs();
    RawStream& second = *inside.accepted().back();
    second.say("<resumed xmlns='urn:xmpp:sm:3' previd='theirs' h='2'/>");
    send("m3");
    ASSERT_TRUE(f.world.run_until([&] { return second.got("m3"); })) << f.logs();
    EXPECT_EQ(second.ids(), std::vector<std::string>{"m3"});
}

/// Two of us: whatever breaks their streams, and when.
class TwoGateways {
public:
    TwoGateways(std::uint32_t shards, bool shared, std::uint64_t seed, bool resume = true)
        : resume_{resume}, f_{shards}, dice_{seed} {
        if (!resume) f_.a.limits.s2s_resume_seconds = f_.b.limits.s2s_resume_seconds = 0;
        f_.a.share_streams = f_.b.share_streams = shared;
    }
    [[nodiscard]] std::uint64_t run() {
        EXPECT_TRUE(f_.start());
        for (int step = 0; step < 80; ++step) this->step();
        f_.world.advance(std::chrono::minutes{2});
        judge(f_.a, f_.b);
        judge(f_.b, f_.a);
        EXPECT_GT(delivered_ * 4, number_) << delivered_ << " of " << number_;
        if (testing::Test::HasFailure()) std::fputs(f_.logs().c_str(), stderr);
        return count(f_.a, Direction::outbound, Broken::resumed) + count(f_.b, Direction::outbound, Broken::resumed);
    }

    /// Messages that came twice.
    [[nodiscard]] std::uint64_t doubled() const { return doubled_; }

private:
    [[nodiscard]] std::uint64_t roll(std::uint64_t below) { return dice_() % below; }

    void step() {
        const std::uint64_t what = roll(100);
        if (what < 60) {
            send(roll(2) == 0 ? f_.a : f_.b);
        } else if (what < 85) {
            // In the middle of things.
            send(f_.a);
            send(f_.b);
            f_.world.advance(std::chrono::microseconds{roll(20000)});
            f_.world.reset_streams((roll(2) == 0 ? f_.a : f_.b).edge_public);
        } else {
            f_.world.set_latency(f_.a.edge_public, f_.b.edge_public, std::chrono::milliseconds{1 + roll(8)});
        }
        f_.world.advance(std::chrono::microseconds{roll(400000)});
    }

    void send(Organisation& from) {
        Organisation& to = &from == &f_.a ? f_.b : f_.a;
        SimUser& sender = from.user(roll(2));
        const SimUser& receiver = to.user(roll(2));
        for (std::uint64_t left = 1 + roll(12); left > 0; --left) {
            const std::string id = std::to_string(++number_);
            sender.message("user@" + sender.domain(), "user@" + receiver.domain(), id, std::string(roll(2000), 'x'));
            sent_[{sender.domain(), receiver.domain()}].push_back(id);
        }
    }

    void judge(Organisation& from, Organisation& to) {
        for (const auto& sender : from.users) {
            std::set<std::string> returned;
            for (const auto& received : sender->received()) {
                if (received.type == "error") returned.insert(received.id);
            }
            for (const auto& receiver : to.users) {
                const std::vector<std::string>& sent = sent_[{sender->domain(), receiver->domain()}];
                const std::vector<std::string> all = receiver->ids_from(sender->domain());
                const std::set<std::string> came{all.begin(), all.end()};
                delivered_ += came.size();
                doubled_ += all.size() - came.size();
                if (!resume_) continue;
                const std::string pair = sender->domain() + " to " + receiver->domain();
                // Once each, and in order. What was returned may have come: its stream was not resumed in time.
                std::vector<std::string> expected = sent;
                std::erase_if(expected, [&](const std::string& id) { return !came.contains(id); });
                EXPECT_EQ(all, expected) << pair;
                for (const std::string& id : sent) {
                    EXPECT_TRUE(came.contains(id) || returned.contains(id)) << pair << ": lost " << id;
                }
            }
        }
    }

    bool resume_;
    Federation f_;
    std::mt19937_64 dice_;
    std::map<std::pair<std::string, std::string>, std::vector<std::string>> sent_;
    std::uint64_t number_ = 0, delivered_ = 0, doubled_ = 0;
};

void run_twenty(std::uint32_t shards, bool shared) {
    std::uint64_t resumed = 0;
    for (std::uint64_t seed = 1; seed <= 20 && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        resumed += TwoGateways{shards, shared, seed}.run();
    }
    EXPECT_GT(resumed, 20U);
}

TEST(TwoGatewaysThatFederate, LoseNothingAndDeliverNothingTwiceWhateverBreaks) { run_twenty(1, false); }

/// What the schedules are good for.
TEST(TwoGatewaysThatFederate, DeliverSomeTwiceWhereTheyDoNotResume) {
    std::uint64_t doubled = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        TwoGateways both{1, false, seed, false};
        EXPECT_EQ(both.run(), 0U);
        doubled += both.doubled();
    }
    EXPECT_GT(doubled, 20U);
}

TEST(TwoGatewaysThatFederate, DoSoWhereTheyHaveSeveralShards) { run_twenty(3, false); }

TEST(TwoGatewaysThatFederate, DoSoWherePairsShareStreams) { run_twenty(1, true); }

}  // namespace
}  // namespace sallyport::test
