// HTTP/1.1 messages as values (RFC 9110, RFC 9112). What a target means is the business of those who are asked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/limits.h"
#include "base/tls_facts.h"

namespace sallyport::io {

struct HttpField {
    std::string name;
    std::string value;
};

/// The value of the first field of that name, whatever the case; empty: there is none.
[[nodiscard]] std::string_view field(const std::vector<HttpField>& fields, std::string_view name);

struct HttpRequest {
    std::string method;  ///< as sent: methods are case-sensitive
    std::string target;  ///< origin form, as sent: "/axl/?wsdl"
    std::vector<HttpField> fields;
    std::string body;
    bool is_old = false;  ///< HTTP/1.0
    Endpoint remote;
    std::optional<TlsFacts> tls;  ///< absent: plain

    /// The target without its query.
    [[nodiscard]] std::string_view path() const { return std::string_view{target}.substr(0, target.find('?')); }
    /// What follows the question mark.
    [[nodiscard]] std::string_view query() const;
    [[nodiscard]] std::string_view field(std::string_view name) const { return io::field(fields, name); }
};

struct HttpResponse {
    unsigned status = 200;
    std::vector<HttpField> fields;  ///< without Content-Length, Connection and Date
    std::string body;

    [[nodiscard]] std::string_view field(std::string_view name) const { return io::field(fields, name); }
};

/// "Not Found" for 404.
[[nodiscard]] std::string_view reason_of(unsigned status);
/// IMF-fixdate (RFC 9110 5.6.7).
[[nodiscard]] std::string http_date(WallTime time);

/// Bounds of HTTP on one listener; those before a request is complete are the tight ones. The first seven follow the
/// node's limits.
struct HttpLimits {
    std::uint64_t connections = 256;
    std::uint64_t connections_per_address = 32;
    std::uint64_t header_bytes = 16384;
    std::uint64_t body_bytes = 1 << 20;
    Duration header = std::chrono::seconds{10};  ///< handshake, and from the first byte to the end of the header
    Duration body = std::chrono::seconds{30};
    Duration idle = std::chrono::seconds{60};  ///< between two requests, and of a peer that does not read
    std::uint64_t requests_per_connection = 1000;
    Duration handling = std::chrono::seconds{60};  ///< until an answer is there; then 503
};
[[nodiscard]] HttpLimits http_limits(const Limits& limits);

}  // namespace sallyport::io
