// Targets, addresses and delays (RFC 2782, RFC 6120 3.2, XEP-0368; threats T68, T69).
#include "model/route/targets.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace sallyport::route {
namespace {

using Random = std::function<std::uint64_t(std::uint64_t)>;

Random seeded(unsigned seed) {
    return [engine = std::mt19937_64{seed}](std::uint64_t below) mutable { return engine() % below; };
}

Random scripted(std::vector<std::uint64_t> drawn) {
    return [drawn = std::move(drawn), at = std::size_t{0}](std::uint64_t below) mutable {
        const std::uint64_t value = at < drawn.size() ? drawn[at++] : 0;
        EXPECT_LT(value, below);
        return value;
    };
}

DnsAnswer answer(std::vector<SrvRecord> records) {
    DnsAnswer found;
    found.status = DnsStatus::ok;
    found.srv = std::move(records);
    return found;
}

DnsAnswer ended(DnsStatus status, std::string detail = {}) {
    DnsAnswer found;
    found.status = status;
    found.detail = std::move(detail);
    return found;
}

const DnsAnswer none = ended(DnsStatus::no_name);

std::vector<std::string> hosts(const std::vector<Target>& targets) {
    std::vector<std::string> names;
    for (const Target& target : targets) names.push_back(target.host + ":" + std::to_string(target.port));
    return names;
}

TEST(PlanSrv, OrdersByPriorityFirst) {
    const SrvPlan plan =
        plan_srv(answer({{20, 0, 5269, "late.test"}, {10, 0, 5269, "early.test"}, {30, 9, 5270, "last.test"}}), none, 8,
                 seeded(1));
    ASSERT_EQ(plan.next, SrvPlan::Next::targets);
    EXPECT_EQ(hosts(plan.targets), (std::vector<std::string>{"early.test:5269", "late.test:5269", "last.test:5270"}));
}

TEST(PlanSrv, FollowsTheRunningSumsOfRfc2782) {
    const std::vector<SrvRecord> records{{0, 10, 5269, "a"}, {0, 0, 5269, "z"}, {0, 30, 5269, "b"}};
    // Order of the sums: z 0, a 10, b 40. A drawn 0 is z; 1 to 10 a; 11 to 40 b.
    EXPECT_EQ(plan_srv(answer(records), none, 1, scripted({0})).targets.front().host, "z");
    EXPECT_EQ(plan_srv(answer(records), none, 1, scripted({1})).targets.front().host, "a");
    EXPECT_EQ(plan_srv(answer(records), none, 1, scripted({10})).targets.front().host, "a");
    EXPECT_EQ(plan_srv(answer(records), none, 1, scripted({11})).targets.front().host, "b");
    EXPECT_EQ(plan_srv(answer(records), none, 1, scripted({40})).targets.front().host, "b");
    // After b: z 0, a 10; drawn from 0 to 10 inclusive.
    EXPECT_EQ(hosts(plan_srv(answer(records), none, 8, scripted({40, 10, 0})).targets),
              (std::vector<std::string>{"b:5269", "a:5269", "z:5269"}));
}

TEST(PlanSrv, DrawsTargetsInProportionToTheirWeights) {
    std::map<std::string, unsigned> first;
    const Random random = seeded(42);
    constexpr unsigned rounds = 20'000;
    const DnsAnswer found =
        answer({{5, 60, 5269, "big"}, {5, 30, 5269, "mid"}, {5, 10, 5269, "low"}, {5, 0, 5269, "zero"}});
    for (unsigned i = 0; i < rounds; ++i) ++first[plan_srv(found, none, 8, random).targets.front().host];
    EXPECT_NEAR(first["big"], rounds * 60.0 / 101, rounds * 0.02);
    EXPECT_NEAR(first["mid"], rounds * 30.0 / 101, rounds * 0.02);
    EXPECT_NEAR(first["low"], rounds * 10.0 / 101, rounds * 0.02);
    EXPECT_NEAR(first["zero"], rounds * 1.0 / 101, rounds * 0.01);
}

TEST(PlanSrv, IsAPermutationForAnySeed) {
    const DnsAnswer found =
        answer({{1, 0, 5269, "a"}, {1, 0, 5269, "b"}, {1, 65535, 5269, "c"}, {1, 65535, 5269, "d"}, {0, 7, 5269, "e"}});
    for (unsigned seed = 0; seed < 200; ++seed) {
        auto names = hosts(plan_srv(found, none, 8, seeded(seed)).targets);
        ASSERT_EQ(names.size(), 5U);
        EXPECT_EQ(names.front(), "e:5269");
        std::sort(names.begin(), names.end());
        EXPECT_EQ(std::unique(names.begin(), names.end()), names.end());
    }
}

TEST(PlanSrv, MergesDirectTlsByPriority) {
    const SrvPlan plan =
        plan_srv(answer({{10, 0, 5269, "plain.test"}}), answer({{5, 0, 5270, "direct.test"}}), 8, seeded(1));
    ASSERT_EQ(plan.targets.size(), 2U);
    EXPECT_TRUE(plan.targets[0].direct_tls);
    EXPECT_EQ(plan.targets[0].host, "direct.test");
    EXPECT_FALSE(plan.targets[1].direct_tls);
    EXPECT_FALSE(plan.targets[1].configured);
}

TEST(PlanSrv, CutsAtTheLimitAndDropsRepetitions) {
    std::vector<SrvRecord> many;
    for (std::uint16_t i = 0; i < 100; ++i) many.push_back({i, 0, 5269, "h" + std::to_string(i / 2)});
    const SrvPlan plan = plan_srv(answer(many), none, 8, seeded(1));
    EXPECT_EQ(plan.targets.size(), 8U);
    EXPECT_EQ(plan.targets.back().host, "h7");
}

struct FallbackCase {
    const char* name;
    DnsAnswer server;
    DnsAnswer direct;
    SrvPlan::Next next;
    const char* why;
};

TEST(PlanSrv, KnowsWhenToFallBackToAddressesAndWhenNot) {
    const DnsAnswer absent = answer({{0, 0, 0, "."}});
    const std::vector<FallbackCase> cases = {
        {"no such name", none, none, SrvPlan::Next::addresses, ""},
        {"no data", ended(DnsStatus::no_data), ended(DnsStatus::no_data), SrvPlan::Next::addresses, ""},
        {"ok without records", answer({}), none, SrvPlan::Next::addresses, ""},
        {"declared absent", absent, none, SrvPlan::Next::nothing, "service declared absent"},
        {"both absent", absent, absent, SrvPlan::Next::nothing, "service declared absent"},
        {"direct absent, no server record", none, absent, SrvPlan::Next::nothing, "direct TLS declared absent"},
        {"SERVFAIL", ended(DnsStatus::failed), none, SrvPlan::Next::nothing, "_xmpp-server returned: failed"},
        {"timeout", ended(DnsStatus::timed_out), none, SrvPlan::Next::nothing, "timed-out"},
        {"bogus", ended(DnsStatus::bogus, "bad signature"), none, SrvPlan::Next::nothing, "bogus (bad signature)"},
        {"direct failed, no server record", none, ended(DnsStatus::failed), SrvPlan::Next::nothing, "_xmpps-server"},
        {"address literal", answer({{0, 0, 5269, "192.0.2.1"}}), none, SrvPlan::Next::nothing, "is an address"},
        {"IPv6 literal", answer({{0, 0, 5269, "2001:db8::1"}}), none, SrvPlan::Next::nothing, "is an address"},
        {"port 0", answer({{0, 0, 0, "h.test"}}), none, SrvPlan::Next::nothing, "port 0 is not allowed"},
        {"port 25", answer({{0, 0, 25, "h.test"}}), none, SrvPlan::Next::nothing, "port 25 is not allowed"},
        {"port 22", answer({{0, 0, 22, "h.test"}}), none, SrvPlan::Next::nothing, "port 22 is not allowed"},
        {"port 7400", answer({{0, 0, 7400, "h.test"}}), none, SrvPlan::Next::nothing, "port 7400 is not allowed"},
    };
    for (const FallbackCase& one : cases) {
        const SrvPlan plan = plan_srv(one.server, one.direct, 8, seeded(1));
        EXPECT_EQ(plan.next, one.next) << one.name;
        EXPECT_NE(plan.why.find(one.why), std::string::npos) << one.name << ": " << plan.why;
        EXPECT_TRUE(plan.targets.empty()) << one.name;
    }
}

TEST(PlanSrv, UsesWhatIsUsableOfAMixedAnswer) {
    const DnsAnswer mixed =
        answer({{0, 0, 25, "mail.test"}, {5, 0, 5269, "192.0.2.1"}, {9, 0, 443, "good.test"}, {1, 0, 0, "."}});
    EXPECT_EQ(hosts(plan_srv(mixed, none, 8, seeded(1)).targets), (std::vector<std::string>{"good.test:443"}));
    const SrvPlan plan = plan_srv(mixed, ended(DnsStatus::timed_out), 8, seeded(1));
    EXPECT_EQ(plan.targets.size(), 1U) << "a failed look-up of the other service does not spoil a good answer";
}

TEST(PlanSrv, IgnoresADirectTlsRecordOfTheRoot) {
    const SrvPlan plan = plan_srv(answer({{0, 0, 5269, "h.test"}}), answer({{0, 0, 0, "."}}), 8, seeded(1));
    EXPECT_EQ(hosts(plan.targets), (std::vector<std::string>{"h.test:5269"}));
    const SrvPlan only_direct = plan_srv(answer({{0, 0, 0, "."}}), answer({{0, 0, 5270, "h.test"}}), 8, seeded(1));
    EXPECT_EQ(hosts(only_direct.targets), (std::vector<std::string>{"h.test:5270"}));
}

TEST(MayConnect, RefusesReservedAddressesUnlessAllowed) {
    const std::vector<IpNetwork> lab{*IpNetwork::parse("10.0.0.0/8"), *IpNetwork::parse("127.0.0.2")};
    const auto may = [](const char* address, std::uint16_t port, std::span<const IpNetwork> allowed) {
        return may_connect(*IpAddress::parse(address), port, allowed, {});
    };
    for (const char* bad : {"127.0.0.1", "::1", "10.0.0.5", "169.254.169.254", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
                            "0.0.0.0", "::", "fe80::1", "100.64.0.1", "255.255.255.255"}) {
        EXPECT_FALSE(may(bad, 5269, {})) << bad;
    }
    EXPECT_TRUE(may("8.8.8.8", 5269, {}));
    EXPECT_TRUE(may("2a01:4f8::1", 5269, {}));
    EXPECT_FALSE(may("8.8.8.8", 25, {}));
    EXPECT_FALSE(may("8.8.8.8", 0, {}));
    EXPECT_TRUE(may("10.0.0.5", 5269, lab));
    EXPECT_TRUE(may("::ffff:10.0.0.5", 5269, lab)) << "the mapped form is the same host";
    EXPECT_TRUE(may("127.0.0.2", 5269, lab));
    EXPECT_FALSE(may("127.0.0.1", 5269, lab));
    EXPECT_FALSE(may("10.0.0.5", 7400, lab)) << "an allowed network does not allow every port";
}

TEST(MayConnect, NeverLeadsToOurOwnListeners) {
    const std::vector<IpNetwork> all{*IpNetwork::parse("0.0.0.0/0"), *IpNetwork::parse("::/0")};
    const std::vector<Endpoint> own{*Endpoint::parse("8.8.4.4:5269"), *Endpoint::parse("0.0.0.0:5300")};
    const auto may = [&](const char* address, std::uint16_t port, std::span<const IpNetwork> allowed) {
        return may_connect(*IpAddress::parse(address), port, allowed, own);
    };
    EXPECT_FALSE(may("8.8.4.4", 5269, all));
    EXPECT_FALSE(may("::ffff:8.8.4.4", 5269, all));
    EXPECT_FALSE(may("8.8.4.4", 5270, {})) << "another port of this host, unless the operator allows it";
    EXPECT_TRUE(may("8.8.4.4", 5270, all));
    EXPECT_FALSE(may("127.0.0.1", 5300, all)) << "a listener on every address is met on loopback";
    EXPECT_TRUE(may("127.0.0.1", 5301, all));
}

TEST(Interleave, AlternatesFamiliesAndStartsWithIpv6) {
    const auto at = [](const char* text) { return *IpAddress::parse(text); };
    const std::vector<IpAddress> v6{at("2001:db8::1"), at("2001:db8::2"), at("2001:db8::3")};
    const std::vector<IpAddress> v4{at("192.0.2.1")};
    EXPECT_EQ(interleave(v6, v4, 8),
              (std::vector<IpAddress>{at("2001:db8::1"), at("192.0.2.1"), at("2001:db8::2"), at("2001:db8::3")}));
    EXPECT_EQ(interleave(v6, v4, 2), (std::vector<IpAddress>{at("2001:db8::1"), at("192.0.2.1")}));
    EXPECT_EQ(interleave({}, v4, 8), v4);
    EXPECT_TRUE(interleave({}, {}, 8).empty());
}

TEST(RetryDelay, GrowsToItsCeilingWithFullJitter) {
    const auto longest = [](unsigned failures) {
        return retry_delay(failures, [](std::uint64_t below) { return below - 1; }).count();
    };
    EXPECT_EQ(longest(0), 1000);
    EXPECT_EQ(longest(1), 1000);
    EXPECT_EQ(longest(2), 2000);
    EXPECT_EQ(longest(9), 256'000);
    EXPECT_EQ(longest(10), 300'000);
    EXPECT_EQ(longest(4'000'000'000U), 300'000);
    EXPECT_EQ(retry_delay(5, [](std::uint64_t) { return std::uint64_t{0}; }).count(), 0);
}

}  // namespace
}  // namespace sallyport::route
