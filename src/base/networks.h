// The networks by which addresses are counted: of IPv6 one subscriber has a /64 at least, and a site a /48 (RFC 6177
// 2).
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/endpoint.h"

namespace sallyport {

/// The first `bits` of an address, a multiple of 8, and zeros.
[[nodiscard]] inline IpAddress cut_to(IpAddress address, unsigned bits) {
    std::fill(address.bytes.begin() + bits / 8, address.bytes.end(), std::uint8_t{0});
    return address;
}

/// An address of IPv4 is a subscriber's whole network, and a site's: a larger one says little about who is in it.
[[nodiscard]] inline IpAddress subscriber_network(const IpAddress& address) {
    return address.v6 ? cut_to(address, 64) : address;
}
[[nodiscard]] inline IpAddress site_network(const IpAddress& address) {
    return address.v6 ? cut_to(address, 48) : address;
}

}  // namespace sallyport
