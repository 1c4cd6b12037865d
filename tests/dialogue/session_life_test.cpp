// Lives of a session of the router link, played whole and with each failure after each step: connections that come and
// go, what the far side serves, and the ways in which a session ends (docs/protocol/link.md, sections 3, 4 and 10).
#include <gtest/gtest.h>

#include "support/session_world.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;
using link::End;
using On = SessionWorld::On;

void play(End end, const SessionWorld::Script& script) { SessionWorld::fail_each_step(end, script); }
void play(const SessionWorld::Script& script) {
    for (const End end : {End::dialler, End::listener}) play(end, script);
}

TEST(SessionLife, GoesOnOverTheNextConnection) {
    play([](SessionWorld& with) {
        with.bind();
        with.expect("learn succeed");
        with.send();
        with.done();
        with.send();
        with.lose();
        with.send();
        with.after(2s);
        with.expect("");
        with.expect_phase("broken");
        with.resume();
        with.expect("go-on");
        with.expect_phase("named");
        with.done();
    });
}

TEST(SessionLife, KnowsNoMoreOfTheFarSideThanItDidBeforeItBroke) {
    play([](SessionWorld& with) {
        with.lose();
        with.resume();
        with.expect("go-on");
        with.expect_phase("unnamed");
    });
}

TEST(SessionLife, EndsWhenItHasBeenAwayAndItsStanzasHaveWaitedForTheHoldTime) {
    play([](SessionWorld& with) {
        with.send();
        with.lose();
        with.after(15s);
        with.send();
        with.after(15s - 1ms);
        with.expect("");
        with.after(1ms);
        with.expect("tell-end pass-on-young end");
    });
    SessionWorld with{End::listener};
    with.send();
    with.after(29s);
    with.lose();
    with.send();
    with.after(29s);
    EXPECT_EQ(with.carried(), 2U) << "however old what it carries: the far side may come back";
    with.after(1s);
    EXPECT_EQ(with.returned(), 2U);
    EXPECT_TRUE(with.over());
}

TEST(SessionLife, PassesOnWhatHasNotWaitedForSoLong) {
    SessionWorld with{End::dialler};
    with.send();
    with.lose();
    with.after(20s);
    with.send();
    with.after(10s);
    EXPECT_EQ(with.returned(), 1U);
    EXPECT_EQ(with.passed_on(), 1U);
}

TEST(SessionLife, IsNotKeptForEver) {
    play([](SessionWorld& with) {
        with.lose();
        with.after(300s - 1ms);
        with.expect("");
        with.after(1ms);
        with.expect("tell-end pass-on-young end");
    });
}

TEST(SessionLife, EndsSoonerWhereOthersCanTakeWhatItCarries) {
    play([](SessionWorld& with) {
        with.send();
        with.lose();
        with.others = true;
        with.after(2500ms - 1ms);
        with.expect("");
        with.after(1ms);
        with.expect("tell-end pass-on-young end");
    });
    SessionWorld with{End::dialler};
    with.send();
    with.after(60s);  // nothing is wrong with it, but that nobody is done with it
    with.lose();
    with.others = true;
    with.after(3s);
    EXPECT_TRUE(with.over()) << "however old what it carries";
}

TEST(SessionLife, LooksForOthersOnlyOnceTheyMayTakeIt) {
    SessionWorld with{End::dialler};
    EXPECT_FALSE(with.life().away(with.now() + 1h));
    with.lose();
    EXPECT_FALSE(with.life().away(with.now() + 2499ms));
    EXPECT_TRUE(with.life().away(with.now() + 2500ms));
    with.resume();
    EXPECT_FALSE(with.life().away(with.now() + 1h));
}

TEST(SessionLife, OfAnotherProcessWaitsForWhatThatServesAndSortsThen) {
    for (const bool serves_all : {true, false}) {
        play(End::dialler, [&](SessionWorld& with) {
            with.serves_all = serves_all;
            with.bind();
            with.send(true);
            with.send();
            with.lose();
            with.expect("learn succeed");
            with.renew();
            with.expect("begin-anew");
            with.expect_phase("sorting");
            with.send();
            // It comes back before it has said anything, and says it then.
            with.lose();
            with.resume();
            with.expect("go-on");
            with.expect_phase("sorting");
            with.bind();
            with.expect("learn sort succeed");
            with.expect_phase("named");
            with.done();
        });
    }
}

TEST(SessionLife, OfAnotherProcessGoesOnAtOnceWhereNothingHangsOnWhatThatServes) {
    play(End::dialler, [](SessionWorld& with) {
        with.bind();
        with.send();
        with.lose();
        with.renew();
        with.expect("learn succeed begin-anew");
        with.expect_phase("unnamed");
        with.bind();
        with.expect("learn succeed");
    });
}

TEST(SessionLife, HearsQuickChangesTwentyTimesAndThenOnceASecond) {
    play([](SessionWorld& with) {
        for (int n = 0; n < 20; ++n) {
            with.bind();
            with.expect("learn succeed");
        }
        with.bind();
        with.bind();
        with.expect("");
        with.after(1s - 1ms);
        with.expect("");
        with.after(1ms);
        with.expect("learn succeed");
        with.after(3s);
        with.bind();
        with.bind();
        with.bind();
        with.expect("learn succeed learn succeed learn succeed");
        with.bind();
        with.expect("");
    });
}

