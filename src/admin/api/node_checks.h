// What a node's own state says in a check: the findings of its judges, by subject. Pure.
#pragma once

#include <vector>

#include "admin/diag/report.h"
#include "admin/judge/judges.h"

namespace sallyport::admin {

/// Our certificates, whether they name our domains, and those that peers show now.
[[nodiscard]] diag::Report check_certs(const Facts& facts);
/// Router links: up, down and why, the clocks behind them, their certificates, what waits for them.
[[nodiscard]] diag::Report check_link(const Facts& facts);
/// What the core knows of its IM&P servers after it has just asked them, and the steps of provisioning that failed.
[[nodiscard]] diag::Report check_axl(const std::vector<provision::PublisherStatus>& publishers, const Facts& facts);
/// The node as `status` sees it.
[[nodiscard]] diag::Report check_node(const Facts& facts);

}  // namespace sallyport::admin
