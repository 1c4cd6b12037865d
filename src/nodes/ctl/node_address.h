// Which node a command is for: `--node` or `--config`, or the one that runs here.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace sallyport::ctl {

/// The path of the admin socket. `node` may be that path, a data folder or a node's file; `config` is a node's file.
/// When both are empty, the socket that exists among `usual` is taken. Errors: "node-address" with a remedy.
[[nodiscard]] Result<std::string> find_node(const std::string& node, const std::string& config,
                                            const std::vector<std::string>& usual);

/// Where packages put nodes.
[[nodiscard]] std::vector<std::string> usual_sockets();

}  // namespace sallyport::ctl
