// A component ends its connection at a stanza, or loses it, and comes back: of the core and of the presence node alike.
// What it had not taken waits for it a moment, in order; the stanza at which it ended twice goes back to its sender.
#include <gtest/gtest.h>

#include <set>

#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Ending = SimUser::End;

struct Component {
    bool of_presence_node;
    Ending ends = Ending::error;
};

std::string name_of_component(const testing::TestParamInfo<Component>& info) {
    std::string name = info.param.of_presence_node ? "Presence" : "Core";
    switch (info.param.ends) {
        case Ending::error: return name + "Error";
        case Ending::footer: return name + "Footer";
        case Ending::fin: return name + "Fin";
        case Ending::reset: return name + "Reset";
    }
    return name;
}

std::vector<Component> each_way() {
    std::vector<Component> all;
    for (const bool presence : {false, true}) {
        for (const Ending ends : {Ending::error, Ending::footer, Ending::fin, Ending::reset})
            all.push_back({presence, ends});
    }
    return all;
}

class ComponentAgain : public testing::TestWithParam<Component> {
protected:
    void SetUp() override {
        ASSERT_TRUE(f.start()) << f.logs();
        who().ends = GetParam().ends;
        say("before");
        ASSERT_TRUE(f.world.run_until([&] { return who().got("before"); }));
        f.world.advance(seconds{3});
    }
    void TearDown() override {
        if (HasFailure()) std::fputs(f.logs().c_str(), stderr);
    }
    SimUser& who() { return GetParam().of_presence_node ? f.a.imp_user : f.a.user(); }
    SimUser& sender() { return f.b.user(); }
    const MemorySink& log() const { return GetParam().of_presence_node ? f.a.presence_log : f.a.core_log; }
    [[nodiscard]] std::string address() const {
        return GetParam().of_presence_node ? f.a.presence_address : f.a.core_address;
    }
    void attach() { who().attach({*IpAddress::parse(address()), 5347}); }
    void say(const std::string& id, std::size_t bytes = 1) {
        sender().message("juliet@b.test", "romeo@" + who().domain(), id, std::string(bytes, 'x'));
    }
    void say(int from, int to) {
        for (int n = from; n < to; ++n) say(std::to_string(n));
    }
    std::vector<std::string> returned() {
        std::vector<std::string> ids;
        for (const auto& one : sender().received()) {
            if (one.type == "error") ids.push_back(one.id);
        }
        return ids;
    }
    std::string error_of(const std::string& id) { return sender().got(id) ? sender().with_id(id).front()->bytes : ""; }
    static std::vector<std::string> numbers(int from, int to) {
        std::vector<std::string> ids;
        for (int n = from; n < to; ++n) ids.push_back(std::to_string(n));
        return ids;
    }
    /// It comes back a second after each end, so often.
    void comes_back(unsigned times) {
        for (unsigned n = 0; n < times; ++n) {
            if (!f.world.run_until([&] { return !who().attached(); }, seconds{2})) return;
            f.world.advance(seconds{1});
            attach();
            const unsigned before = who().endings();
            ASSERT_TRUE(f.world.run_until([&] { return who().attached() || who().endings() > before; }, seconds{2}));
        }
    }
    Federation f{1, true};
};
INSTANTIATE_TEST_SUITE_P(Ways, ComponentAgain, testing::ValuesIn(each_way()), name_of_component);

TEST_P(ComponentAgain, EndsAtOneStanzaWhichIsReturnedAndTheRestIsDelivered) {
    who().most_bytes = 10000;
    say("poison", 200000);
    say(0, 20);
    comes_back(8);
    f.world.advance(seconds{2});
    EXPECT_EQ(returned(), std::vector<std::string>{"poison"});
    EXPECT_NE(error_of("poison").find("<policy-violation"), std::string::npos) << error_of("poison");
    std::vector<std::string> expected = numbers(0, 20);
    expected.insert(expected.begin(), "before");
    EXPECT_EQ(who().ids_from("b.test"), expected) << "in order";
    EXPECT_EQ(who().endings(), GetParam().ends == Ending::reset ? 4U : 2U) << "a reset may be anybody's";
    EXPECT_EQ(log().count("component.stanza.returned"), 1U);
}

TEST_P(ComponentAgain, FindsEachPoisonOfSeveral) {
    if (GetParam().ends == Ending::reset) return;  // four endings each take longer than a stanza may wait
    who().most_bytes = 10000;
    for (int n = 0; n < 9; ++n) say(std::to_string(n), n % 3 == 1 ? 200000 : 100);
    comes_back(12);
    f.world.advance(seconds{2});
    std::set<std::string> told;
    for (const std::string& id : returned()) told.insert(id);
    for (const char* poison : {"1", "4", "7"}) EXPECT_EQ(told.count(poison), 1U) << poison;
    for (int n = 0; n < 9; ++n) {
        if (n % 3 == 1) continue;
        EXPECT_EQ(who().with_id(std::to_string(n)).size(), 1U) << n;
    }
    EXPECT_EQ(who().endings(), 6U);
}

/// Whole with its TCP, as small ones are: which of them it read nobody knows, but each is delivered or returned.
TEST_P(ComponentAgain, LosesNothingBehindTheOneAtWhichItEnded) {
    if (GetParam().ends == Ending::footer) return;  // closed in order: it says that it has read what it took
    who().ends_at = "poison";
    say(0, 10);
    say("poison");
    say(10, 20);
    comes_back(3);
    f.world.advance(seconds{8});
    std::set<std::string> told;
    for (const std::string& id : returned()) told.insert(id);
    EXPECT_EQ(told.count("poison"), 1U);
    for (int n = 0; n < 20; ++n) {
        const std::string id = std::to_string(n);
        EXPECT_TRUE(who().got(id) || told.count(id) == 1) << id;
    }
    EXPECT_EQ(who().endings(), 1U);
}

