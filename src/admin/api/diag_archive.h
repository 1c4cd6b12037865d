// What an archive of a diagnosis holds beside log and capture: the node at this moment, its settings and file without
// secrets, its events and alarms.
#pragma once

#include <functional>

#include "admin/api/node_control.h"
#include "services/diagnostics/diagnosis.h"

namespace sallyport::admin {

/// Hands over what it gathered, from the control loop; every secret that the node knows is replaced by stars in it.
void gather_texts(NodeControl& node, std::function<void(services::ArchiveTexts)> on_gathered);

}  // namespace sallyport::admin
