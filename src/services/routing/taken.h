// When what was written to a peer that acknowledges nothing counts as read: what its TCP took a while ago
// (docs/decisions/0017-what-a-stream-held.md). One measure for partners, components and users' clients.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace sallyport::routing::taken {

/// Who took a stanza and lived on for so long has read it.
inline constexpr Duration settling = std::chrono::seconds{1};
// With the peer's TCP, and not yet settled: beyond this the oldest count as read.
inline constexpr std::size_t most_stanzas = 1000;
inline constexpr std::uint64_t most_bytes = 1 << 20;

/// Nothing settles meanwhile: something waits for the peer's TCP and it took nothing since the last look, so that the
/// peer is not reading what its TCP took before.
[[nodiscard]] constexpr bool is_stuck(std::uint64_t taken, std::uint64_t taken_before, std::uint64_t written) {
    return taken == taken_before && taken < written;
}

}  // namespace sallyport::routing::taken
