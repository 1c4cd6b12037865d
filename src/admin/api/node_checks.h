// What a node's own state says in a check: certificates, links, IM&P servers, the router of a presence node. Pure
// judgements over values.
#pragma once

#include <string>
#include <vector>

#include "admin/api/node_control.h"
#include "admin/diag/report.h"
#include "services/provision/publisher.h"

namespace sallyport::admin {

/// Our certificates, whether they name our domains, and those that peers show now.
[[nodiscard]] diag::Report check_certs(const NodeStatus& status, const config::NodeFile& file,
                                       const config::Settings& settings, WallTime now);
/// Router links: open, dialled and not there, their certificates, what waits for them.
[[nodiscard]] diag::Report check_link(const NodeStatus& status, const config::NodeFile& file, WallTime now);
/// What the core knows of its IM&P servers after it has just asked them, and whether their routers have loaded it.
[[nodiscard]] diag::Report check_axl(const std::vector<provision::PublisherStatus>& publishers,
                                     const NodeStatus& status);
/// The node as `status` sees it.
[[nodiscard]] diag::Report check_node(const NodeStatus& status, const config::NodeFile& file,
                                      const config::Settings& settings, WallTime now);

}  // namespace sallyport::admin
