// The engine of the machines: which row an event finds, what an act may make of the phase, what check() refuses,
// timers.
#include <gtest/gtest.h>

#include <vector>

#include "proto/machine.h"

namespace sallyport::machine {
namespace {

enum class Phase : std::uint8_t { fresh, open, held, closed };
enum class On : std::uint8_t { hello, word, bye };
enum class Fact : std::uint8_t { known, noisy };

struct Talk;
using Act = Did (Talk::*)();
using TalkRow = Row<Phase, On, Fact, Act>;

struct Talk {
    Did greet() { return Did::advance; }
    Did refuse() { return Did::stay; }
    Did hang_up() {
        phase = Phase::closed;
        return Did::advance;
    }
    Did wait() {
        phase = Phase::held;
        return Did::ended;
    }
    template <typename Rows>
    bool hear(const Rows& rows, On on) {
        return step(
            rows, phase, on,
            [&](Set<Fact> asked) {
                questions.push_back(asked);
                return facts;
            },
            [&](Act act) { return (this->*act)(); });
    }

    Phase phase = Phase::fresh;
    Set<Fact> facts;
    std::vector<Set<Fact>> questions;
};

constexpr TalkRow greeting{Phase::fresh, On::hello, Phase::open, &Talk::greet, "1"};
constexpr TalkRow ending{{Phase::fresh, Phase::open}, On::bye, Phase::closed, &Talk::greet, "2"};

TEST(Step, FollowsTheRowOfThePhaseAndTheEvent) {
    constexpr std::array rows{greeting, ending};
    Talk talk;
    EXPECT_FALSE(talk.hear(rows, On::word)) << "no row names it";
    EXPECT_EQ(talk.phase, Phase::fresh);
    EXPECT_TRUE(talk.hear(rows, On::hello));
    EXPECT_EQ(talk.phase, Phase::open);
    EXPECT_FALSE(talk.hear(rows, On::hello)) << "not in this phase";
    EXPECT_TRUE(talk.hear(rows, On::bye));
    EXPECT_EQ(talk.phase, Phase::closed);
}

TEST(Step, LeavesThePhaseToAnActThatDidNotAdvance) {
    constexpr std::array rows{
        TalkRow{Phase::fresh, On::hello, Phase::open, &Talk::refuse, "1"},
        TalkRow{Phase::fresh, On::word, Phase::open, &Talk::wait, "1"},
    };
    Talk talk;
    EXPECT_TRUE(talk.hear(rows, On::hello));
    EXPECT_EQ(talk.phase, Phase::fresh);
    EXPECT_TRUE(talk.hear(rows, On::word));
    EXPECT_EQ(talk.phase, Phase::held);
}

TEST(Step, BringsNobodyBackWhoIsClosed) {
    constexpr std::array rows{TalkRow{Phase::fresh, On::hello, Phase::open, &Talk::hang_up, "1"}};
    Talk talk;
    EXPECT_TRUE(talk.hear(rows, On::hello));
    EXPECT_EQ(talk.phase, Phase::closed);
}

TEST(Step, StaysInEachPhaseOfASet) {
    constexpr std::array rows{TalkRow{{Phase::open, Phase::held}, On::word, stays, &Talk::greet, "1"}};
    for (const Phase phase : {Phase::open, Phase::held}) {
        Talk talk;
        talk.phase = phase;
        EXPECT_TRUE(talk.hear(rows, On::word));
        EXPECT_EQ(talk.phase, phase);
    }
}

TEST(Step, LooksForTheRowWhoseFactsHold) {
    constexpr std::array rows{
        TalkRow{Phase::fresh, On::hello, Phase::open, &Talk::greet, "1", Fact::known, Fact::noisy},
        TalkRow{Phase::fresh, On::hello, Phase::held, &Talk::greet, "1", {}, Fact::known},
    };
    Talk known, stranger, shouting;
    known.facts = Fact::known;
    shouting.facts = {Fact::known, Fact::noisy};
    EXPECT_TRUE(known.hear(rows, On::hello));
    EXPECT_EQ(known.phase, Phase::open);
    EXPECT_TRUE(stranger.hear(rows, On::hello));
    EXPECT_EQ(stranger.phase, Phase::held);
    EXPECT_FALSE(shouting.hear(rows, On::hello));
}

TEST(Step, AsksForNoFactThatNoRowNames) {
    constexpr std::array rows{
        greeting,
        TalkRow{Phase::open, On::word, stays, &Talk::greet, "1", {}, Fact::noisy},
    };
    Talk talk;
    EXPECT_TRUE(talk.hear(rows, On::hello));
    EXPECT_TRUE(talk.questions.empty());
    EXPECT_TRUE(talk.hear(rows, On::word));
    EXPECT_EQ(talk.questions, std::vector{Set<Fact>{Fact::noisy}});
}

TEST(Check, TakesATableThatLeadsSomewhere) {
    constexpr std::array rows{greeting, ending};
    static_assert(check(rows, Phase::fresh, Phase::closed) == Fault::none);
}

TEST(Check, RefusesTwoRowsForOneEvent) {
    const std::array doubled{greeting, ending, TalkRow{Phase::open, On::bye, stays, &Talk::refuse, "3"}};
    EXPECT_EQ(check(doubled, Phase::fresh, Phase::closed), Fault::two_rows_for_one_event);
    const std::array half{
        TalkRow{Phase::fresh, On::hello, Phase::closed, &Talk::greet, "1", Fact::known},
        TalkRow{Phase::fresh, On::hello, Phase::closed, &Talk::refuse, "1", {}, Fact::noisy},
    };
    EXPECT_EQ(check(half, Phase::fresh, Phase::closed), Fault::two_rows_for_one_event) << "known and quiet is both";
    const std::array apart{
        TalkRow{Phase::fresh, On::hello, Phase::closed, &Talk::greet, "1", Fact::known},
        TalkRow{Phase::fresh, On::hello, Phase::closed, &Talk::refuse, "1", {}, Fact::known},
    };
    EXPECT_EQ(check(apart, Phase::fresh, Phase::closed), Fault::none);
}

TEST(Check, RefusesAPhaseThatNothingLeadsTo) {
    const std::array rows{greeting, ending, TalkRow{Phase::held, On::bye, Phase::closed, &Talk::greet, "3"}};
    EXPECT_EQ(check(rows, Phase::fresh, Phase::closed), Fault::phase_out_of_reach);
    EXPECT_EQ(check(rows, {Phase::fresh, Phase::held}, Phase::closed), Fault::none) << "an act leads there";
}

TEST(Check, RefusesAPhaseWithoutAWayOut) {
    const std::array rows{greeting, TalkRow{Phase::open, On::word, stays, &Talk::greet, "2"}};
    EXPECT_EQ(check(rows, Phase::fresh, Phase::closed), Fault::phase_without_a_way_out);
    const std::array circle{greeting, TalkRow{Phase::open, On::word, Phase::open, &Talk::greet, "2"}};
    EXPECT_EQ(check(circle, Phase::fresh, Phase::closed), Fault::phase_without_a_way_out);
}

TEST(Check, RefusesARowThatNamesNoSection) {
    const std::array rows{TalkRow{Phase::fresh, On::hello, Phase::closed, &Talk::greet, ""}};
    EXPECT_EQ(check(rows, Phase::fresh, Phase::closed), Fault::row_without_a_section);
}

TEST(Deadlines, TellTheFirstOfThemAndRestWhenStopped) {
    enum class Timer : std::uint8_t { idle, answer, count_ };
    using namespace std::chrono_literals;
    Deadlines<Timer> timers;
    EXPECT_EQ(timers.first(), never);
    timers[Timer::idle] = TimePoint{5s};
    timers[Timer::answer] = TimePoint{3s};
    EXPECT_EQ(timers.first(), TimePoint{3s});
    timers[Timer::answer] = never;
    EXPECT_EQ(timers.first(), TimePoint{5s});
    timers.stop();
    EXPECT_EQ(timers.first(), never);
}

}  // namespace
}  // namespace sallyport::machine
