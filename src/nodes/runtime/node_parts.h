// Steps that edge and core take alike: joining the shards' status, ending quietly, and the life of the process.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "admin/api/node_control.h"
#include "nodes/runtime/runtime.h"

namespace sallyport::nodes {

/// One status from the parts of the shards: lists appended, numbers added.
[[nodiscard]] admin::NodeStatus joined(std::vector<admin::NodeStatus> parts);
/// Name, version, times, settings: what does not depend on the role.
void fill_common(Runtime& runtime, admin::NodeStatus& status);
/// Calls `on_quiet` on the control loop once `open(shard)` is 0 on every shard, or after the closing timer.
void watch_until_quiet(Runtime& runtime, std::function<std::size_t(std::size_t)> open, std::function<void()> on_quiet);

/// What serve() needs of a node beside NodeControl.
struct NodeLife {
    std::function<Result<void>()> start;
    std::function<void(std::function<void()>)> when_quiet;
    std::function<void()> stop;
};
/// Opens the admin socket, starts the node, tells systemd, and runs the control loop until SIGTERM or SIGINT; SIGHUP
/// reloads. The process's exit status.
[[nodiscard]] int serve(Runtime& runtime, admin::NodeControl& node, const NodeLife& life);

}  // namespace sallyport::nodes
