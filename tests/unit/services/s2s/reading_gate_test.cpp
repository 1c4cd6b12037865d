// Whether a stream is read on, and whose doing it is when it is not.
#include "services/s2s/reading_gate.h"

#include <gtest/gtest.h>

namespace sallyport::s2s {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start{1h};

TEST(ReadingGate, TellsTheStreamOnlyWhatIsNew) {
    ReadingGate gate{1000, 1000, start};
    EXPECT_EQ(gate.pause(false), std::nullopt) << "it is being read";
    EXPECT_EQ(gate.pause(true), true);
    EXPECT_EQ(gate.pause(true), std::nullopt);
    EXPECT_TRUE(gate.is_paused());
    EXPECT_EQ(gate.pause(false), false);
    EXPECT_FALSE(gate.is_paused());
}

TEST(ReadingGate, KnowsWhoseDoingItIs) {
    ReadingGate gate{1000, 1000, start};
    gate.unread(true);
    EXPECT_EQ(gate.pause(false), true);
    EXPECT_FALSE(gate.closed_by_us(false)) << "the peer does not read our answers";
    gate.unread(false);
    EXPECT_EQ(gate.pause(false), false);
    gate.leave_rest(true);
    EXPECT_EQ(gate.pause(false), true) << "the rest comes first";
    EXPECT_TRUE(gate.closed_by_us(false));
    gate.leave_rest(false);
    EXPECT_TRUE(gate.closed_by_us(true));
}

TEST(ReadingGate, WaitsUntilABurstIsPaidFor) {
    ReadingGate gate{1000, 1000, start};
    gate.take(1000, start);
    EXPECT_EQ(gate.deadline(), never);
    gate.take(3000, start);
    EXPECT_EQ(gate.deadline(), start + 2s);
    EXPECT_EQ(gate.pause(false), true);
    EXPECT_TRUE(gate.closed_by_us(false));
    gate.look(start + 1s);
    EXPECT_EQ(gate.pause(false), std::nullopt);
    gate.look(start + 2s);
    EXPECT_EQ(gate.pause(false), false);
}

TEST(ReadingGate, BeginsAgainWithAnotherConnection) {
    ReadingGate gate{1000, 1000, start};
    gate.leave_rest(true);
    gate.unread(true);
    (void)gate.pause(false);
    gate.begin_again(5000);
    EXPECT_FALSE(gate.is_paused());
    EXPECT_FALSE(gate.has_rest());
    EXPECT_EQ(gate.pause(false), std::nullopt);
    gate.take(6000, start);
    EXPECT_EQ(gate.deadline(), never) << "what came on the other connection is not charged";
}

}  // namespace
}  // namespace sallyport::s2s
