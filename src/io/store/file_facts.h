// The FileProbe of a running node, and what a disk has left.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/file_facts.h"

namespace sallyport::io {

[[nodiscard]] FileFacts file_facts(const std::string& path);

/// The disk on which a path is.
struct DiskFacts {
    std::uint64_t free_bytes = 0;  ///< for who is not root
    bool read_only = false;
};
/// Nothing: there is no telling.
[[nodiscard]] std::optional<DiskFacts> disk_facts(const std::string& path);

}  // namespace sallyport::io
