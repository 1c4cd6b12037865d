// To which ports a name from DNS may lead us (threat T69): an SRV record must not make this node knock on somebody's
// mail server or database.
#pragma once

#include <cstdint>

namespace sallyport::route {

/// 443, and 1024 or more but for well-known ports of other services.
[[nodiscard]] bool is_permitted_port(std::uint16_t port);

}  // namespace sallyport::route
