// Which side opened a stream.
#pragma once

#include <cstdint>
#include <string_view>

namespace sallyport {

enum class Direction : std::uint8_t { inbound, outbound };

/// "in" or "out": on the router link, and in answers about what goes over it.
[[nodiscard]] constexpr std::string_view in_or_out(Direction direction) {
    return direction == Direction::inbound ? "in" : "out";
}

}  // namespace sallyport
