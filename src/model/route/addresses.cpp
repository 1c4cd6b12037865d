// Which addresses may be connected to (threat T69), in which order (RFC 8305 section 4), and when to try again
// (RFC 6120 3.3).
#include <algorithm>

#include "base/mapped_address.h"
#include "model/route/ports.h"
#include "model/route/targets.h"

namespace sallyport::route {

namespace {

bool is_unspecified(const IpAddress& address) {
    return std::all_of(address.bytes.begin(), address.bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

/// The very socket that `own` listens on. A listener on every address is met on loopback; its other addresses are not
/// known here.
bool is_listener(const Endpoint& own, const IpAddress& address, std::uint16_t port) {
    if (own.port != port) return false;
    return unmapped(own.address) == address || (is_unspecified(own.address) && is_loopback(address));
}

}  // namespace

bool may_connect(const IpAddress& address, std::uint16_t port, std::span<const IpNetwork> allowed,
                 std::span<const Endpoint> own) {
    const IpAddress plain = unmapped(address);
    if (!is_permitted_port(port) || is_unspecified(plain)) return false;
    if (std::any_of(own.begin(), own.end(), [&](const Endpoint& e) { return is_listener(e, plain, port); }))
        return false;
    if (std::any_of(allowed.begin(), allowed.end(), [&](const IpNetwork& n) { return n.contains(plain); })) return true;
    if (std::any_of(own.begin(), own.end(), [&](const Endpoint& e) { return unmapped(e.address) == plain; }))
        return false;
    return !is_reserved(plain);
}

std::vector<IpAddress> interleave(std::vector<IpAddress> v6, std::vector<IpAddress> v4, std::uint64_t most) {
    std::vector<IpAddress> mixed;
    for (std::size_t i = 0; i < std::max(v6.size(), v4.size()); ++i) {
        if (i < v6.size() && mixed.size() < most) mixed.push_back(v6[i]);
        if (i < v4.size() && mixed.size() < most) mixed.push_back(v4[i]);
    }
    return mixed;
}

std::chrono::milliseconds retry_delay(unsigned failures, const std::function<std::uint64_t(std::uint64_t)>& random) {
    constexpr std::uint64_t first = 1000;
    constexpr std::uint64_t ceiling = 300'000;
    const unsigned doublings = failures == 0 ? 0 : std::min(failures - 1, 20U);
    const std::uint64_t window = std::min(ceiling, first << doublings);
    return std::chrono::milliseconds{random(window + 1)};
}

}  // namespace sallyport::route