TEST_P(ComponentAgain, GetsWhatCameWhileItWasAway) {
    who().ends_at = "last";
    say("last");
    ASSERT_TRUE(f.world.run_until([&] { return who().endings() == 1; }));
    f.world.advance(seconds{1});
    say(0, 20);
    f.world.advance(seconds{2});
    attach();
    ASSERT_TRUE(f.world.run_until([&] { return who().got("19"); }, seconds{2}));
    say(20, 30);
    ASSERT_TRUE(f.world.run_until([&] { return who().got("29"); }, seconds{2}));
    std::vector<std::string> expected = numbers(0, 30);
    expected.insert(expected.begin(), "before");
    EXPECT_EQ(who().ids_from("b.test"), expected);
}

TEST_P(ComponentAgain, IsWaitedForFiveSecondsAndNoLonger) {
    who().ends_at = "last";
    say("last");
    ASSERT_TRUE(f.world.run_until([&] { return who().endings() == 1; }));
    const TimePoint ended = f.world.loop().now();
    f.world.advance(seconds{1});
    say(0, 3);
    ASSERT_TRUE(f.world.run_until([&] { return sender().got("2"); }, seconds{6}));
    EXPECT_GE(f.world.loop().now() - ended, milliseconds{4900});
    EXPECT_NE(error_of("2").find("<service-unavailable"), std::string::npos) << error_of("2");
    say("late");
    ASSERT_TRUE(f.world.run_until([&] { return sender().got("late"); }, milliseconds{500})) << "at once";
}

/// What waits for a component goes back at a stop: to senders that keep nothing at once, to the others by what keeps
/// it.
TEST_P(ComponentAgain, IsNotWaitedForAtAStop) {
    who().ends_at = "last";
    say("last");
    ASSERT_TRUE(f.world.run_until([&] { return who().endings() == 1; }));
    f.world.advance(seconds{1});
    say(0, 3);
    f.a.user(1).message("room@rooms.a.test", "romeo@" + who().domain(), "beside");
    f.world.advance(milliseconds{500});
    EXPECT_FALSE(sender().got("2"));
    EXPECT_FALSE(f.a.user(1).got("beside"));
    if (GetParam().of_presence_node) {
        f.a.presence->shard->shut();
        ASSERT_TRUE(f.world.run_until([&] { return f.a.presence->shard->over(); }, milliseconds{500}));
        f.a.kill_presence();
    } else {
        for (auto& shard : f.a.core->shards) shard->shut();
        ASSERT_TRUE(f.world.run_until([&] { return f.a.core->shards.front()->over(); }, milliseconds{500}));
        EXPECT_TRUE(f.a.user(1).got("beside"));
        f.a.kill_core();
    }
    EXPECT_TRUE(f.world.run_until([&] { return sender().got("2") && f.a.user(1).got("beside"); }, seconds{60}));
    EXPECT_EQ(sender().with_id("2").size(), 1U);
}

/// A full pipe breaks: what had not arrived whole is sent again, behind it what came meanwhile.
TEST_P(ComponentAgain, TakesUpWhereItsConnectionBroke) {
    who().hang(true);
    for (int n = 0; n < 10; ++n) say(std::to_string(n), 20000);
    f.world.advance(seconds{2});
    f.world.reset_streams(f.a.user_address);
    f.world.advance(milliseconds{500});
    for (int n = 10; n < 15; ++n) say(std::to_string(n), 20000);
    f.world.advance(milliseconds{500});
    attach();
    ASSERT_TRUE(f.world.run_until([&] { return who().got("14"); }, seconds{3}));
    const std::vector<std::string> back = returned();
    std::vector<std::string> expected{"before"};
    for (const std::string& id : numbers(0, 15)) {
        if (std::find(back.begin(), back.end(), id) == back.end()) expected.push_back(id);
    }
    EXPECT_EQ(who().ids_from("b.test"), expected);
    EXPECT_GE(expected.size(), 12U) << "only what its TCP had taken whole is in doubt";
}

/// Its words decide which error the sender gets.
class ComponentSays : public ComponentAgain {};
INSTANTIATE_TEST_SUITE_P(Places, ComponentSays, testing::Values(Component{false}, Component{true}), name_of_component);

TEST_P(ComponentSays, AnotherConditionWhichIsNotAcceptable) {
    who().most_bytes = 10000;
    who().ends_with = "undefined-condition";
    say("poison", 200000);
    comes_back(4);
    f.world.advance(seconds{2});
    EXPECT_NE(error_of("poison").find("<not-acceptable"), std::string::npos) << error_of("poison");
    EXPECT_NE(log().last("component.stanza.returned", "why").find("this one is not for me"), std::string::npos);
}

/// It goes down, and says so: that is no stanza's fault, however often.
TEST_P(ComponentSays, ThatItGoesDownWhichIsNoStanzasFault) {
    who().most_bytes = 10000;
    who().ends_with = "system-shutdown";
    say("large", 200000);
    comes_back(4);
    who().most_bytes = 1 << 20;
    comes_back(1);
    EXPECT_TRUE(f.world.run_until([&] { return who().got("large"); }, seconds{3}));
    EXPECT_TRUE(returned().empty());
}

}  // namespace
}  // namespace sallyport::test
