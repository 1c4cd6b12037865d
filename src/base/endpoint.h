// Addresses of the network as values: IPv4 and IPv6 addresses, networks in CIDR form, endpoints; and which addresses
// a name from DNS must never lead us to (RFC 6890; threat T69).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sallyport {

/// An IPv4 or IPv6 address. IPv4 uses the first four bytes.
struct IpAddress {
    std::array<std::uint8_t, 16> bytes{};
    bool v6 = false;

    /// Parses "192.0.2.1", "2001:db8::1" or "[2001:db8::1]". Errors: "address-malformed".
    static Result<IpAddress> parse(std::string_view text);
    static IpAddress v4(std::uint32_t host_order);
    [[nodiscard]] std::string text() const;
    auto operator<=>(const IpAddress&) const = default;
};

/// A network such as "10.0.0.0/8"; a bare address is a network of one.
struct IpNetwork {
    IpAddress address;
    unsigned prefix = 0;

    /// Errors: "network-malformed".
    static Result<IpNetwork> parse(std::string_view text);
    [[nodiscard]] bool contains(const IpAddress& candidate) const;
    [[nodiscard]] std::string text() const;
    auto operator<=>(const IpNetwork&) const = default;
};

/// True for loopback, link-local, private, unique-local, shared (100.64/10), multicast, broadcast, unspecified,
/// documentation and benchmarking addresses, and for IPv4-mapped, NAT64 and 6to4 forms of those. RFC 6890.
[[nodiscard]] bool is_reserved(const IpAddress& address);
/// 127/8 and ::1.
[[nodiscard]] bool is_loopback(const IpAddress& address);

/// An address and a TCP port.
struct Endpoint {
    IpAddress address;
    std::uint16_t port = 0;

    /// Parses "192.0.2.1:5269" or "[2001:db8::1]:5269". Errors: "endpoint-malformed".
    static Result<Endpoint> parse(std::string_view text);
    /// "192.0.2.1:5269" or "[2001:db8::1]:5269".
    [[nodiscard]] std::string text() const;
    auto operator<=>(const Endpoint&) const = default;
};

/// A host (name or address literal) and a port, as written in static routes and node files. An empty host never parses.
struct HostPort {
    std::string host;
    std::uint16_t port = 0;

    /// Parses "host:port", "[v6]:port", or "host" with the default port. Errors: "host-port-malformed".
    static Result<HostPort> parse(std::string_view text, std::uint16_t default_port);
    [[nodiscard]] std::string text() const;
    auto operator<=>(const HostPort&) const = default;
};

}  // namespace sallyport
