// Connection racing (RFC 8305) step by step, with time as an argument.
#include "model/route/happy_eyeballs.h"

#include <gtest/gtest.h>

namespace sallyport::route {
namespace {

using std::chrono::milliseconds;

const IpAddress six = *IpAddress::parse("2001:db8::1");
const IpAddress six_too = *IpAddress::parse("2001:db8::2");
const IpAddress four = *IpAddress::parse("192.0.2.1");
const IpAddress four_too = *IpAddress::parse("192.0.2.2");

TimePoint at(int ms) { return TimePoint{} + std::chrono::hours{1} + milliseconds{ms}; }

RaceAction start(unsigned attempt, const IpAddress& address) { return {RaceAction::Kind::start, attempt, address}; }
RaceAction cancel(unsigned attempt) { return {RaceAction::Kind::cancel, attempt, {}}; }
RaceAction won(unsigned attempt) { return {RaceAction::Kind::won, attempt, {}}; }
const RaceAction failed{RaceAction::Kind::failed, 0, {}};

class HappyEyeballsTest : public testing::Test {
protected:
    RaceActions resolved(Family family, const std::vector<IpAddress>& addresses, int ms) {
        return collect([&](RaceActions& out) { race.resolved(family, addresses, at(ms), out); });
    }
    RaceActions fails(unsigned attempt, int ms) {
        return collect([&](RaceActions& out) { race.attempt_failed(attempt, at(ms), out); });
    }
    RaceActions connects(unsigned attempt) {
        return collect([&](RaceActions& out) { race.attempt_connected(attempt, out); });
    }
    RaceActions tick(int ms) {
        return collect([&](RaceActions& out) { race.tick(at(ms), out); });
    }
    template <typename Step>
    RaceActions collect(Step step) {
        RaceActions out;
        step(out);
        return out;
    }
    HappyEyeballs race{8};
};

using Actions = RaceActions;

TEST_F(HappyEyeballsTest, StartsAtOnceWhenIpv6Answers) {
    EXPECT_EQ(race.deadline(), never);
    EXPECT_EQ(resolved(Family::v6, {six, six_too}, 0), Actions{start(0, six)});
    EXPECT_EQ(race.deadline(), at(250));
}

TEST_F(HappyEyeballsTest, HoldsIpv4BackForAMoment) {
    EXPECT_EQ(resolved(Family::v4, {four}, 0), Actions{});
    EXPECT_EQ(race.deadline(), at(50));
    EXPECT_EQ(tick(49), Actions{});
    EXPECT_EQ(tick(50), Actions{start(0, four)});
}

TEST_F(HappyEyeballsTest, PrefersIpv6ThatComesWithinTheResolutionDelay) {
    EXPECT_EQ(resolved(Family::v4, {four}, 0), Actions{});
    EXPECT_EQ(resolved(Family::v6, {six}, 20), Actions{start(0, six)});
    EXPECT_EQ(tick(270), Actions{start(1, four)});
}

TEST_F(HappyEyeballsTest, DoesNotWaitWhenThereIsNoIpv6) {
    EXPECT_EQ(resolved(Family::v6, {}, 0), Actions{});
    EXPECT_EQ(resolved(Family::v4, {four}, 1), Actions{start(0, four)});
}

TEST_F(HappyEyeballsTest, AlternatesFamiliesEvery250Milliseconds) {
    resolved(Family::v4, {four, four_too}, 0);
    EXPECT_EQ(resolved(Family::v6, {six, six_too}, 10), Actions{start(0, six)});
    EXPECT_EQ(tick(259), Actions{});
    EXPECT_EQ(tick(260), Actions{start(1, four)});
    EXPECT_EQ(tick(510), Actions{start(2, six_too)});
    EXPECT_EQ(tick(760), Actions{start(3, four_too)});
    EXPECT_EQ(race.deadline(), never) << "nothing is left to start";
}

TEST_F(HappyEyeballsTest, ContinuesWithTheOtherFamilyAfterALateAnswer) {
    resolved(Family::v4, {four, four_too}, 0);
    EXPECT_EQ(tick(50), Actions{start(0, four)});
    EXPECT_EQ(resolved(Family::v6, {six}, 100), Actions{});
    EXPECT_EQ(tick(300), Actions{start(1, six)});
    EXPECT_EQ(tick(550), Actions{start(2, four_too)});
}

TEST_F(HappyEyeballsTest, AFailureStartsTheNextAtOnce) {
    resolved(Family::v4, {four}, 0);
    resolved(Family::v6, {six}, 0);
    EXPECT_EQ(fails(0, 30), Actions{start(1, four)});
    EXPECT_EQ(fails(1, 40), Actions{failed});
    EXPECT_TRUE(race.over());
    EXPECT_EQ(race.deadline(), never);
}

TEST_F(HappyEyeballsTest, TheWinnerCancelsTheOthers) {
    resolved(Family::v4, {four}, 0);
    resolved(Family::v6, {six, six_too}, 0);
    tick(250);
    tick(500);
    EXPECT_EQ(connects(1), (Actions{cancel(0), cancel(2), won(1)}));
    EXPECT_TRUE(race.over());
    EXPECT_EQ(connects(0), Actions{}) << "a late connection of a cancelled attempt changes nothing";
    EXPECT_EQ(fails(2, 600), Actions{});
    EXPECT_EQ(resolved(Family::v4, {four_too}, 700), Actions{});
}

TEST_F(HappyEyeballsTest, WaitsForTheSecondAnswerBeforeItGivesUp) {
    EXPECT_EQ(resolved(Family::v6, {six}, 0), Actions{start(0, six)});
    EXPECT_EQ(fails(0, 10), Actions{});
    EXPECT_FALSE(race.over());
    EXPECT_EQ(resolved(Family::v4, {four}, 400), Actions{start(1, four)});
    EXPECT_EQ(fails(1, 500), Actions{failed});
}

TEST_F(HappyEyeballsTest, FailsWithoutAnyAddress) {
    EXPECT_EQ(resolved(Family::v4, {}, 0), Actions{});
    EXPECT_EQ(resolved(Family::v6, {}, 5), Actions{failed});
}

TEST_F(HappyEyeballsTest, NeverTriesMoreThanItsBound) {
    race = HappyEyeballs{2};
    resolved(Family::v4, {four, four_too}, 0);
    resolved(Family::v6, {six, six_too}, 0);
    EXPECT_EQ(fails(0, 1), Actions{start(1, four)});
    EXPECT_EQ(fails(1, 2), Actions{failed});
}

TEST_F(HappyEyeballsTest, StopCancelsWhatRuns) {
    resolved(Family::v6, {six}, 0);
    EXPECT_EQ(collect([&](RaceActions& out) { race.stop(out); }), Actions{cancel(0)});
    EXPECT_TRUE(race.over());
}

}  // namespace
}  // namespace sallyport::route
