// Validation (RFC 4035): answers that are signed, unsigned, and forged, under a trust anchor for signed.test. The zone
// was signed once with Ed25519 (RFC 8080); its signatures are good from 2020 to 2080.
#include <gtest/gtest.h>

#include <fstream>
#include <optional>

#include "io/dns/resolver.h"
#include "support/test_pki.h"
#include "unit/io/dns_server.h"

namespace sallyport::test {
namespace {

constexpr int type_dnskey = 48, type_rrsig = 46, type_srv = 33, type_a = 1;
constexpr const char* anchor =
    "signed.test. IN DS 29315 15 2 265de985bb2e3dc92e34eb5b1b42e44df569c9e189dc3c771b1f5b278e57ccd0\n";
constexpr const char* service = "_xmpp-server._tcp.signed.test";

std::string bytes(std::string_view hex) {
    std::string out;
    for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
        out.push_back(static_cast<char>(std::stoi(std::string{hex.substr(at, 2)}, nullptr, 16)));
    }
    return out;
}

/// The head of every signature: algorithm, labels, TTL, from, until, key and signer are alike but for what is covered.
std::string signature(int covered, int labels, std::string_view hex) {
    std::string head = bytes("00000f0000000e10cee7b9805e0be1007283067369676e6564047465737400");
    head[1] = static_cast<char>(covered);
    head[3] = static_cast<char>(labels);
    return head + bytes(hex);
}

class Validation : public testing::Test {
protected:
    void SetUp() override {
        server.raw("signed.test", type_dnskey,
                   bytes("0101030f1f025b6334098aac63003ef80793f36cfc563881fcbd94c981c00224fb9d527d"));
        server.raw("signed.test", type_rrsig,
                   signature(type_dnskey, 2,
                             "7140005d535daa04f939456fbbb687b46405d6d1c4c47c877668e7979941b71eab7a4b894326f006f1b617ef"
                             "4e24b6100f4f50e021ebdb196fafbbea4d45fd03"));
        server.raw(service, type_srv, bytes("00000000149504786d7070067369676e6564047465737400"));
        server.raw(service, type_rrsig,
                   signature(type_srv, 4,
                             "c897502bad52fc47cd013f746e87b0c15d1aae74060467bc69bd0284b52e4baec37d3c6e85554d6c58c5d35d"
                             "57919ac5a0cf98e944522ceef86eda1654cf270f"));
        server.raw("xmpp.signed.test", type_a, bytes("c0000207"));
        server.raw("xmpp.signed.test", type_rrsig,
                   signature(type_a, 3,
                             "91b2de5114cadfdd6492062038f70573a3c66dbc0ef81f4a5ffcbc4e0651ad172fd15bd476371495707b15a9"
                             "72b1f937a191284e757da7db0c88b147d11f320e"));
        // Signed for 192.0.2.8; on the way somebody made it 192.0.2.66.
        server.raw("forged.signed.test", type_a, bytes("c0000242"));
        server.raw("forged.signed.test", type_rrsig,
                   signature(type_a, 3,
                             "35c69712092fe36365cfddd1e7fb8bc8b5467d2a7c9e9b1e7be2ae989a68f11535c990b227eff7362a97b41d"
                             "0d53313c23ccaf435960f103c57d552b0aa3f20c"));
        server.raw("bare.signed.test", type_a, bytes("c0000209"));
        server.address("plain.test", "192.0.2.10");
    }
    void start(bool validating) {
        io::DnsSettings settings;
        settings.servers = {server.endpoint()};
        settings.timeout = std::chrono::seconds{10};
        if (validating) {
            settings.trust_anchor_file = folder.path() + "/anchor";
            std::ofstream{settings.trust_anchor_file} << anchor;
        }
        auto made = io::make_resolver_service(settings);
        ASSERT_TRUE(made) << made.error().text;
        resolvers = std::move(*made);
        resolver = resolvers->resolver(loop);
    }
    DnsAnswer ask(const std::string& name) {
        std::optional<DnsAnswer> answer;
        const auto take = [&](const DnsAnswer& got) { answer = got; };
        const auto lookup =
            name.starts_with("_") ? resolver->srv(name, {}, take) : resolver->addresses(name, false, {}, take);
        loop.run_until([&] { return answer.has_value(); });
        return *answer;
    }

    io::AsioLoop loop;
    DnsServer server{loop};
    TemporaryFolder folder;
    std::unique_ptr<io::ResolverService> resolvers;
    std::unique_ptr<io::Resolver> resolver;
};

TEST_F(Validation, CallsWhatIsSignedSecure) {
    start(true);
    const DnsAnswer found = ask(service);
    EXPECT_EQ(found.status, DnsStatus::ok) << found.detail;
    EXPECT_TRUE(found.secure);
    ASSERT_EQ(found.srv.size(), 1U);
    EXPECT_EQ(found.srv.front().target, "xmpp.signed.test");
    const DnsAnswer host = ask("xmpp.signed.test");
    EXPECT_TRUE(host.secure);
    ASSERT_EQ(host.addresses.size(), 1U);
    EXPECT_EQ(host.addresses.front().text(), "192.0.2.7");
}

TEST_F(Validation, GivesNothingOfWhatIsForged) {
    start(true);
    for (const char* name : {"forged.signed.test", "bare.signed.test"}) {
        const DnsAnswer got = ask(name);
        EXPECT_EQ(got.status, DnsStatus::bogus) << name;
        EXPECT_FALSE(got.secure);
        EXPECT_TRUE(got.addresses.empty());
        EXPECT_FALSE(got.detail.empty());
    }
}

TEST_F(Validation, TakesUnsignedZonesForWhatTheyAre) {
    start(true);
    const DnsAnswer got = ask("plain.test");
    EXPECT_EQ(got.status, DnsStatus::ok) << got.detail;
    EXPECT_FALSE(got.secure);
    EXPECT_EQ(got.addresses.size(), 1U);
}

TEST_F(Validation, NeedsAnAnchor) {
    start(false);
    const DnsAnswer signed_one = ask(service);
    EXPECT_EQ(signed_one.status, DnsStatus::ok) << signed_one.detail;
    EXPECT_FALSE(signed_one.secure);
    EXPECT_EQ(ask("forged.signed.test").addresses.size(), 1U) << "nobody looks";
}

}  // namespace
}  // namespace sallyport::test
