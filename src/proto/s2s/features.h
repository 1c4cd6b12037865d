// Stream features as data (RFC 6120 4.3.2): each row says what it needs and forbids and how it is written. The order of
// negotiation follows from needs, not from a list; a TLS-required stream offers nothing but starttls before TLS because
// nothing else has its needs met.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sallyport::s2s {

/// What holds on a stream, as bits of a set.
enum class Fact : std::uint16_t {
    none = 0,
    secured = 1 << 0,     ///< TLS stands
    tls_wanted = 1 << 1,  ///< the mode is not "no TLS"
    tls_required = 1 << 2,
    channel_ok = 1 << 3,     ///< secured, or the mode allows plain text
    certified = 1 << 4,      ///< the certificate proves the peer, and EXTERNAL is wanted
    authenticated = 1 << 5,  ///< SASL is done
    dialback = 1 << 6,       ///< wanted by policy
    bidi = 1 << 7,           ///< wanted by policy
    management = 1 << 8,     ///< wanted by policy
    pair_ready = 1 << 9,
    pending = 1 << 10,     ///< a verification is under way
    managed = 1 << 11,     ///< XEP-0198 is on
    challenged = 1 << 12,  ///< a SASL challenge is out
    orderly = 1 << 13,     ///< we close by ourselves: what the peer still sends is processed
    direct = 1 << 14,      ///< TLS comes before the first header (XEP-0368)
    all = (1 << 15) - 1,
};
constexpr Fact operator|(Fact a, Fact b) {
    return static_cast<Fact>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr Fact operator&(Fact a, Fact b) {
    return static_cast<Fact>(static_cast<unsigned>(a) & static_cast<unsigned>(b));
}
constexpr bool holds(Fact all, Fact needed) { return (all & needed) == needed; }
constexpr bool overlaps(Fact all, Fact some) { return (all & some) != Fact::none; }

struct FeatureValues {
    Fact facts = Fact::none;
    std::uint64_t max_bytes = 0;  ///< XEP-0478: of one stanza after authentication
    std::uint64_t idle_seconds = 0;
};

struct Feature {
    std::string_view name;
    std::string_view space;
    Fact needs;
    Fact forbids;
    void (*offer)(const FeatureValues& values, std::string& out);
    std::string_view says;
};
[[nodiscard]] std::span<const Feature> features();

/// `<stream:features>…</stream:features>`; `names` gets the offered ones, for the log.
[[nodiscard]] std::string offer_features(const FeatureValues& values, std::string& names);

}  // namespace sallyport::s2s
