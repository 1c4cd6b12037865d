// Outbound against Inbound through every mode: the federation matrix (security catalogue 3.7) in both directions.
#include <gtest/gtest.h>

#include "support/mirror.h"

namespace sallyport::testing {
namespace {

using s2s::Method;
using s2s::SecurityMode;

enum class Certificate { valid, self_signed, expired, none };
struct Peer {
    std::string_view name;
    Certificate certificate;
    bool tls, dialback;
    std::string_view
        outcomes;  ///< one letter a mode: T TLS and EXTERNAL, E TLS and dialback, V dialback in clear, x refused
};

constexpr Peer peers[] = {
    // strict certificates, TLS required, TLS optional, no TLS
    {"valid certificate, TLS, dialback", Certificate::valid, true, true, "TTTV"},
    {"valid certificate, TLS, no dialback", Certificate::valid, true, false, "TTTx"},
    {"self-signed, TLS, dialback", Certificate::self_signed, true, true, "xEEV"},
    {"expired, TLS, dialback", Certificate::expired, true, true, "xEEV"},
    {"no certificate, TLS, dialback", Certificate::none, true, true, "xEEV"},
    {"no TLS, dialback", Certificate::valid, false, true, "xxVV"},
    {"no TLS, no dialback", Certificate::valid, false, false, "xxxx"},
};

TestRules edge_in(std::size_t mode) {
    TestRules rules;
    rules.everyone.require_certificate = mode == 0;
    rules.everyone.security = mode <= 1   ? SecurityMode::tls_required
                              : mode == 2 ? SecurityMode::tls_optional
                                          : SecurityMode::no_tls;
    return rules;
}

TestRules rules_of(const Peer& peer) {
    TestRules rules;
    rules.served = {"partner.example"};
    rules.gone.clear();
    rules.secret = "d14lb4ck43v3r";
    rules.everyone.security = peer.tls ? SecurityMode::tls_optional : SecurityMode::no_tls;
    rules.everyone.offer_dialback = peer.dialback;
    return rules;
}

std::optional<CertFacts> certificate_of(const Peer& peer) {
    switch (peer.certificate) {
        case Certificate::valid: return certificate_for("partner.example");
        case Certificate::self_signed: return self_signed_for("partner.example");
        case Certificate::none: return std::nullopt;
        case Certificate::expired: break;
    }
    CertFacts expired = certificate_for("partner.example");
    expired.chain_valid = false;
    expired.chain_error = "certificate has expired";
    return expired;
}

char outcome_of(const Mirror& mirror) {
    if (mirror.out_ready.empty() || mirror.in_ready.empty()) return 'x';
    EXPECT_EQ(mirror.out_ready.size(), 1U);
    EXPECT_EQ(mirror.in_ready.size(), 1U);
    EXPECT_EQ(mirror.out_ready[0].method == Method::external, mirror.in_ready[0].method == Method::external);
    if (mirror.in_ready[0].method == Method::external) return mirror.secured ? 'T' : '?';
    return mirror.secured ? 'E' : 'V';
}

void check(const Peer& peer, bool peer_initiates) {
    for (std::size_t mode = 0; mode < 4; ++mode) {
        SCOPED_TRACE(std::string{peer.name} + ", mode " + std::to_string(mode) + (peer_initiates ? ", in" : ", out"));
        const TestRules edge = edge_in(mode);
        const TestRules theirs = rules_of(peer);
        const auto ours = certificate_for("corp.example");
        Mirror mirror =
            peer_initiates
                ? Mirror{theirs, edge, pair_of("partner.example", "corp.example"), certificate_of(peer), ours}
                : Mirror{edge, theirs, pair_of("corp.example", "partner.example"), ours, certificate_of(peer)};
        mirror.run();
        EXPECT_EQ(outcome_of(mirror), peer.outcomes[mode]);
        if (peer.outcomes[mode] == 'x') {
            EXPECT_FALSE(mirror.out_failed.empty());
            EXPECT_TRUE(mirror.out->closed());
            EXPECT_EQ(mirror.to_in_all.find("<message"), std::string::npos);
        } else {
            mirror.send_message();
            EXPECT_EQ(mirror.delivered.size(), 1U);
            EXPECT_TRUE(mirror.out_failed.empty());
        }
        // A mode that requires TLS lets no key pass in clear (threat T15).
        if (mode <= 1 && !mirror.secured) {
            EXPECT_EQ(mirror.to_in_all.find("db:result f"), std::string::npos);
        }
    }
}

TEST(Mirror, EdgeReceivesFromEveryKindOfPeer) {
    for (const Peer& peer : peers) check(peer, true);
}

TEST(Mirror, EdgeInitiatesToEveryKindOfPeer) {
    for (const Peer& peer : peers) check(peer, false);
}

TEST(Mirror, AcknowledgesEverySingleStanza) {
    const TestRules edge = edge_in(1);
    const TestRules theirs = rules_of(peers[0]);
    for (const bool valid : {true, false}) {  // EXTERNAL, and dialback
        Mirror mirror{theirs, edge, pair_of("partner.example", "corp.example"),
                      valid ? certificate_for("partner.example") : self_signed_for("partner.example"),
                      certificate_for("corp.example")};
        mirror.run();
        EXPECT_TRUE(mirror.out->managed());
        EXPECT_TRUE(mirror.in->managed());
        for (int i = 0; i < 50; ++i) mirror.send_message();
        EXPECT_EQ(mirror.delivered.size(), 50U);
        EXPECT_EQ(mirror.acknowledged, 50U);
        EXPECT_EQ(mirror.out->unacknowledged(), 0U);
    }
}

TEST(Mirror, SharesOneStreamForBothDirections) {  // XEP-0288
    TestRules edge = edge_in(1);
    TestRules theirs = rules_of(peers[0]);
    edge.everyone.bidi = theirs.everyone.bidi = true;
    Mirror mirror{edge, theirs, pair_of("corp.example", "partner.example"), certificate_for("corp.example"),
                  certificate_for("partner.example")};
    mirror.run();
    EXPECT_TRUE(mirror.out->bidi());
    EXPECT_TRUE(mirror.in->bidi());
    mirror.send_back();
    EXPECT_EQ(mirror.returned.size(), 1U);
}

TEST(Mirror, WorksOverDirectTls) {  // XEP-0368
    const TestRules edge = edge_in(1);
    const TestRules theirs = rules_of(peers[0]);
    Mirror mirror{edge,
                  theirs,
                  pair_of("corp.example", "partner.example"),
                  certificate_for("corp.example"),
                  certificate_for("partner.example"),
                  false,
                  true};
    mirror.run();
    EXPECT_EQ(outcome_of(mirror), 'T');
    EXPECT_EQ(mirror.to_in_all.find("starttls"), std::string::npos);
}

TEST(Mirror, DoesNotBelieveAForgedKey) {
    const TestRules edge = edge_in(2);
    TestRules forger = rules_of(peers[5]);
    TestRules authority = forger;
    forger.secret = "something else";
    // The forger claims partner.example, whose authoritative server has another secret.
    Mirror mirror{forger, edge, pair_of("partner.example", "corp.example")};
    struct Split : TestRules {
        explicit Split(const TestRules& base, std::string other) : TestRules{base}, real{std::move(other)} {}
        std::string real;
        [[nodiscard]] bool vouches(const xmpp::Domain& receiving, const xmpp::Domain& originating, std::string_view id,
                                   std::string_view key) const override {
            return key == s2s::dialback_key(real, receiving.text(), originating.text(), id);
        }
    };
    const Split split{forger, authority.secret};
    Mirror attack{split, edge, pair_of("partner.example", "corp.example")};
    attack.run();
    EXPECT_TRUE(attack.in_ready.empty());
    EXPECT_TRUE(attack.out_ready.empty());
    ASSERT_EQ(attack.out_failed.size(), 1U);
    EXPECT_EQ(attack.out_failed[0].failure.condition, xmpp::StanzaCondition::internal_server_error);
    mirror.run();
    EXPECT_EQ(mirror.in_ready.size(), 1U);  // with its own authority the same forger is simply itself
}

}  // namespace
}  // namespace sallyport::testing
