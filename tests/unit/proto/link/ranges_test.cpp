// Ranges of stanza numbers, and the receiving direction.
#include <gtest/gtest.h>

#include "proto/link/session.h"

namespace sallyport::test {
namespace {

using link::Range;

TEST(LinkRanges, ReadWhatTheyWrite) {
    const std::vector<Range> ranges{{1, 1}, {12, 40}, {44, 44}};
    EXPECT_EQ(link::write_ranges(ranges), "1 12-40 44");
    std::vector<Range> read;
    ASSERT_TRUE(link::parse_ranges("1 12-40 44", read));
    EXPECT_EQ(read, ranges);
}

TEST(LinkRanges, RefuseWhatIsNone) {
    std::vector<Range> read;
    for (const char* text :
         {"", " ", "0", "1-", "-1", "2-1", "1  2", "1 ", "x", "1,2", "99999999999999999999999", "1-0"})
        EXPECT_FALSE(link::parse_ranges(text, read)) << text;
    std::string many = "1";
    for (int n = 2; n < 5000; ++n) many += " " + std::to_string(2 * n);
    EXPECT_FALSE(link::parse_ranges(many, read)) << "more than 4096";
}

TEST(ReceiveWindow, GathersWhatIsDoneInAnyOrder) {
    link::ReceiveWindow window;
    for (int n = 0; n < 6; ++n) window.received();
    EXPECT_EQ(window.h(), 6U);
    for (const std::uint64_t number : {5U, 1U, 3U, 2U}) window.handled(number);
    EXPECT_EQ(window.take_done(), (std::vector<Range>{{1, 3}, {5, 5}}));
    EXPECT_FALSE(window.has_done());
    EXPECT_TRUE(window.take_done().empty());
}

TEST(ReceiveWindow, TellsAgainOverANewConnectionWhatWasTold) {
    link::ReceiveWindow window;
    for (int n = 0; n < 10; ++n) window.received();
    for (const std::uint64_t number : {1U, 2U, 3U, 6U, 7U}) window.handled(number);
    EXPECT_EQ(window.take_done(), (std::vector<Range>{{1, 3}, {6, 7}}));
    for (const std::uint64_t number : {5U, 9U}) window.handled(number);
    EXPECT_EQ(window.take_done(), (std::vector<Range>{{5, 5}, {9, 9}}));
    window.handled(4);
    window.resumed();
    EXPECT_EQ(window.take_done(), (std::vector<Range>{{1, 3}, {5, 7}, {9, 9}}));
    EXPECT_EQ(window.take_done(), (std::vector<Range>{{4, 4}}));
    EXPECT_FALSE(window.has_done());
    window.resumed();
    EXPECT_EQ(window.take_done(), (std::vector<Range>{{1, 7}, {9, 9}})) << "no more ranges than holes";
}

TEST(ReceiveWindow, ForgetsEverythingInANewSession) {
    link::ReceiveWindow window;
    for (int n = 0; n < 3; ++n) window.received();
    window.handled(1);
    (void)window.take_done();
    window.handled(2);
    window.restart();
    EXPECT_EQ(window.h(), 0U);
    EXPECT_FALSE(window.has_done());
    window.resumed();
    EXPECT_FALSE(window.has_done()) << "what was told in the old one";
    EXPECT_EQ(window.received(), 1U);
}

TEST(ReceiveWindow, SaysNoMoreAtOnceThanTheOtherReads) {
    link::ReceiveWindow window;
    for (std::uint64_t n = 0; n < 20000; ++n) {
        window.received();
        if (n % 2 == 0) window.handled(n + 1);
    }
    std::size_t said = 0;
    while (window.has_done()) {
        const auto ranges = window.take_done();
        std::vector<Range> read;
        ASSERT_TRUE(link::parse_ranges(link::write_ranges(ranges), read));
        said += ranges.size();
    }
    EXPECT_EQ(said, 10000U);
}

TEST(ReceiveWindow, KeepsFewRangesHoweverItsStanzasWereDone) {
    link::ReceiveWindow window;
    constexpr std::uint64_t batch = 100;
    std::size_t most = 0;
    for (std::uint64_t first = 1; first < 100 * batch; first += batch) {
        // Every second of them is done at once, the others a moment later: they belong to another shard.
        for (const std::uint64_t odd : {0U, 1U}) {
            for (std::uint64_t n = odd; n < batch; n += 2) window.handled(first + n);
            most = std::max(most, window.holes());
        }
    }
    EXPECT_LE(most, 400U);
    EXPECT_EQ(window.take_done(), (std::vector<link::Range>{{1, 100 * batch}}));
    EXPECT_FALSE(window.has_done());
}

}  // namespace
}  // namespace sallyport::test
