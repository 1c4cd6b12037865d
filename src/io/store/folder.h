// The data folder and small files in it: private to this program's user, and replaced as a whole or not at all.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sallyport::io {

/// Creates the folder (and those above it) with mode 0700, or takes the rights of others away from one that exists.
/// A folder that is there, on a file system that is mounted read-only, is no error: whoever writes to it is told.
/// Errors: "store-unwritable", "store-full".
[[nodiscard]] Result<void> private_folder(const std::string& path);

/// Writes beside the file, syncs, renames: a reader and a power cut see the old or the new text. Mode 0600.
/// Errors: "store-unwritable", "store-full", "store-failed".
[[nodiscard]] Result<void> write_whole(const std::string& path, std::string_view text);

/// Errors: "store-missing", "store-failed" (unreadable, or longer than 16 MiB).
[[nodiscard]] Result<std::string> read_whole(const std::string& path);

}  // namespace sallyport::io
