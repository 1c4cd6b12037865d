// What the host gives a node: its disk, its clock, its DNS, the files of its certificates. The watch looks and keeps
// these values up to date; a node's status has a copy. Values only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"

namespace sallyport::admin {

struct HostFacts {
    /// The disk of the data folder.
    struct Disk {
        std::uint64_t free_bytes = 0;  ///< for who is not root
        bool read_only = false;        ///< mounted so, or made so by the kernel after an error
    };
    std::optional<Disk> disk;  ///< as it was last seen; nothing: never

    /// How far the system's clock jumped against the monotonic one, negative: back; nothing: not lately.
    std::optional<Duration> clock_jump;
    /// No time service has set the clock for longer than a host needs for that after its start.
    bool is_unsynchronised = false;

    /// A question that DNS did not answer.
    struct DeadDns {
        std::string domain;  ///< below which the name was
        std::string why;
    };
    std::optional<DeadDns> dead_dns;

    /// Path -> SHA-256 of the first certificate in that file, in hex; files without one are not there.
    std::map<std::string, std::string> certificates;
};

}  // namespace sallyport::admin
