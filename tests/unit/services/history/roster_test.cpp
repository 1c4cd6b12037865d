// Who has a history: those that are there most; whoever turns up in numbers drives nobody out.
#include "services/history/roster.h"

#include <gtest/gtest.h>

namespace sallyport::history {
namespace {

constexpr std::int64_t roster_second = 1'800'000'000;

class Kept : public testing::Test {
protected:
    /// `active` are there for so many quarters of an hour.
    void stay(const std::set<std::string>& active, int quarters = 1) {
        for (int i = 0; i < quarters; ++i) {
            settled = roster.settle(active, named, time);
            time += Roster::quarter;
        }
    }

    Roster roster{4};
    Roster::Settled settled;
    std::set<std::string> named;
    std::int64_t time = roster_second;
};

TEST_F(Kept, AreAllWhileThereIsRoom) {
    stay({"a.test", "b.example", "c.invalid"});
    EXPECT_EQ(roster.kept().size(), 3U);
    EXPECT_EQ(settled.changed.size(), 3U);
}

TEST_F(Kept, AreCountedOnceAQuarter) {
    stay({"a.test"});
    time -= Roster::quarter;
    settled = roster.settle({"a.test"}, {}, time + 10);
    EXPECT_TRUE(settled.changed.empty());
    EXPECT_DOUBLE_EQ(roster.kept().at("a.test").quarters, 1);
}

TEST_F(Kept, GiveWayToWhoIsThereForLongerTheLeastActiveFirst) {
    stay({"a.one", "b.two", "c.three"}, 20);
    stay({"d.four"}, 3);
    stay({"e.five"}, 3);
    EXPECT_FALSE(roster.keeps("e.five")) << "not yet longer than the least active";
    stay({"e.five"}, 3);
    EXPECT_TRUE(roster.keeps("e.five"));
    EXPECT_FALSE(roster.keeps("d.four"));
    EXPECT_TRUE(roster.keeps("a.one"));
    EXPECT_EQ(roster.kept().size(), 4U);
}

TEST_F(Kept, AreNotTurnedOverByStrangersWithAnyNumberOfNames) {
    stay({"a.one", "b.two", "c.three", "d.four"}, 10);
    for (int round = 0; round < 200; ++round) {
        std::set<std::string> strangers;
        for (int i = 0; i < 20; ++i) strangers.insert("n" + std::to_string(round * 20 + i) + ".example");
        stay(strangers);
    }
    for (const char* kept : {"a.one", "b.two", "c.three", "d.four"}) EXPECT_TRUE(roster.keeps(kept)) << kept;
}

TEST_F(Kept, OfOneOwnerAreAQuarter) {
    std::set<std::string> names;
    for (int i = 0; i < 50; ++i) names.insert("n" + std::to_string(i) + ".evil.example");
    stay(names, 100);
    EXPECT_EQ(roster.kept().size(), 1U);
}

TEST_F(Kept, GiveWayToWhomTheOperatorNamesAndNotTheReverse) {
    stay({"a.one", "b.two", "c.three", "d.four"}, 50);
    named = {"e.five"};
    stay({"e.five"});
    EXPECT_TRUE(roster.keeps("e.five"));
    EXPECT_EQ(settled.forgotten.size(), 1U);
    stay({"f.six"}, 100);
    EXPECT_TRUE(roster.keeps("e.five")) << "it was there once";
    EXPECT_TRUE(roster.keeps("f.six"));
}

TEST_F(Kept, LoseHalfOfTheirActivityInAWeek) {
    Roster::Rank rank{80, 0, false};
    EXPECT_DOUBLE_EQ(rank.in(7 * 24 * 4), 40);
    EXPECT_DOUBLE_EQ(rank.in(-5), 80) << "a clock that was set back";
}

TEST_F(Kept, AreRestoredAsFarAsThereIsRoom) {
    for (const char* name : {"a.one", "b.two", "c.three", "d.four", "e.five"}) roster.restore(name, {3, 1, false});
    EXPECT_EQ(roster.kept().size(), 4U);
}

}  // namespace
}  // namespace sallyport::history
