// Lives of a domain pair, played whole and with each failure after each step: how it comes to a stream of its own, of
// another pair or of the peer, and what it does when that ends.
#include <gtest/gtest.h>

#include "support/pair_world.h"

namespace sallyport::testing {
namespace {

using namespace std::chrono_literals;
using On = PairWorld::On;
using Fact = PairWorld::Fact;

void play(const PairWorld::Script& script) { PairWorld::fail_each_step(script); }

TEST(PairLife, OpensAStreamWhenSomethingWaitsAndKeepsItUntilItEnds) {
    play([](PairWorld& with) {
        with.send();
        with.expect("open");
        with.send();
        with.expect("");
        with.happens(On::ready);
        with.expect("up flush");
        with.send();
        with.happens(On::carried);
        with.gone(Fact::ours);
        with.expect("down");
        with.expect_phase("idle");
        with.send();
        with.expect("open");
    });
}

TEST(PairLife, BacksOffLongerAndLongerWhileNobodyCanBeReached) {
    play([](PairWorld& with) {
        with.send();
        with.expect("open");
        for (unsigned attempt = 1; attempt < 4; ++attempt) {
            with.gone(Fact::of_domain);
            with.expect("failed");
            with.expect_phase("backing-off");
            with.send();
            with.after(std::chrono::seconds{attempt} - 1ms);
            with.expect("");
            with.after(1ms);
            with.expect("open");
        }
        with.happens(On::ready);
        with.expect("up flush");
    });
}

TEST(PairLife, ReturnsWhatWaitsWhenItFailsForGood) {
    play([](PairWorld& with) {
        with.send();
        with.happens(On::doomed);
        with.expect("open return-all");
        with.gone({Fact::of_domain, Fact::permanent});
        with.expect("failed");
        with.after(1s);
        with.expect("");
        with.expect_phase("idle");
    });
}

TEST(PairLife, TakesAPlaceOnAStreamThatIsBeingOpened) {
    play([](PairWorld& with) {
        with.place = true;
        with.send();
        with.expect("join");
        with.happens(On::stream_open);
        with.happens(On::may_ask);
        with.expect("ask");
        with.happens(On::no_room);
        with.expect_phase("waiting");
        with.happens(On::may_ask);
        with.happens(On::ready);
        with.expect("ask up flush");
        with.happens(On::carried);
        with.gone({}, 1);
        with.expect("down open");
    });
}

TEST(PairLife, GoesAloneWhenItWaitsTooLongForAPlace) {
    for (const bool asked : {false, true}) {
        play([&](PairWorld& with) {
            with.place = true;
            with.others_open = true;
            with.send();
            with.expect("join");
            if (asked) with.happens(On::may_ask);
            with.expect(asked ? "ask" : "");
            with.after(10s - 1ms);
            with.expect("");
            with.after(1ms);
            with.expect("leave open");
        });
    }
}

TEST(PairLife, GoesAloneWhenItsCompanyIsRefused) {
    play([](PairWorld& with) {
        with.place = with.others_open = true;
        with.send();
        with.happens(On::may_ask);
        with.happens(On::refused);
        with.expect("join ask leave open");
        with.gone(Fact::of_domain);
        with.after(1s);
        with.expect("failed open");
        with.gone();
        with.happens(On::rules_changed);
        with.expect("failed join");
    });
}

TEST(PairLife, GoesItsOwnWayWhereThePeerTakesOnePairAStream) {
    play([](PairWorld& with) {
        with.place = true;
        with.send();
        with.happens(On::stream_open);
        with.happens(On::unshareable);
        with.expect("join unshare leave open");
        with.happens(On::ready);
        with.expect("up flush");
    });
}

TEST(PairLife, DoesNotAskAgainAPeerThatEndedTheStreamAtTheQuestion) {
    play([](PairWorld& with) {
        with.place = with.others_open = true;
        with.send();
        with.happens(On::may_ask);
        with.happens(On::carried);  // by others on it
        with.gone();
        with.expect("join ask unshare open");
    });
}

TEST(PairLife, SharesTheFailureOfTheDomainAndNoOther) {
    play([](PairWorld& with) {
        with.place = true;
        with.send();
        with.gone(Fact::of_domain);
        with.expect("join failed");
        with.place = true;
        with.after(1s);
        with.gone();  // of the first pair's proof
        with.expect("join open");
    });
}

TEST(PairLife, GoesToThePeersOwnStreamAndBack) {
    play([](PairWorld& with) {
        with.invite();
        with.expect("reverse flush");
        with.send();
        with.happens(On::carried);
        with.gone({}, 2);
        with.expect("open");
        with.invite();
        with.expect("leave reverse flush end");
        with.settled = false;
        with.invite();
        with.expect("");
        with.settled = true;
        with.invite();
        with.expect("leave reverse flush");
        with.happens(On::carried);
        with.gone(Fact::ours);
        with.expect("");
    });
}

TEST(PairLife, StaysOnAStreamThatWorksUntilItEndsAndGoesToThePeersThen) {
    play([](PairWorld& with) {
        with.send();
        with.happens(On::ready);
        with.invite();
        with.expect("open up flush");
        with.gone({}, 1);
        with.expect("down reverse flush");
        with.happens(On::withdrawn);
    });
}

TEST(PairLife, KeepsAStreamOnItsWayThatOthersWaitFor) {
    play([](PairWorld& with) {
        with.sole = false;
        with.send();
        with.invite();
        with.expect("open");
        with.gone(Fact::of_domain);
        with.expect("reverse flush");
    });
}

TEST(PairLife, GivesWhatWaitsToTheShardThatOwnsThePair) {
    play([](PairWorld& with) {
        with.elsewhere = true;
        with.invite();
        with.send();
        with.gone({}, 3);
        with.expect("reverse flush give-away");
        with.expect_phase("idle");
    });
}

TEST(PairLife, BacksOffFromAPeerThatTakesStreamsAndNothingOnThem) {
    play([](PairWorld& with) {
        with.send();
        with.happens(On::ready);
        with.gone({}, 1);
        with.expect("open up flush down failed");
        with.after(1s);
        with.happens(On::ready);
        with.gone({}, 1);
        with.expect("open up flush down failed");
        with.after(2s - 1ms);
        with.expect("");
        with.after(1ms);
        with.happens(On::ready);
        with.happens(On::carried);
        with.gone({}, 1);
        with.expect("open up flush down open");
    });
}

TEST(PairLife, WaitsAMomentAfterAStreamThatWasEndedAtOnce) {
    play([](PairWorld& with) {
        with.send();
        with.happens(On::ready);
        with.happens(On::carried);
        with.gone(Fact::quick, 1);
        with.expect("open up flush down");
        with.expect_phase("backing-off");
        with.after(1s);
        with.expect("open");
    });
}

TEST(PairLife, EndsAStreamOnWhichItsKeyIsRefused) {
    play([](PairWorld& with) {
        with.send();
        with.happens(On::refused);
        with.expect("open hurt end return-all");
        with.gone({Fact::ours, Fact::permanent});
        with.expect("failed");
    });
}

TEST(PairLife, LeavesWhenTheRulesBarIt) {
    play([](PairWorld& with) {
        with.send();
        with.happens(On::ready);
        with.admitted = false;
        with.happens(On::barred);
        with.expect("open up flush down leave");
        with.admitted = true;
        with.send();
        with.expect("open");
    });
}

TEST(PairLife, KeepsNothingForTheNextAttemptThatTheRulesBar) {
    play([](PairWorld& with) {
        with.send();
        with.gone(Fact::of_domain);
        with.admitted = false;
        with.send();
        with.expect("open failed return-all");
        with.expect_phase("backing-off");
    });
}

TEST(PairLife, TriesAtOnceWhenTheDomainGivesASignOfLife) {
    play([](PairWorld& with) {
        with.send();
        with.gone(Fact::of_domain);
        with.happens(On::alive);
        with.expect("open failed open");
        with.gone(Fact::of_domain);
        with.happens(On::alive);  // too soon
        with.expect("failed");
        with.expect_phase("backing-off");
        with.happens(On::hurried);
        with.expect("open");
    });
}

TEST(PairLife, TriesAtOnceWhenTheDomainIsHeardAndForgetsNoFailure) {
    play([](PairWorld& with) {
        with.send();
        with.gone(Fact::of_domain);
        with.after(1s);
        with.gone(Fact::of_domain);
        with.expect("open failed open failed");
        with.happens(On::heard);
        with.expect("open");
        with.gone(Fact::of_domain);
        with.expect("failed");
        with.happens(On::heard);  // too soon
        with.after(2s);
        with.expect("");
        with.expect_phase("backing-off");
        with.after(1s);
        with.expect("open");  // after three seconds: the third failure in a row
    });
}

TEST(PairLife, LooksForAWayForWhatAnEarlierStreamGivesBack) {
    play([](PairWorld& with) {
        with.earlier_gone(Fact::carried, 2);
        with.expect("open");
        with.gone(Fact::of_domain);
        with.earlier_gone(Fact::carried, 1);
        with.expect("failed");
        with.expect_phase("backing-off");
        with.after(1s);
        with.expect("open");
        with.earlier_gone(Fact::carried, 1);
        with.expect("");
        with.happens(On::ready);
        with.earlier_gone(Fact::carried, 1);
        with.expect("up flush flush");
    });
}

TEST(PairLife, HasPatienceFromWhenTheStreamThatItJoinsIsOpen) {
    play([](PairWorld& with) {
        with.send();
        with.happens(On::ready);
        with.happens(On::carried);
        with.place = true;
        with.gone(Fact::silent, 1);
        with.expect("open up flush down join");
        with.after(1h);
        with.expect("");
        with.happens(On::stream_open);
        with.after(10s);
        with.expect("leave open");
    });
}

TEST(PairLife, GivesNothingThatComesBackToAStreamWhenTheRulesBarThePair) {
    play([](PairWorld& with) {
        with.invite();
        with.admitted = false;
        with.earlier_gone(Fact::carried, 1);
        with.expect("reverse flush return-all");
    });
    play([](PairWorld& with) {
        with.send();
        with.gone(Fact::of_domain);
        with.admitted = false;
        with.earlier_gone(Fact::carried, 1);
        with.expect("open failed return-all");
    });
}

TEST(PairLife, ReturnsWhatComesBackWhenTheNodeEnds) {
    play([](PairWorld& with) {
        with.send();
        with.happens(On::ready);
        with.happens(On::stop);
        with.earlier_gone(Fact::carried, 1);
        with.expect("open up flush return-all");
    });
}

}  // namespace
}  // namespace sallyport::testing
