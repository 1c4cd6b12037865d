// Whether a node can do its work at the moment: what a balancer in front of it has to know, and no more.
#pragma once

#include "admin/judge/node_status.h"
#include "model/config/node_file.h"

namespace sallyport::admin {

enum class Health {
    ready,     ///< what comes here goes on
    unready,   ///< it would be held or come back: no way on, federation is off, or the node has just started
    draining,  ///< the node is on its way to its end
};

/// Of a node that is not about to end. An edge needs a core, a core an edge, both need federation to be on; a presence
/// node serves its users by itself. A brief status is enough.
[[nodiscard]] Health judge_health(const NodeStatus& status, const config::NodeFile& file);

}  // namespace sallyport::admin
