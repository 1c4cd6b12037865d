// SASL of client streams (RFC 6120 section 6): the mechanisms we offer, as a table.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "proto/xmpp/sasl_failure.h"

namespace sallyport::c2s::sasl {

using Failure = xmpp::SaslFailure;

/// What ties an exchange to its TLS session (RFC 5056); empty where there is none.
struct Channel {
    std::string exporter;   ///< "tls-exporter", RFC 9266
    std::string end_point;  ///< "tls-server-end-point", RFC 5929 4
    [[nodiscard]] bool any() const { return !exporter.empty() || !end_point.empty(); }
};

struct Mechanism {
    std::string_view name;
    Digest digest;
    bool binds;  ///< needs a Channel
    std::string_view says;
};
/// In the order in which they are offered.
[[nodiscard]] std::span<const Mechanism> mechanisms();
/// Names compare octet by octet (RFC 4422 3.1); null when unknown.
[[nodiscard]] const Mechanism* find(std::string_view name);

}  // namespace sallyport::c2s::sasl
