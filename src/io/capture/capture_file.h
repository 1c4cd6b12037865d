// The file of a capture while it is written: bounded, private, and never the one that fills a disk.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sallyport::io {

/// What stays free on the file system of captures and archives.
inline constexpr std::uint64_t disk_floor = 256ULL << 20;

/// Bytes that an ordinary user may still write on the file system of `path`; 0 when it cannot be told.
[[nodiscard]] std::uint64_t free_space(const std::string& path);

class CaptureFile {
public:
    /// Errors: "capture-exists", "capture-disk" (less than the floor is free), "capture-file".
    static Result<CaptureFile> create(const std::string& path, std::uint64_t most_bytes);
    CaptureFile(CaptureFile&& other) noexcept;
    CaptureFile& operator=(CaptureFile&&) = delete;
    ~CaptureFile();

    /// Appends a block, whole or not at all. Errors: "capture-full" (its own bound), "capture-disk", "capture-file".
    [[nodiscard]] Result<void> append(std::string_view block);
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

private:
    CaptureFile(std::string path, int descriptor, std::uint64_t most)
        : path_{std::move(path)}, descriptor_{descriptor}, most_{most} {}

    std::string path_;
    int descriptor_;
    std::uint64_t most_, bytes_ = 0, until_next_look_ = 0;
};

}  // namespace sallyport::io
