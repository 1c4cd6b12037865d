// What the check of a node's file needs to know of the files that it names. A seam: the reader itself stays pure, and
// tests need no disk.
#pragma once

#include <functional>
#include <string>

namespace sallyport::config {

struct FileFacts {
    bool exists = false;
    bool is_regular = false;
    bool readable = false;
    bool world_readable = false;
    std::string beginning;  ///< its first 64 KiB, when readable
};
using FileProbe = std::function<FileFacts(const std::string& path)>;

/// The real one: looks at the disk.
[[nodiscard]] FileFacts file_facts(const std::string& path);

}  // namespace sallyport::config
