// Stream features as data (RFC 6120 4.3.2): each row says what it needs and forbids and how it is written. The order of
// negotiation follows from needs, not from a list; a TLS-required stream offers nothing but starttls before TLS because
// nothing else has its needs met.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "proto/machine.h"

namespace sallyport::s2s {

/// What holds on a stream.
enum class Fact : std::uint8_t {
    secured,     ///< TLS stands
    tls_wanted,  ///< the mode is not "no TLS"
    tls_required,
    channel_ok,     ///< secured, or the mode allows plain text
    certified,      ///< the certificate proves the peer, and EXTERNAL is wanted
    authenticated,  ///< SASL is done
    dialback,       ///< wanted by policy
    bidi,           ///< wanted by policy
    management,     ///< wanted by policy
    pair_ready,
    pending,          ///< a verification is under way
    managed,          ///< XEP-0198 is on
    challenged,       ///< a SASL challenge is out
    orderly,          ///< we close by ourselves: what the peer still sends is processed
    resumable,        ///< streams that break are resumed, by policy
    asked_to_resume,  ///< `<resume/>` is out
    direct,           ///< TLS comes before the first header (XEP-0368)
    count_,
};
using Facts = machine::Set<Fact>;
inline constexpr Facts every_fact = Facts::of_bits((1U << static_cast<unsigned>(Fact::count_)) - 1);

struct FeatureValues {
    Facts facts;
    std::uint64_t max_bytes = 0;  ///< XEP-0478: of one stanza after authentication
    std::uint64_t idle_seconds = 0;
};

struct Feature {
    std::string_view name;
    std::string_view space;
    Facts needs;
    Facts forbids;
    void (*offer)(const FeatureValues& values, std::string& out);
    std::string_view says;
};
[[nodiscard]] std::span<const Feature> features();

/// `<stream:features>…</stream:features>`; `names` gets the offered ones, for the log.
[[nodiscard]] std::string offer_features(const FeatureValues& values, std::string& names);

}  // namespace sallyport::s2s
