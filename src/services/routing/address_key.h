// What counts as one address, and as one owner of many: for tables that are kept by remote address.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/endpoint.h"

namespace sallyport::routing {

/// Bits that count, and the address without the others.
using AddressKey = std::pair<unsigned, IpAddress>;

[[nodiscard]] inline AddressKey cut_to(IpAddress address, unsigned bits) {
    std::fill(address.bytes.begin() + bits / 8, address.bytes.end(), std::uint8_t{0});
    return {bits, address};
}

/// What one owner may have whole: a provider's.
[[nodiscard]] inline AddressKey big_network(const IpAddress& address) { return cut_to(address, address.v6 ? 32 : 16); }

}  // namespace sallyport::routing
