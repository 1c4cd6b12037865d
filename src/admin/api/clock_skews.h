// How far the clocks of linked nodes are from ours, for checks and alarms.
#pragma once

#include <map>
#include <string>

#include "admin/api/node_control.h"

namespace sallyport::admin {

/// Realm -> how far its clock is ahead, by the worst of its links; nothing of those that have not told.
[[nodiscard]] std::map<std::string, Duration> clock_skews(const NodeStatus& status);

}  // namespace sallyport::admin
