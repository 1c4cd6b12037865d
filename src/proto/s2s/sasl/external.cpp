// SASL EXTERNAL between servers: XEP-0178 section 3, RFC 6120 6.3.8. The identity is the `from` of the header after
// TLS, and the certificate must prove it; an authorization identity may only repeat it (threat T27).
#include "base/hash.h"
#include "proto/s2s/sasl/mechanisms.h"

namespace sallyport::s2s::sasl {

std::optional<Failure> judge_external(const Claim& claim, std::string_view response) {
    std::string authzid;
    // RFC 6120 6.4.2: "=" is the empty response; it stands for the identity of the header.
    if (response != "=" && !base64_decode(response, authzid)) return Failure::incorrect_encoding;
    if (!claim.proven || claim.from.empty()) return Failure::not_authorized;
    if (authzid.empty()) return std::nullopt;
    const auto named = xmpp::Domain::parse(authzid);
    if (!named || *named != claim.from) return Failure::invalid_authzid;
    return std::nullopt;
}

std::string external_response(const xmpp::Domain& own) { return base64_encode(own.text()); }

}  // namespace sallyport::s2s::sasl
