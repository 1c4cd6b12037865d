// SASL on federated streams (RFC 6120 section 6): the mechanisms we know, as a table.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "proto/xmpp/jid.h"
#include "proto/xmpp/sasl_failure.h"

namespace sallyport::s2s::sasl {

using Failure = xmpp::SaslFailure;

/// What is known of the peer when a mechanism judges its response.
struct Claim {
    const xmpp::Domain& from;  ///< of the stream header after TLS
    bool proven = false;       ///< its certificate proves `from`, now
};

struct Mechanism {
    std::string_view name;
    /// Nothing: success. `response` is what stands in `<auth/>` or `<response/>`, still encoded.
    std::optional<Failure> (*judge)(const Claim& claim, std::string_view response);
    std::string_view says;
};
/// In the order in which they are offered.
[[nodiscard]] std::span<const Mechanism> mechanisms();
/// Names compare octet by octet (RFC 4422 3.1); null when unknown.
[[nodiscard]] const Mechanism* find(std::string_view name);

/// As initiator: the initial response of EXTERNAL. XEP-0178 3 step 11: old peers want the name, so it is always there.
[[nodiscard]] std::string external_response(const xmpp::Domain& own);

/// SASL EXTERNAL (RFC 4422 appendix A) as XEP-0178 uses it between servers.
[[nodiscard]] std::optional<Failure> judge_external(const Claim& claim, std::string_view response);

}  // namespace sallyport::s2s::sasl
