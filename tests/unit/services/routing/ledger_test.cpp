// Bounds per remote address hold however many addresses there are, and nothing that was counted stays for ever.
#include "services/routing/ledger.h"

#include <gtest/gtest.h>

namespace sallyport::routing {
namespace {

using std::chrono::seconds;

constexpr TimePoint start{seconds{1000}};

IpAddress v4(std::uint32_t number) { return IpAddress::v4(0xC0000000U + number); }
IpAddress v6(const std::string& text) { return *IpAddress::parse(text); }

LedgerBounds bounds() {
    Limits limits;
    limits.connections_per_address = 100;
    limits.unauthenticated_per_address = 20;
    limits.new_connections_per_10s = 50;
    limits.unauthenticated_connections = 1'000'000;
    limits.pending_dialbacks_per_address = 4;
    limits.pending_dialbacks = 1000;
    limits.counted_addresses = 256;
    return LedgerBounds::of(limits);
}

/// Connections that come and are closed at once; how many were let in.
std::uint64_t knock(Ledger& ledger, const IpAddress& from, unsigned times, TimePoint now) {
    std::uint64_t let_in = 0;
    for (unsigned i = 0; i < times; ++i) let_in += ledger.enter(from, now).has_value() ? 1 : 0;
    return let_in;
}

TEST(Ledger, BoundsOneAddress) {
    Ledger ledger{bounds()};
    std::vector<Ledger::Entry> open;
    for (int i = 0; i < 20; ++i) open.push_back(*ledger.enter(v4(1), start));
    EXPECT_FALSE(ledger.enter(v4(1), start)) << "unauthenticated_per_address";
    EXPECT_TRUE(ledger.enter(v4(2), start));
    open.front().authenticated();
    EXPECT_TRUE(ledger.enter(v4(1), start)) << "one has proved who it is, and this one ends at once";
    open.clear();
    EXPECT_EQ(knock(ledger, v4(1), 100, start), 50U - 22U) << "new_connections_per_10s counts the refused one too";
    EXPECT_EQ(knock(ledger, v4(1), 100, start + seconds{10}), 50U);
    EXPECT_EQ(ledger.totals().connections, 0U);
    EXPECT_EQ(ledger.totals().unauthenticated, 0U);
}

TEST(Ledger, ForgetsAddressesThatWentAway) {
    Ledger ledger{bounds()};
    std::vector<Ledger::Entry> open;
    open.push_back(*ledger.enter(v4(0), start));
    for (unsigned i = 1; i < 200; ++i) knock(ledger, v4(i), 1, start);
    EXPECT_EQ(ledger.addresses(start), 200U);
    EXPECT_EQ(ledger.addresses(start + seconds{10}), 1U) << "what is connected stays counted";
    open.clear();
    EXPECT_EQ(ledger.addresses(start + seconds{20}), 0U);
}

TEST(Ledger, ForgetsRefusedAddressesToo) {
    LedgerBounds tight = bounds();
    tight.unauthenticated_connections = 0;
    Ledger ledger{tight};
    for (unsigned i = 0; i < 200; ++i) EXPECT_EQ(knock(ledger, v4(i), 1, start), 0U);
    EXPECT_EQ(ledger.addresses(start + seconds{10}), 0U);
    EXPECT_EQ(ledger.totals().refused, 200U);
}

TEST(Ledger, NeverGrowsBeyondItsBound) {
    Ledger ledger{bounds()};
    for (unsigned i = 0; i < 100'000; ++i) {
        knock(ledger, v4(i), 1, start + std::chrono::microseconds{i});
        ASSERT_LE(ledger.addresses(start), 256U);
    }
    EXPECT_EQ(ledger.addresses(start + seconds{11}), 0U);
}

TEST(Ledger, LetsManyNewAddressesShareOneAccountWhenAllAreTaken) {
    Ledger ledger{bounds()};
    for (unsigned i = 0; i < 256; ++i) knock(ledger, v4(i), 1, start);
    std::uint64_t let_in = 0;
    for (unsigned i = 1000; i < 11'000; ++i) let_in += knock(ledger, v4(i), 1, start);
    EXPECT_EQ(let_in, 50U * Ledger::others_share);
    EXPECT_EQ(knock(ledger, v4(7), 100, start), 49U) << "who has an account keeps it";
    EXPECT_EQ(knock(ledger, v4(2000), 100, start + seconds{10}), 50U) << "old accounts made room";
}

TEST(Ledger, CountsTheOthersRightWhenTheyGetAnAccountOfTheirOwn) {
    Ledger ledger{bounds()};
    for (unsigned i = 0; i < 256; ++i) knock(ledger, v4(i), 1, start);
    auto among_others = ledger.enter(v4(5000), start);
    ASSERT_TRUE(among_others);
    EXPECT_EQ(ledger.addresses(start + seconds{10}), 0U);
    auto own = ledger.enter(v4(5000), start + seconds{10});
    ASSERT_TRUE(own);
    among_others.reset();
    own.reset();
    EXPECT_EQ(ledger.totals().connections, 0U);
    EXPECT_EQ(ledger.addresses(start + seconds{30}), 0U);
    EXPECT_EQ(knock(ledger, v4(5000), 100, start + seconds{30}), 50U);
}

TEST(Ledger, CountsTheAddressesOfOneIpv6SubscriberTogether) {
    LedgerBounds roomy = bounds();
    roomy.addresses = 4096;
    Ledger ledger{roomy};
    std::uint64_t of_one_link = 0;
    for (int i = 1; i < 1000; ++i) of_one_link += knock(ledger, v6("2001:db8:1:1::" + std::to_string(i)), 1, start);
    EXPECT_EQ(of_one_link, 50U);
    std::uint64_t of_one_site = 0;
    for (int i = 1; i < 1000; ++i)
        of_one_site += knock(ledger, v6("2001:db8:2:" + std::to_string(i) + "::1"), 1, start);
    EXPECT_EQ(of_one_site, 50U * Ledger::network_share);
    EXPECT_EQ(knock(ledger, v6("2001:db8:3:1::1"), 100, start), 50U);
}

TEST(Ledger, BoundsVerificationsOfOneAddress) {
    Ledger ledger{bounds()};
    const auto connection = ledger.enter(v4(1), start);
    std::vector<Ledger::Entry> asked;
    for (int i = 0; i < 4; ++i) asked.push_back(*ledger.begin_dialback(v4(1)));
    EXPECT_FALSE(ledger.begin_dialback(v4(1)));
    asked.pop_back();
    EXPECT_TRUE(ledger.begin_dialback(v4(1)));
    asked.clear();
    EXPECT_EQ(ledger.totals().dialbacks, 0U);
}

TEST(Ledger, LetsAVerificationOutliveItsConnection) {
    Ledger ledger{bounds()};
    auto connection = ledger.enter(v4(1), start);
    auto asked = ledger.begin_dialback(v4(1));
    connection.reset();
    EXPECT_EQ(ledger.addresses(start + seconds{10}), 1U);
    asked.reset();
    EXPECT_EQ(ledger.addresses(start + seconds{20}), 0U);
}

TEST(Ledger, TakesALiftedBoundForNone) {
    Ledger ledger{open_profile(Limits{})};
    std::vector<Ledger::Entry> open;
    for (int i = 0; i < 5000; ++i) open.push_back(*ledger.enter(v6("2001:db8::1"), start));
    EXPECT_EQ(ledger.totals().connections, 5000U);
}

}  // namespace
}  // namespace sallyport::routing
