// Whole small files: certificates, keys, lists.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sallyport::io {

/// The contents of a regular file of at most 16 MiB. Errors: "file-read".
[[nodiscard]] Result<std::string> read_file(const std::string& path);
/// Replaces `path` in one step with `contents`; `secret` makes it 0600, otherwise 0644. Errors: "file-write".
[[nodiscard]] Result<void> write_file(const std::string& path, std::string_view contents, bool secret);

}  // namespace sallyport::io
