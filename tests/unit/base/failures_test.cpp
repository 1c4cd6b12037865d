// Refusals within a minute, by key.
#include "base/failures.h"

#include <gtest/gtest.h>

#include <string>

namespace sallyport {
namespace {

using namespace std::chrono_literals;

TEST(Failures, SlowDownAfterAFewAndForget) {
    Failures failures{3};
    const TimePoint start{};
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(failures.wait("a", start), Duration{}) << i;
        failures.note("a", start + i * 1s);
    }
    EXPECT_EQ(failures.wait("a", start + 3s), 57s);
    EXPECT_EQ(failures.wait("b", start + 3s), Duration{});
    EXPECT_EQ(failures.wait("a", start + 60s), Duration{});
    failures.note("a", start + 60s);
    EXPECT_GT(failures.wait("a", start + 60s), Duration{});
    failures.forgive("a");
    EXPECT_EQ(failures.wait("a", start + 60s), Duration{});
}

TEST(Failures, AreBounded) {
    Failures failures{1};
    for (std::size_t i = 0; i < Failures::most_keys + 10; ++i) {
        failures.note(std::to_string(i), TimePoint{} + std::chrono::milliseconds{i});
    }
    EXPECT_EQ(failures.wait("0", TimePoint{} + 5s), Duration{}) << "the oldest made room";
    EXPECT_GT(failures.wait(std::to_string(Failures::most_keys + 9), TimePoint{} + 5s), Duration{});
}

TEST(Failures, CountAllAddressesOfOneCustomerTogether) {
    EXPECT_EQ(failure_key(*IpAddress::parse("2001:db8:1:2::1")),
              failure_key(*IpAddress::parse("2001:db8:1:2:ffff::2")));
    EXPECT_NE(failure_key(*IpAddress::parse("2001:db8:1:2::1")), failure_key(*IpAddress::parse("2001:db8:1:3::1")));
    EXPECT_NE(failure_key(*IpAddress::parse("192.0.2.1")), failure_key(*IpAddress::parse("192.0.2.2")));
}

TEST(Failures, OfAGuesserAreNotForgottenBecauseOthersAreMany) {
    Failures failures{3};
    for (int i = 0; i < 3; ++i) failures.note("guesser", TimePoint{});
    for (std::size_t i = 0; i < 3 * Failures::most_keys; ++i) {
        failures.note(std::to_string(i), TimePoint{} + std::chrono::milliseconds{i});
    }
    EXPECT_LE(failures.size(), Failures::most_keys);
    EXPECT_GT(failures.wait("guesser", TimePoint{} + 30s), Duration{});
}

}  // namespace
}  // namespace sallyport
