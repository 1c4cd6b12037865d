// The chain from a setting at the edge to a message as a presence node can see it: what a core put into its table, what
// of that the router has loaded, and whether a way leads there. Pure.
#pragma once

#include <string>
#include <vector>

#include "admin/api/node_control.h"

namespace sallyport::nodes {

/// `rows`: component ids of xmpps2snodes. `refused_logins`: whether a login to the AXL service was refused lately.
[[nodiscard]] std::vector<ChainStep> presence_chain(const admin::NodeStatus& status,
                                                    const std::vector<std::string>& rows, bool refused_logins);

}  // namespace sallyport::nodes