TEST(SessionLife, HearsOneThatNeverStopsOnceASecond) {
    SessionWorld with{End::listener};
    for (int n = 0; n < 1000; ++n) {
        with.bind();
        with.after(10ms);
    }
    EXPECT_GE(with.learned(), 20U + 9U);
    EXPECT_LE(with.learned(), 20U + 10U);
}

TEST(SessionLife, ForgetsWhatItHasNotLearnedOfAConnectionThatIsGone) {
    const auto much = [](SessionWorld& with) {
        for (int n = 0; n < 21; ++n) with.bind();
        if (with.over()) return;
        with.expect(
            "learn succeed learn succeed learn succeed learn succeed learn succeed learn succeed learn succeed "
            "learn succeed learn succeed learn succeed learn succeed learn succeed learn succeed learn succeed "
            "learn succeed learn succeed learn succeed learn succeed learn succeed learn succeed");
    };
    SessionWorld lost{End::listener};
    much(lost);
    lost.lose();
    lost.expect("forget");
    SessionWorld ending{End::listener};
    much(ending);
    ending.end_connection();
    ending.after(1s);
    ending.expect("forget");
    ending.lose();
    ending.expect("");
}

TEST(SessionLife, IsTakenOverThreeTimesInAMinuteFromAConnectionThatLives) {
    play(End::listener, [](SessionWorld& with) {
        with.send();
        for (int n = 0; n < 3; ++n) {
            with.resume();
            with.expect("cut go-on");
        }
        with.resume();
        with.expect("turn-away");
        with.after(59s);
        with.resume();
        with.expect("turn-away");
        with.after(59s);
        with.resume();
        with.expect("turn-away");
        with.after(60s);
        with.resume();
        with.expect("cut go-on");
        with.done();
    });
}

TEST(SessionLife, ComesOverAsOftenAsItLikesFromAConnectionThatIsDead) {
    play(End::listener, [](SessionWorld& with) {
        for (int n = 0; n < 5; ++n) {
            with.end_connection();
            with.resume();
            with.expect("cut go-on");
            with.lose();
            with.resume();
            with.expect("go-on");
        }
    });
}

TEST(SessionLife, EndsWithAFarSideThatCountsWrongly) {
    play([](SessionWorld& with) {
        with.send();
        with.lose();
        with.resume(false);
        with.expect("go-on refuse tell-end pass-on end");
    });
    play(End::listener, [](SessionWorld& with) {
        with.send();
        with.resume(false);
        with.expect("cut go-on refuse tell-end pass-on end");
    });
}

TEST(SessionLife, EndsWhenAnotherProcessOfTheNodeIsLinked) {
    play(End::listener, [](SessionWorld& with) {
        with.bind();
        with.send();
        with.happens(On::replaced);
        with.expect("learn succeed bury tell-end pass-on end");
    });
    play([](SessionWorld& with) {
        with.send();
        with.lose();
        with.happens(On::replaced);
        with.expect("bury tell-end pass-on end");
    });
    // A dialler hears from the connection itself when its process is no more.
    play(End::dialler, [](SessionWorld& with) {
        with.send();
        with.happens(On::replaced);
        with.expect("");
        with.expect_phase("unnamed");
    });
}

TEST(SessionLife, EndsWhenTheFarSideHasGivenItUp) {
    play(End::listener, [](SessionWorld& with) {
        with.send();
        with.happens(On::given_up);
        with.expect("cut tell-end pass-on end");
    });
    play(End::listener, [](SessionWorld& with) {
        with.send();
        with.lose();
        with.happens(On::given_up);
        with.expect("tell-end pass-on end");
    });
}

TEST(SessionLife, EndsOnceItIsBrokenWhereTheFarSideHasFewerShards) {
    play(End::dialler, [](SessionWorld& with) {
        with.send();
        with.happens(On::surplus);
        with.expect("");
        with.lose();
        with.happens(On::surplus);
        with.expect("tell-end pass-on end");
    });
}

TEST(SessionLife, IsToldAtAStopWhatHasArrivedAndReturnsTheRest) {
    for (const bool kept : {false, true}) {
        SessionWorld with{End::dialler};
        with.send(false, kept);
        with.quiesce();
        with.expect("ask");
        with.end_connection();
        with.send(false, kept);
        with.happens(On::shut);
        with.expect("give-missing");
        EXPECT_EQ(with.returned(), kept ? 0U : 2U);
        EXPECT_EQ(with.left_to_senders(), kept ? 2U : 0U);
        with.lose();
        with.expect("");
    }
    SessionWorld with{End::listener};
    with.send();
    with.quiesce();
    with.happens(On::shut);
    EXPECT_EQ(with.returned(), 0U) << "what has arrived is the far side's to deliver or to return";
}

TEST(SessionLife, ReturnsAtAStopWhatItCarriesWithoutAConnection) {
    play([](SessionWorld& with) {
        with.send();
        with.send(false, true);
        with.lose();
        with.quiesce();
        with.expect("give-back end");
    });
}

TEST(SessionLife, PassesNothingOnAfterAStop) {
    play([](SessionWorld& with) {
        with.send();
        with.quiesce();
        with.lose();
        with.others = true;
        with.after(3s);
        with.expect("ask tell-end give-back end");
    });
    play(End::listener, [](SessionWorld& with) {
        with.send();
        with.quiesce();
        with.happens(On::given_up);
        with.expect("ask cut tell-end give-back end");
    });
}

}  // namespace
}  // namespace sallyport::test
