// A tar.gz while it is written, private to this user. Over libarchive.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

struct archive;

namespace sallyport::io {

/// Its name and version.
[[nodiscard]] std::string archive_library();

class Archive {
public:
    /// Errors: "archive-exists", "archive-failed". `time` is that of every entry.
    static Result<Archive> create(const std::string& path, WallTime time);
    Archive(Archive&& other) noexcept = default;
    Archive& operator=(Archive&&) = delete;
    /// What was not finished is removed.
    ~Archive();

    /// Errors: "archive-failed", with the system's words ("No space left on device").
    [[nodiscard]] Result<void> add(const std::string& name, std::string_view bytes);
    /// At most the first `most` bytes of a file. Errors: as above; a file that cannot be read is one.
    [[nodiscard]] Result<void> add_file(const std::string& name, const std::string& path, std::uint64_t most);
    /// The file is complete and stays. Errors: as above.
    [[nodiscard]] Result<void> finish();

private:
    struct Free {
        void operator()(archive* handle) const;
    };
    Archive(std::string path, archive* handle, WallTime time) : path_{std::move(path)}, time_{time}, handle_{handle} {}
    [[nodiscard]] Result<void> begin_entry(const std::string& name, std::uint64_t size);
    [[nodiscard]] Error failure() const;

    std::string path_;
    WallTime time_;
    std::unique_ptr<archive, Free> handle_;
};

}  // namespace sallyport::io
