// Which node a command is for: `--node` or `--config`, or the one that runs here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/result.h"

namespace sallyport::ctl {

/// Where a node is asked: its admin socket, or its admin address.
struct NodePlace {
    std::string socket;
    std::optional<HostPort> address;
};

/// `node` may be the path of the admin socket, a data folder, a node's file, or the admin address as HOST:PORT or
/// https://HOST:PORT; `config` is a node's file. When both are empty, the socket that exists among `usual` is taken.
/// Errors: "node-address" with a remedy.
[[nodiscard]] Result<NodePlace> find_node(const std::string& node, const std::string& config,
                                          const std::vector<std::string>& usual);

/// Where packages put nodes.
[[nodiscard]] std::vector<std::string> usual_sockets();

}  // namespace sallyport::ctl
