// What a node's file names on the disk.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "model/config/node_file.h"

namespace sallyport::config {

/// Key -> absolute path of the file or folder, such as link.key; keys that are absent have none. Whether the file has
/// mistakes is for parse_node_file to say.
[[nodiscard]] std::map<std::string, std::string> named_files(std::string_view toml, const std::string& path, Role role);

}  // namespace sallyport::config
