// What a check needs to know of a file that somebody named, as a value, and the seam that finds it out: io/store looks
// at the disk, tests answer from literals.
#pragma once

#include <functional>
#include <string>

namespace sallyport {

struct FileFacts {
    bool exists = false;
    bool is_regular = false;
    bool readable = false;
    bool world_readable = false;
    std::string beginning;  ///< its first 64 KiB, when readable
};
using FileProbe = std::function<FileFacts(const std::string& path)>;

}  // namespace sallyport
