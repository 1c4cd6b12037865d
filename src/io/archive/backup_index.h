// The table of contents of a backup, as bytes: which node it is of, and which files follow in which order. It knows
// names and numbers; what they are is the business of nodes/ctl. The form: docs/protocol/backup.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace sallyport::io {

/// One file of a backup.
struct BackupFile {
    enum class Place : std::uint8_t {
        named,  ///< by its whole path
        data,   ///< by its name in the data folder
    };
    Place place = Place::named;
    bool secret = true;        ///< not for every user of the host
    bool database = false;     ///< of SQLite
    std::uint32_t schema = 0;  ///< of a database
    std::uint64_t bytes = 0;
    std::string name;
    bool operator==(const BackupFile&) const = default;
};

struct BackupIndex {
    static constexpr std::size_t most_bytes = 1 << 20;
    static constexpr std::size_t most_files = 1000;
    static constexpr std::size_t longest_text = 4096;

    std::string program;    ///< its version
    std::string role;       ///< "edge"
    std::string node;       ///< "edge1.example.org"
    std::string node_file;  ///< path; one of the files
    std::string data;       ///< path of the data folder
    WallTime made{};        ///< in whole seconds
    std::vector<BackupFile> files;
    bool operator==(const BackupIndex&) const = default;

    /// Errors: "backup-index": a text is too long, or there are too many files.
    [[nodiscard]] Result<std::string> encode() const;
    /// Paths are absolute and lead straight to their place, names in the data folder lead nowhere else, no file is
    /// there twice. Errors: "backup-index".
    static Result<BackupIndex> decode(std::string_view bytes);
    /// Of all files.
    [[nodiscard]] std::uint64_t content_bytes() const;
};

}  // namespace sallyport::io
