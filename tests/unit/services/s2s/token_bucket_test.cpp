// How much one stream may send (threat T50).
#include "services/s2s/token_bucket.h"

#include <gtest/gtest.h>

namespace sallyport::s2s {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TimePoint opened{};

TEST(TokenBucket, LetsTheBurstThroughAndThenTheRate) {
    TokenBucket bucket{1000, 4000, opened};
    EXPECT_EQ(bucket.take(4000, opened), Duration{0});
    EXPECT_EQ(bucket.take(500, opened), milliseconds{500});
    EXPECT_EQ(bucket.take(0, opened + milliseconds{500}), Duration{0});
}

TEST(TokenBucket, ConvergesToTheRateUnderAFlood) {
    constexpr std::uint64_t rate = 10000;
    TokenBucket bucket{rate, 20000, opened};
    std::uint64_t read = 0;
    TimePoint now = opened;
    while (now < opened + seconds{100}) {
        read += 1000;
        now += bucket.take(1000, now);
    }
    EXPECT_NEAR(static_cast<double>(read), 100.0 * rate + 20000, 0.01 * 100 * rate);
}

TEST(TokenBucket, SavesNoMoreThanTheBurst) {
    TokenBucket bucket{1000, 2000, opened};
    EXPECT_EQ(bucket.take(2000, opened + seconds{3600}), Duration{0});
    EXPECT_EQ(bucket.take(1000, opened + seconds{3600}), seconds{1});
}

TEST(TokenBucket, HoldsNobodyBackWithoutALimit) {
    TokenBucket bucket{unlimited, unlimited, opened};
    EXPECT_EQ(bucket.take(1ULL << 40, opened), Duration{0});
}

}  // namespace
}  // namespace sallyport::s2s
