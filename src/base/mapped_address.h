// IPv4 addresses in the form of IPv6.
#pragma once

#include <algorithm>
#include <array>

#include "base/endpoint.h"

namespace sallyport {

/// ::ffff:192.0.2.1 is 192.0.2.1 to the kernel, so it is to us (RFC 4291 2.5.5.2); any other address is itself.
[[nodiscard]] inline IpAddress unmapped(const IpAddress& address) {
    constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (!address.v6 || !std::equal(mapped.begin(), mapped.end(), address.bytes.begin())) return address;
    IpAddress v4;
    std::copy_n(address.bytes.begin() + mapped.size(), 4, v4.bytes.begin());
    return v4;
}

}  // namespace sallyport
