// What counts as one address, and as one owner of many: for tables that are kept by remote address.
#pragma once

#include <utility>

#include "base/networks.h"

namespace sallyport::routing {

/// Bits that count, and the address without the others.
using AddressKey = std::pair<unsigned, IpAddress>;

[[nodiscard]] inline AddressKey key_of(const IpAddress& address, unsigned bits) {
    return {bits, cut_to(address, bits)};
}

/// What one owner may have whole: a provider's.
[[nodiscard]] inline AddressKey big_network(const IpAddress& address) { return key_of(address, address.v6 ? 32 : 16); }

}  // namespace sallyport::routing
