// Files of root that one group may read: a node's files, and the group of the user that runs it.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace sallyport::io {

/// The id of a group; nothing: there is none of this name, or this process is not root's and cannot give it files.
[[nodiscard]] std::optional<unsigned> group_to_share_with(const std::string& name);
/// Whose a file is.
struct FileOwner {
    unsigned user = 0, group = 0;
};
/// A user to whom this process can give files; nothing: there is none of this name, or this process is not root's.
[[nodiscard]] std::optional<FileOwner> user_to_give_to(const std::string& name);
/// Nothing: there is no such file or folder.
[[nodiscard]] std::optional<FileOwner> owner_of(const std::string& path);
/// Gives a file to the group with mode 0640, a folder with 0750; the owner stays. Errors: "file-write".
[[nodiscard]] Result<void> share(const std::string& path, unsigned group);

}  // namespace sallyport::io
