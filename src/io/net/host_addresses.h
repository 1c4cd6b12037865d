// The addresses that this host has at the moment.
#pragma once

#include <optional>
#include <vector>

#include "base/endpoint.h"

namespace sallyport::io {

/// IPv4 and IPv6, of all interfaces. Nothing: the kernel does not tell us, as in a unit that has no AF_NETLINK.
[[nodiscard]] std::optional<std::vector<IpAddress>> host_addresses();

}  // namespace sallyport::io
