// Parsing and printing of addresses, and the table of reserved networks (RFC 6890).
#include "base/endpoint.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <iterator>
#include <vector>

namespace sallyport {

namespace {

template <typename Number>
bool parse_number(std::string_view text, Number& out) {
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
    return problem == std::errc{} && end == text.data() + text.size() && !text.empty();
}

const std::vector<IpNetwork>& reserved_networks() {
    static const std::vector<IpNetwork> networks = [] {
        constexpr std::string_view table[] = {
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "::/128",
            "::1/128",
            "100::/64",
            "2001:db8::/32",
            "fc00::/7",
            "fe80::/10",
            "fec0::/10",
            "ff00::/8",
            // What leads on to somewhere else by a translation of its own: local NAT64 (RFC 8215), IPv4-compatible,
            // Teredo; and segment routing.
            "64:ff9b:1::/48",
            "::/96",
            "2001::/32",
            "5f00::/16",
        };
        std::vector<IpNetwork> parsed;
        for (const std::string_view text : table) parsed.push_back(*IpNetwork::parse(text));
        return parsed;
    }();
    return networks;
}

bool starts_with(const IpAddress& address, std::initializer_list<std::uint8_t> prefix) {
    return std::equal(prefix.begin(), prefix.end(), address.bytes.begin());
}

/// The IPv4 address embedded at `offset` of an IPv6 address.
IpAddress embedded_v4(const IpAddress& address, std::size_t offset) {
    IpAddress inner;
    std::copy_n(address.bytes.begin() + static_cast<std::ptrdiff_t>(offset), 4, inner.bytes.begin());
    return inner;
}

}  // namespace

Result<IpAddress> IpAddress::parse(std::string_view text) {
    if (text.size() > 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
    IpAddress address;
    const std::string terminated{text};
    if (inet_pton(AF_INET, terminated.c_str(), address.bytes.data()) == 1 && terminated.size() == text.size()) {
        return address;
    }
    address.v6 = true;
    if (terminated.find('\0') == std::string::npos &&
        inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) {
        return address;
    }
    return Error{"address-malformed", "'" + terminated + "' is not an IPv4 or IPv6 address"};
}

IpAddress IpAddress::v4(std::uint32_t host_order) {
    IpAddress address;
    for (std::size_t i = 0; i < 4; ++i) address.bytes[i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
    return address;
}

std::string IpAddress::text() const {
    char buffer[INET6_ADDRSTRLEN] = {};
    inet_ntop(v6 ? AF_INET6 : AF_INET, bytes.data(), buffer, sizeof buffer);
    return buffer;
}

Result<IpNetwork> IpNetwork::parse(std::string_view text) {
    const auto malformed = [&] {
        return Error{"network-malformed", "'" + std::string{text} + "' is not a network such as 10.0.0.0/8"};
    };
    const std::size_t slash = text.find('/');
    auto address = IpAddress::parse(text.substr(0, slash));
    if (!address) return malformed();
    const unsigned widest = address->v6 ? 128 : 32;
    unsigned prefix = widest;
    if (slash != std::string_view::npos && (!parse_number(text.substr(slash + 1), prefix) || prefix > widest)) {
        return malformed();
    }
    return IpNetwork{*address, prefix};
}

bool IpNetwork::contains(const IpAddress& candidate) const {
    if (candidate.v6 != address.v6) return false;
    for (unsigned bit = 0; bit < prefix; bit += 8) {
        const unsigned kept = std::min(8U, prefix - bit);
        const auto mask = static_cast<std::uint8_t>(0xFF00U >> kept);
        if ((candidate.bytes[bit / 8] & mask) != (address.bytes[bit / 8] & mask)) return false;
    }
    return true;
}

std::string IpNetwork::text() const { return address.text() + "/" + std::to_string(prefix); }

bool is_loopback(const IpAddress& address) {
    return address.v6 ? address == *IpAddress::parse("::1") : address.bytes[0] == 127;
}

bool is_reserved(const IpAddress& address) {
    if (address.v6) {
        if (starts_with(address, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}))
            return is_reserved(embedded_v4(address, 12));
        if (starts_with(address, {0x00, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0})) {
            return is_reserved(embedded_v4(address, 12));
        }
        if (starts_with(address, {0x20, 0x02})) return is_reserved(embedded_v4(address, 2));
    }
    const auto& networks = reserved_networks();
    return std::any_of(networks.begin(), networks.end(), [&](const IpNetwork& n) { return n.contains(address); });
}

Result<Endpoint> Endpoint::parse(std::string_view text) {
    const auto malformed = [&] {
        return Error{"endpoint-malformed",
                     "'" + std::string{text} + "' is not an address and port such as 192.0.2.1:5269"};
    };
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return malformed();
    const std::string_view host = text.substr(0, colon);
    const bool bracketed = !host.empty() && host.front() == '[';
    auto address = IpAddress::parse(host);
    std::uint16_t port = 0;
    if (!address || address->v6 != bracketed || !parse_number(text.substr(colon + 1), port)) return malformed();
    return Endpoint{*address, port};
}

std::string Endpoint::text() const {
    return (address.v6 ? "[" + address.text() + "]" : address.text()) + ":" + std::to_string(port);
}

Result<HostPort> HostPort::parse(std::string_view text, std::uint16_t default_port) {
    const auto malformed = [&] {
        return Error{"host-port-malformed", "'" + std::string{text} + "' is not a host, or a host and port"};
    };
    if (text.empty()) return malformed();
    if (text.front() == '[') {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos) return malformed();
        std::uint16_t port = default_port;
        if (close + 1 < text.size() && (text[close + 1] != ':' || !parse_number(text.substr(close + 2), port))) {
            return malformed();
        }
        const auto address = IpAddress::parse(text.substr(1, close - 1));
        if (!address || !address->v6) return malformed();
        return HostPort{address->text(), port};
    }
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos && text.find(':', colon + 1) != std::string_view::npos) {
        const auto address = IpAddress::parse(text);
        if (!address) return malformed();
        return HostPort{address->text(), default_port};
    }
    std::uint16_t port = default_port;
    if (colon != std::string_view::npos && (!parse_number(text.substr(colon + 1), port) || port == 0))
        return malformed();
    const std::string_view host = text.substr(0, colon);
    if (host.empty() || host.find_first_of(" \t\r\n/@") != std::string_view::npos) return malformed();
    return HostPort{std::string{host}, port};
}

std::string HostPort::text() const {
    const bool v6 = host.find(':') != std::string::npos;
    return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace sallyport
