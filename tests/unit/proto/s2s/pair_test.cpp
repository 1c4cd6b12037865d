// The machine of a domain pair: what its driver asks it, and what holds after any events in any order.
#include "proto/s2s/pair.h"

#include <gtest/gtest.h>

#include <random>

#include "support/pair_world.h"

namespace sallyport::testing {
namespace {

using namespace std::chrono_literals;
using On = PairWorld::On;
using Fact = PairWorld::Fact;

TEST(Pair, IsHopelessAfterAFailureForGoodOrForAsLongAsAStanzaWouldWait) {
    PairWorld with;
    with.send();
    EXPECT_FALSE(with.pair().hopeless(with.now(), 60s)) << "on its way";
    with.gone(Fact::of_domain);
    EXPECT_FALSE(with.pair().hopeless(with.now(), 60s));
    for (int n = 0; n < 20; ++n) {
        while (with.pair().retry_at() == never) with.gone(Fact::of_domain);
        with.after(with.pair().retry_at() - with.now());
    }
    with.gone(Fact::of_domain);
    EXPECT_TRUE(with.pair().hopeless(with.now(), 60s)) << "failing for longer";
    EXPECT_FALSE(with.pair().hopeless(with.pair().retry_at(), 60s)) << "it is about to be tried";
    PairWorld refused;
    refused.send();
    refused.gone({Fact::of_domain, Fact::permanent});
    EXPECT_TRUE(refused.pair().hopeless(refused.now(), 60s));
    refused.after(1s);
    EXPECT_FALSE(refused.pair().hopeless(refused.now(), 60s));
}

TEST(Pair, CountsFailuresUntilSomethingIsCarried) {
    PairWorld with;
    with.send();
    with.gone(Fact::of_domain);
    with.after(1s);
    EXPECT_EQ(with.pair().failures(), 1U);
    with.happens(On::ready);
    EXPECT_EQ(with.pair().failures(), 1U) << "who takes a stream and nothing on it has failed still";
    with.happens(On::carried);
    EXPECT_EQ(with.pair().failures(), 0U);
    EXPECT_EQ(with.pair().failing_since(), never);
}

TEST(Pair, IsNoFailureOnceAStreamHasCarriedSomething) {
    PairWorld with;
    with.send();
    with.gone(Fact::of_domain);
    with.after(1s);
    with.happens(On::ready);
    with.gone({Fact::carried, Fact::quick}, 1);  // seen at its end only
    EXPECT_EQ(with.pair().phase(), "backing-off");
    EXPECT_EQ(with.pair().failures(), 0U);
    EXPECT_FALSE(with.pair().hopeless(with.now(), 0s));
}

/// The delay after each failure in a row, in the units of PairWorld: one, two, three …
std::vector<Duration> delays(PairWorld& with, s2s::Pair::Facts how, int failures) {
    std::vector<Duration> all;
    for (int n = 0; n < failures; ++n) {
        with.gone(how);
        all.push_back(with.pair().retry_at() - with.now());
        with.after(all.back());
    }
    return all;
}

TEST(Pair, IsTriedAgainEachSecondWhileAPeerThatHasJustWorkedIsRestarted) {
    PairWorld with;
    with.send();
    with.happens(On::ready);
    with.happens(On::carried);
    with.send();
    with.gone({}, 1);  // and the next attempt begins
    const auto all = delays(with, {Fact::of_domain, Fact::unheard}, 18);
    EXPECT_EQ(std::vector(all.begin(), all.begin() + 15), std::vector<Duration>(15, 1s));
    EXPECT_EQ(std::vector(all.begin() + 15, all.end()), (std::vector<Duration>{1s, 2s, 3s}))
        << "from here as all others";
    EXPECT_EQ(with.pair().failures(), 18U);
}

TEST(Pair, BacksOffAtOnceFromWhomItHasNotReachedBeforeAndFromWhoAnswers) {
    PairWorld stranger;
    stranger.send();
    EXPECT_EQ(delays(stranger, {Fact::of_domain, Fact::unheard}, 3), (std::vector<Duration>{1s, 2s, 3s}));
    PairWorld answers;
    answers.send();
    answers.happens(On::ready);
    answers.happens(On::carried);
    answers.gone({}, 1);
    EXPECT_EQ(delays(answers, Fact::of_domain, 3), (std::vector<Duration>{1s, 2s, 3s}));
}

TEST(Pair, MayTryWhenItIsOnNoStreamAndTheNextAttemptIsDue) {
    PairWorld with;
    EXPECT_TRUE(with.pair().may_try(with.now()));
    with.send();
    EXPECT_FALSE(with.pair().may_try(with.now()));
    with.gone(Fact::of_domain);
    EXPECT_FALSE(with.pair().may_try(with.now()));
    EXPECT_TRUE(with.pair().may_try(with.pair().retry_at()));
    with.happens(On::stop);
    EXPECT_FALSE(with.pair().may_try(with.now()));
}

TEST(Pair, IsSmall) { EXPECT_LE(sizeof(s2s::Pair), 80U); }

TEST(Pair, NamesASectionInEveryRow) {
    for (const machine::RowText& row : s2s::Pair::table()) {
        EXPECT_TRUE(row.says.starts_with("RFC ") || row.says.starts_with("XEP-") || row.says.starts_with("record ") ||
                    row.says.starts_with("threat "));
        EXPECT_FALSE(row.in.empty() || row.on.empty() || row.next.empty());
    }
}

TEST(Pair, LosesNothingWhateverHappensInWhateverOrder) {
    for (unsigned seed = 0; seed < 300; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 chance{seed};
        const auto one_in = [&](unsigned n) { return chance() % n == 0; };
        PairWorld with;
        with.elsewhere = one_in(4);
        for (int n = 0; n < 300 && !HasFailure(); ++n) {
            with.settled = !one_in(3);
            with.sole = !one_in(3);
            if (with.where() != PairWorld::Where::others) {
                with.place = one_in(3);
                with.others_open = with.place && one_in(2);
            }
            if (one_in(8)) with.admitted = !with.admitted;
            const std::string phase{with.pair().phase()};
            switch (chance() % 12) {
                case 0: with.send(); break;
                case 1: with.invite(); break;
                case 2:
                    if (phase == "waiting" && !with.open()) with.happens(On::stream_open);
                    break;
                case 3:
                    if (phase == "waiting" && with.open()) with.happens(one_in(5) ? On::unshareable : On::may_ask);
                    break;
                case 4:
                    if (phase == "asking") with.happens(one_in(2) ? On::no_room : On::refused);
                    break;
                case 5:
                    if (phase == "opening" || phase == "asking") with.happens(On::ready);
                    break;
                case 6:
                    if (with.pair().ready()) with.happens(On::carried);
                    break;
                case 7: with.happens(one_in(3) ? On::hurried : one_in(2) ? On::alive : On::heard); break;
                case 8: with.happens(On::rules_changed); break;
                case 9: with.earlier_gone(one_in(2) ? Fact::carried : Fact::quick, chance() % 3); break;
                case 10: with.after(std::chrono::seconds{chance() % 12}); break;
                default: with.fails(static_cast<PairWorld::Fault>(chance() % (PairWorld::faults - 1))); break;
            }
        }
        with.see_to_the_end();
    }
}

}  // namespace
}  // namespace sallyport::testing
