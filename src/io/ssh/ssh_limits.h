// Bounds of the listening end of SSH, tighter before the login (docs/manual/provisioning.md).
#pragma once

#include <cstdint>

namespace sallyport::io {

struct SshLimits {
    std::uint64_t connections = 16;                 ///< with a channel
    std::uint64_t unauthenticated = 10;             ///< without, of strangers
    std::uint64_t unauthenticated_per_address = 4;  ///< of one stranger, and of one neighbour
    std::uint64_t login_seconds = 10;               ///< until login and channel are there
    std::uint64_t login_packets = 40;               ///< received before login
    std::uint64_t login_attempts = 4;               ///< of one connection
    std::uint64_t refusals = 8;  ///< of one connection: requests for what does not exist; then it ends
};

}  // namespace sallyport::io
