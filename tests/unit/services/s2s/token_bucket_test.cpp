// How much one stream may send (threat T50).
#include "services/s2s/token_bucket.h"

#include <gtest/gtest.h>

namespace sallyport::s2s {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TimePoint start{};

TEST(TokenBucket, LetsTheBurstThroughAndThenTheRate) {
    TokenBucket bucket{1000, 4000, start};
    EXPECT_EQ(bucket.take(4000, start), Duration{0});
    EXPECT_EQ(bucket.take(500, start), milliseconds{500});
    EXPECT_EQ(bucket.take(0, start + milliseconds{500}), Duration{0});
}

TEST(TokenBucket, ConvergesToTheRateUnderAFlood) {
    constexpr std::uint64_t rate = 10000;
    TokenBucket bucket{rate, 20000, start};
    std::uint64_t read = 0;
    TimePoint now = start;
    while (now < start + seconds{100}) {
        read += 1000;
        now += bucket.take(1000, now);
    }
    EXPECT_NEAR(static_cast<double>(read), 100.0 * rate + 20000, 0.01 * 100 * rate);
}

TEST(TokenBucket, SavesNoMoreThanTheBurst) {
    TokenBucket bucket{1000, 2000, start};
    EXPECT_EQ(bucket.take(2000, start + seconds{3600}), Duration{0});
    EXPECT_EQ(bucket.take(1000, start + seconds{3600}), seconds{1});
}

TEST(TokenBucket, HoldsNobodyBackWithoutALimit) {
    TokenBucket bucket{unlimited, unlimited, start};
    EXPECT_EQ(bucket.take(1ULL << 40, start), Duration{0});
}

}  // namespace
}  // namespace sallyport::s2s
