// The node's file as it lies on the disk: model/config's check with real eyes.
#pragma once

#include <string>
#include <vector>

#include "model/config/node_file.h"

namespace sallyport::services {

/// Reads and checks `path`, and the files that it names. Everything that is wrong, or nothing when `out` is good.
[[nodiscard]] std::vector<config::FileError> read_node_file(const std::string& path, config::Role role,
                                                            config::NodeFile& out);

}  // namespace sallyport::services
