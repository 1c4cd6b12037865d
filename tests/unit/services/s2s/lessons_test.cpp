// What failures have taught holds for a while, within a bound.
#include <gtest/gtest.h>

#include "services/s2s/lessons.h"

namespace sallyport::s2s {
namespace {

using std::chrono::seconds;

TimePoint at_second(int second) { return TimePoint{seconds{second}}; }

TEST(Lessons, AreOverAfterAWhile) {
    Lessons<int> lessons{4, seconds{10}};
    lessons.learn("a", 1, at_second(0));
    ASSERT_NE(lessons.recall("a", at_second(9)), nullptr);
    EXPECT_EQ(*lessons.recall("a", at_second(9)), 1);
    EXPECT_EQ(lessons.recall("a", at_second(10)), nullptr);
    EXPECT_EQ(lessons.size(), 0U);
    EXPECT_EQ(lessons.recall("b", at_second(0)), nullptr);
}

TEST(Lessons, AreBoundedAndTheOldestGoFirst) {
    Lessons<int> lessons{3, seconds{10}};
    for (int n = 0; n < 50; ++n) lessons.learn("peer" + std::to_string(n), n, at_second(n / 10));
    EXPECT_EQ(lessons.size(), 3U);
    EXPECT_EQ(lessons.recall("peer0", at_second(5)), nullptr);
    EXPECT_NE(lessons.recall("peer49", at_second(5)), nullptr);
    lessons.learn("peer49", 100, at_second(6));  // known already: needs no room
    EXPECT_EQ(lessons.size(), 3U);
    EXPECT_EQ(*lessons.recall("peer49", at_second(15)), 100);
}

TEST(Lessons, MakeRoomFirstFromWhatIsOver) {
    Lessons<int> lessons{2, seconds{10}};
    lessons.learn("a", 1, at_second(0));
    lessons.learn("b", 2, at_second(8));
    lessons.learn("c", 3, at_second(12));
    EXPECT_NE(lessons.recall("b", at_second(12)), nullptr);
    lessons.unlearn("b");
    EXPECT_EQ(lessons.recall("b", at_second(12)), nullptr);
    lessons.sweep(at_second(30));
    EXPECT_EQ(lessons.size(), 0U);
}

TEST(Lessons, ForgetOneDomainWithItsPairsAndNoOther) {
    Lessons<int> lessons{9, seconds{10}};
    for (const char* key : {"c.test", "c.test a.test", "c.test b.test", "c.test.other", "b.test", "d.test c.test"}) {
        lessons.learn(key, 1, at_second(0));
    }
    lessons.unlearn_domain("c.test");
    EXPECT_EQ(lessons.size(), 3U);
    for (const char* key : {"c.test.other", "b.test", "d.test c.test"}) {
        EXPECT_NE(lessons.recall(key, at_second(1)), nullptr) << key;
    }
    lessons.unlearn_domain("e.test");
    EXPECT_EQ(lessons.size(), 3U);
}

TEST(Lessons, AskForSomebodyToSweep) {
    int asked = 0;
    Lessons<int> lessons{2, seconds{10}, [&] { ++asked; }};
    lessons.learn("a", 1, at_second(0));
    EXPECT_EQ(asked, 1);
}

}  // namespace
}  // namespace sallyport::s2s
