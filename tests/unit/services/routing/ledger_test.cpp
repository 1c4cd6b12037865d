// Bounds per remote address hold however many addresses there are, and nothing that was counted stays for ever.
#include "services/routing/ledger.h"

#include <gtest/gtest.h>

#include <cstdio>

namespace sallyport::routing {
namespace {

using std::chrono::seconds;

constexpr TimePoint start{seconds{1000}};

/// Of sixteen big networks, in turn.
IpAddress v4(std::uint32_t number) { return IpAddress::v4(0xC0000000U + (number % 16 << 16) + number / 16); }
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
    open.front().authenticated(start);
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

TEST(Ledger, GivesNoPlaceToASubscriberWhoseNetworkIsRefused) {
    LedgerBounds roomy = bounds();
    roomy.addresses = 4096;
    Ledger ledger{roomy};
    for (unsigned i = 0; i < 4000; ++i) {
        char text[64];
        std::snprintf(text, sizeof text, "2001:db8:1:%x::1", i);
        knock(ledger, v6(text), 1, start);
    }
    EXPECT_EQ(ledger.addresses(start), 50U * Ledger::network_share + 1);
}

/// 65,536 networks of 65,536 subscribers each.
TEST(Ledger, LeavesPlacesToOthersWhoeverKnocks) {
    Ledger ledger{bounds()};
    for (unsigned i = 0; i < 5000; ++i) {
        char text[64];
        std::snprintf(text, sizeof text, "2001:db8:%x::1", i);
        knock(ledger, v6(text), 1, start);
        knock(ledger, IpAddress::v4(0x0B000000U + i), 1, start);
    }
    EXPECT_LE(ledger.addresses(start), 2 * 256U / Ledger::places_share);
    EXPECT_EQ(knock(ledger, v6("2001:db9::1"), 100, start), 50U) << "an account of its own";
    EXPECT_EQ(knock(ledger, v4(1), 100, start), 50U) << "an account of its own";
    EXPECT_EQ(ledger.addresses(start + seconds{10}), 0U);
}

TEST(Ledger, GivesThePlaceOfOneThatWasRefusedToOneThatIsNew) {
    Ledger ledger{bounds()};
    for (unsigned i = 0; i < 256; ++i) knock(ledger, v4(i), i == 3 ? 51 : 1, start);
    EXPECT_EQ(knock(ledger, v4(1000), 100, start), 50U) << "an account of its own";
    EXPECT_EQ(knock(ledger, v4(1), 100, start), 49U) << "who was not refused keeps his";
    EXPECT_EQ(ledger.addresses(start), 256U);
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
    for (int i = 0; i < 4; ++i) asked.push_back(ledger.begin_dialback(v4(1), start).value());
    EXPECT_FALSE(ledger.begin_dialback(v4(1), start));
    asked.pop_back();
    EXPECT_TRUE(ledger.begin_dialback(v4(1), start));
    asked.clear();
    EXPECT_EQ(ledger.totals().dialbacks, 0U);
}

TEST(Ledger, BoundsHowOftenVerificationsOfOneAddressBegin) {
    Ledger ledger{bounds()};
    const auto ask = [&](TimePoint now) {
        std::uint64_t begun = 0;
        for (int i = 0; i < 150; ++i) begun += ledger.begin_dialback(v4(1), now) ? 1 : 0;
        return begun;
    };
    std::optional<Ledger::Entry> connection = ledger.enter(v4(1), start);
    EXPECT_EQ(ask(start + seconds{12}), 100U);
    EXPECT_EQ(ledger.begin_dialback(v4(1), start + seconds{12}).error().code, "too-fast");
    connection.reset();
    EXPECT_EQ(ledger.addresses(start + seconds{17}), 1U) << "it is not forgotten sooner than its pace is";
    EXPECT_EQ(ask(start + seconds{17}), 0U);
    EXPECT_EQ(ask(start + seconds{22}), 100U);
    EXPECT_EQ(ledger.addresses(start + seconds{40}), 0U);
}

TEST(Ledger, LetsAVerificationOutliveItsConnection) {
    Ledger ledger{bounds()};
    auto connection = ledger.enter(v4(1), start);
    std::optional<Ledger::Entry> asked = ledger.begin_dialback(v4(1), start).value();
    connection.reset();
    EXPECT_EQ(ledger.addresses(start + seconds{10}), 1U);
    asked.reset();
    EXPECT_EQ(ledger.addresses(start + seconds{20}), 0U);
}

TEST(Ledger, LetsTheOldestMakeWayWhenATotalIsReached) {
    LedgerBounds tight = bounds();
    tight.unauthenticated_connections = 4;
    tight.dialbacks = 2;
    Ledger ledger{tight};
    std::vector<unsigned> left;
    std::vector<Ledger::Entry> open;
    const auto enter = [&](unsigned number, TimePoint now = start) {
        auto entry = ledger.enter(v4(number), now);
        if (!entry) return false;
        entry->make_way_by([&left, number] { left.push_back(number); });
        open.push_back(std::move(*entry));
        return true;
    };
    for (unsigned i = 0; i < 4; ++i) ASSERT_TRUE(enter(i));
    open[0].authenticated(start);
    EXPECT_TRUE(enter(4));
    EXPECT_TRUE(left.empty()) << "one has proved who it is";
    EXPECT_FALSE(enter(5, start + seconds{1})) << "the others have only just come";
    EXPECT_TRUE(enter(5, start + seconds{3}));
    EXPECT_TRUE(enter(6, start + seconds{3}));
    EXPECT_EQ(left, (std::vector<unsigned>{1, 2}));
    EXPECT_EQ(ledger.totals().unauthenticated, 4U);
    open[1].authenticated(start);  // too late, and not counted twice
    EXPECT_EQ(ledger.totals().unauthenticated, 4U);
    open.clear();
    EXPECT_EQ(ledger.totals().unauthenticated, 0U);
    EXPECT_EQ(ledger.totals().connections, 0U);
    left.clear();
    for (unsigned i = 0; i < 3; ++i) {
        open.push_back(ledger.begin_dialback(v4(10 + i), start).value());  // who is not among the proven
        if (i != 0) open.back().make_way_by([&left, i] { left.push_back(i); });
        if (i == 1) {
            EXPECT_TRUE(left.empty());
        }
    }
    EXPECT_EQ(left, (std::vector<unsigned>{1})) << "the first has not said how";
    EXPECT_EQ(ledger.totals().dialbacks, 2U);
    open.clear();
    EXPECT_EQ(ledger.totals().dialbacks, 0U);
    EXPECT_EQ(ledger.addresses(start + seconds{20}), 0U);
}

TEST(Ledger, HasRoomBesideTheTotalsForAddressesThatHaveProvedThemselves) {
    LedgerBounds tight = bounds();
    tight.unauthenticated_connections = tight.dialbacks = 16;
    Ledger ledger{tight};
    for (unsigned i = 0; i < 3; ++i) ledger.enter(v4(i), start)->authenticated(start);
    const TimePoint later = start + seconds{3600};
    std::vector<unsigned> left;
    std::vector<Ledger::Entry> open, asked;
    const auto enter = [&](unsigned number, TimePoint now) {
        auto entry = ledger.enter(v4(number), now);
        if (!entry) return false;
        entry->make_way_by([&left, number] { left.push_back(number); });
        open.push_back(std::move(*entry));
        return true;
    };
    for (unsigned i = 100; i < 116; ++i) ASSERT_TRUE(enter(i, later));
    EXPECT_FALSE(enter(116, later));
    EXPECT_TRUE(enter(0, later));
    EXPECT_TRUE(enter(1, later));
    EXPECT_FALSE(enter(2, later)) << "an eighth";
    EXPECT_TRUE(left.empty());
    EXPECT_TRUE(enter(2, later + seconds{3}));
    EXPECT_EQ(left, (std::vector<unsigned>{0})) << "the oldest of them, and no stranger";
    EXPECT_TRUE(enter(117, later + seconds{3}));
    EXPECT_EQ(left, (std::vector<unsigned>{0, 100})) << "strangers make way for strangers";
    for (unsigned i = 100; i < 116; ++i) asked.push_back(ledger.begin_dialback(v4(i), later).value());
    EXPECT_FALSE(ledger.begin_dialback(v4(116), later));
    EXPECT_TRUE(ledger.begin_dialback(v4(1), later));
    open.clear();
    asked.clear();
    EXPECT_EQ(ledger.totals().unauthenticated, 0U);
    EXPECT_EQ(ledger.totals().dialbacks, 0U);
    TableFills tables;
    ledger.tables(tables, start + seconds{25 * 3600});
    for (const TableFill& table : tables) EXPECT_EQ(table.entries, 0U) << table.name;
}

TEST(ProvenAddresses, AreNoMoreThanTheirBoundAndOfOneNetworkAnEighth) {
    ProvenAddresses proven;
    const auto of_one_network = [](std::uint32_t number) {
        return AddressKey{32, IpAddress::v4(0x0B000000U + number)};
    };
    const AddressKey other{32, v4(1)};
    proven.remember(other, start);
    for (std::uint32_t n = 0; n < 1000; ++n) proven.remember(of_one_network(n), start);
    EXPECT_EQ(proven.size(), ProvenAddresses::most_of_network + 1);
    EXPECT_TRUE(proven.has(other));
    EXPECT_TRUE(proven.has(of_one_network(999)));
    EXPECT_FALSE(proven.has(of_one_network(0))) << "the oldest made way";
    for (std::uint32_t n = 2; n < 4000; ++n) proven.remember({32, v4(n)}, start);
    EXPECT_EQ(proven.size(), ProvenAddresses::most);
    for (int times = 0; times < 100; ++times) proven.age(start + ProvenAddresses::remembered);
    EXPECT_EQ(proven.size(), 0U);
}

/// Whoever owns a name proves himself with it, from as many addresses as he has. When descriptors are used up, a node
/// takes no link, dials nobody and opens no file.
TEST(Ledger, LeavesDescriptorsToOthersWhoeverProvesWhoHeIs) {
    Ledger ledger{Limits{}};
    std::vector<Ledger::Entry> open;
    for (std::uint32_t round = 0; round < 2; ++round) {
        for (std::uint32_t address = 0; address < 800; ++address) {
            const TimePoint now = start + seconds{20 * round};
            for (unsigned n = 0; n < 50; ++n) {
                auto entry = ledger.enter(IpAddress::v4(0x0A000001U + (address << 16)), now);
                if (entry && entry->authenticated(now)) open.push_back(std::move(*entry));
            }
        }
    }
    EXPECT_LE(open.size(), Limits{}.connections);
    EXPECT_GT(open.size(), Limits{}.connections / 2);
}

TEST(Ledger, LetsWhoHasMostStreamsMakeWayForWhoHasFewer) {
    LedgerBounds tight = bounds();
    tight.connections = 8;
    tight.unauthenticated_connections = 4;  // leaves four
    Ledger ledger{tight};
    std::vector<std::pair<std::string, unsigned>> left;
    std::vector<Ledger::Entry> open;
    const auto prove = [&](const std::string& owner) {
        const auto number = static_cast<unsigned>(open.size());
        auto entry = ledger.enter(v4(number), start);
        if (!entry ||
            !entry->authenticated(start, owner, [&left, owner, number] { left.emplace_back(owner, number); })) {
            return false;
        }
        open.push_back(std::move(*entry));
        return true;
    };
    using Left = decltype(left);
    for (int n = 0; n < 4; ++n) EXPECT_TRUE(prove("many.test")) << "nobody else wants them";
    EXPECT_FALSE(prove("many.test"));
    EXPECT_TRUE(prove("one.test"));
    EXPECT_EQ(left, (Left{{"many.test", 0}}));
    EXPECT_TRUE(prove("one.test"));
    EXPECT_EQ(left, (Left{{"many.test", 0}, {"many.test", 1}}));
    EXPECT_FALSE(prove("one.test")) << "they have two each";
    EXPECT_TRUE(prove("two.test"));
    EXPECT_EQ(left.size(), 3U);
    EXPECT_EQ(ledger.totals().refused, 2U);
    open.clear();
    EXPECT_EQ(ledger.totals().connections, 0U);
    EXPECT_EQ(ledger.totals().unauthenticated, 0U);
    TableFills tables;
    ledger.tables(tables, start);
    for (const TableFill& table : tables) {
        if (table.name == "connections.authenticated") {
            EXPECT_EQ(table.entries, 0U);
        }
    }
    for (int n = 0; n < 4; ++n) EXPECT_TRUE(prove("many.test"));
}

/// A stream that goes on on another shard.
TEST(Ledger, TellsWhoMakesWayInTheWayThatItGaveLast) {
    LedgerBounds tight = bounds();
    tight.connections = 8;
    tight.unauthenticated_connections = 4;  // leaves four
    Ledger ledger{tight};
    std::vector<std::string> told;
    std::vector<Ledger::Entry> open;
    const auto prove = [&](const std::string& owner) {
        auto entry = ledger.enter(v4(static_cast<unsigned>(open.size())), start);
        ASSERT_TRUE(entry && entry->authenticated(start, owner, [&] { told.push_back("first"); }));
        open.push_back(std::move(*entry));
    };
    for (int n = 0; n < 4; ++n) prove("many.test");
    open.front().leave_by([&] { told.push_back("second"); });
    prove("one.test");
    EXPECT_EQ(told, std::vector<std::string>{"second"});
    // It has made way: who takes it over hears of it at once.
    open.front().leave_by([&] { told.push_back("third"); });
    EXPECT_EQ(told, (std::vector<std::string>{"second", "third"}));
    open.front().let_go();
    open.front().leave_by([&] { told.push_back("never"); });
    EXPECT_EQ(told.size(), 2U);
}

TEST(Ledger, TakesALiftedBoundForNone) {
    Ledger ledger{open_profile(Limits{})};
    std::vector<Ledger::Entry> open;
    for (int i = 0; i < 5000; ++i) open.push_back(*ledger.enter(v6("2001:db8::1"), start));
    EXPECT_EQ(ledger.totals().connections, 5000U);
}

}  // namespace
}  // namespace sallyport::routing
