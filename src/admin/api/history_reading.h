// A node's status as a reading of its history. Pure.
#pragma once

#include <set>
#include <string>

#include "admin/api/node_control.h"
#include "model/config/settings.h"
#include "services/history/reading.h"

namespace sallyport::admin {

/// `wall` and `now`: of the moment at which the status was gathered.
[[nodiscard]] history::Reading reading_of(const NodeStatus& status, WallTime wall, TimePoint now);
/// Peers that the settings name, which keep their history before others: the allow list without its wildcards,
/// exceptions, static routes.
[[nodiscard]] std::set<std::string> named_peers(const config::Settings& settings);

}  // namespace sallyport::admin
