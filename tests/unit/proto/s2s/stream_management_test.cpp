// Counters of XEP-0198: order, wrap, impossible values.
#include "proto/s2s/stream_management.h"

#include <gtest/gtest.h>

#include <set>

namespace sallyport::s2s {
namespace {

TEST(ReceivedCounter, CountsTheUnbrokenBeginning) {
    ReceivedCounter counter;
    EXPECT_EQ(counter.receive(), 1U);
    counter.handle(1);
    counter.enable();
    for (std::uint64_t i = 2; i <= 6; ++i) EXPECT_EQ(counter.receive(), i);
    counter.handle(4);
    counter.handle(3);
    EXPECT_EQ(counter.h(), 0U);
    counter.handle(2);
    EXPECT_EQ(counter.h(), 3U);
    counter.handle(6);
    counter.handle(6);
    counter.handle(99);
    counter.handle(2);
    EXPECT_EQ(counter.h(), 3U);
    counter.owe();
    EXPECT_FALSE(counter.due());
    counter.handle(5);
    EXPECT_EQ(counter.h(), 5U);
    EXPECT_TRUE(counter.due());
    EXPECT_FALSE(counter.due());
}

/// One stanza stays on its way, and a million others do not.
TEST(ReceivedCounter, AnswersAtALookForWhatHadComeAtTheOneBefore) {
    ReceivedCounter counter;
    counter.enable();
    counter.receive();
    const TimePoint now{};
    EXPECT_EQ(counter.watch(now), now + ReceivedCounter::look_every);
    counter.receive();
    EXPECT_EQ(counter.h(), 0U);
    EXPECT_TRUE(counter.look());
    EXPECT_EQ(counter.next_look(now), now + ReceivedCounter::look_every) << "the second is on its way";
    EXPECT_EQ(counter.h(), 1U) << "the second has just come";
    counter.receive();
    EXPECT_TRUE(counter.look());
    EXPECT_EQ(counter.h(), 2U);
    counter.handle(1);
    EXPECT_EQ(counter.h(), 2U);
    counter.handle(2);
    counter.handle(3);
    EXPECT_EQ(counter.h(), 3U);
    EXPECT_FALSE(counter.on_their_way());
    EXPECT_EQ(counter.next_look(now), never);
    EXPECT_TRUE(counter.look()) << "it is news, and no answer for anything";
    EXPECT_EQ(counter.h(), 3U);
}

TEST(ReceivedCounter, AnswersForNothingWhileItGoesOn) {
    ReceivedCounter counter;
    counter.enable();
    counter.receive();
    counter.receive();
    (void)counter.watch({});
    counter.receive();
    counter.handle(1);
    (void)counter.look();
    EXPECT_EQ(counter.h(), 1U);
}

TEST(ReceivedCounter, KeepsAsMuchAsThereAreGaps) {
    ReceivedCounter counter;
    counter.enable();
    const std::uint64_t first = counter.receive();
    for (int n = 0; n < 1'000'000; ++n) counter.handle(counter.receive());
    EXPECT_EQ(counter.ranges(), 1U);
    EXPECT_EQ(counter.h(), 0U);
    counter.handle(first);
    EXPECT_EQ(counter.ranges(), 0U);
    EXPECT_EQ(counter.h(), 1'000'001U);
}

TEST(ReceivedCounter, ClosesGapsInAnyOrder) {
    constexpr std::uint64_t all = 64;
    for (std::uint64_t step = 1; step < all; step += 2) {  // each is odd, so that all numbers come
        ReceivedCounter counter;
        counter.enable();
        for (std::uint64_t n = 0; n < all; ++n) (void)counter.receive();
        std::set<std::uint64_t> handled;
        for (std::uint64_t n = 0; n < all; ++n) {
            const std::uint64_t sequence = (n * step + 7) % all + 1;
            handled.insert(sequence);
            counter.handle(sequence);
            counter.handle(sequence);
            std::uint64_t unbroken = 0, ranges = 0, last = 0;
            for (const std::uint64_t one : handled) {
                if (one == unbroken + 1) {
                    unbroken = one;
                } else if (one != last + 1) {
                    ++ranges;
                }
                last = one;
            }
            ASSERT_EQ(counter.h(), unbroken);
            ASSERT_EQ(counter.ranges(), ranges);
        }
        EXPECT_EQ(counter.ranges(), 0U);
    }
}

TEST(ReceivedCounter, DoesNotWaitForWhatWasBefore) {
    ReceivedCounter counter;
    for (int i = 0; i < 3; ++i) static_cast<void>(counter.receive());
    counter.handle(2);
    counter.enable();
    EXPECT_EQ(counter.h(), 0U);
    counter.handle(counter.receive());
    EXPECT_EQ(counter.h(), 1U);
    counter.owe();
    EXPECT_FALSE(counter.due()) << "nothing is under way";
}

TEST(ReceivedCounter, DoesNotCountWhatWasBeforeButIsHandledLater) {
    ReceivedCounter counter;
    const std::uint64_t before = counter.receive();
    counter.enable();
    const std::uint64_t after = counter.receive();
    counter.handle(before);
    EXPECT_EQ(counter.h(), 0U);
    counter.handle(after);
    EXPECT_EQ(counter.h(), 1U);
}

TEST(SentCounter, RefusesMoreThanWasSent) {
    SentCounter counter;
    EXPECT_FALSE(counter.send());
    EXPECT_EQ(counter.unacknowledged(), 0U);
    counter.enable();
    for (int i = 0; i < 10; ++i) static_cast<void>(counter.send());
    EXPECT_EQ(counter.acknowledge(4), 4U);
    EXPECT_EQ(counter.acknowledge(4), 0U);
    EXPECT_FALSE(counter.acknowledge(11));
    EXPECT_FALSE(counter.acknowledge(3));  // it cannot go back
    EXPECT_FALSE(counter.acknowledge(4294967295U));
    EXPECT_EQ(counter.acknowledge(10), 6U);
}

TEST(SentCounter, TakesBackWhatThePeerHasNotCounted) {
    SentCounter sent;
    sent.enable();
    for (int i = 0; i < 3; ++i) (void)sent.send();
    EXPECT_EQ(sent.acknowledge(1), 1U);
    sent.withdraw();
    EXPECT_EQ(sent.unacknowledged(), 1U);
    EXPECT_FALSE(sent.counts(3));
    EXPECT_EQ(sent.acknowledge(2), 1U);
    (void)sent.send();
    EXPECT_EQ(sent.acknowledge(3), 1U);
}

TEST(SentCounter, WrapsAtTheWidthOfTheWire) {
    SentCounter counter;
    counter.enable();
    counter.resume_at(0xfffffffeULL);
    for (int i = 0; i < 4; ++i) static_cast<void>(counter.send());
    EXPECT_EQ(counter.acknowledge(0xffffffffU), 1U);
    EXPECT_EQ(counter.acknowledge(1), 2U);
    EXPECT_EQ(counter.unacknowledged(), 1U);
    EXPECT_EQ(counter.acknowledge(2), 1U);
}

TEST(SentCounter, AsksEveryFiftyStanzas) {
    SentCounter counter;
    counter.enable();
    int asked = 0;
    for (int i = 0; i < 200; ++i) {
        if (!counter.send()) continue;
        ++asked;
        counter.asked();
    }
    EXPECT_EQ(asked, 4);
}

TEST(Count, IsPlainDigitsWithin32Bits) {
    EXPECT_EQ(read_h("0"), 0U);
    EXPECT_EQ(read_h("4294967295"), 4294967295U);
    for (const char* bad : {"", "-1", "+1", "4294967296", "1 ", "0x1", "99999999999", "1.0"})
        EXPECT_FALSE(read_h(bad)) << bad;
}

}  // namespace
}  // namespace sallyport::s2s
