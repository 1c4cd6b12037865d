// The switch presence.federation_node_status and the rows of xmpps2snodes exclude each other: either the node federates
// by itself or an edge does it. Both ways to break that are refused here.
#pragma once

#include <cstddef>

#include "base/result.h"
#include "model/config/settings.h"

namespace sallyport::presence {

/// For whoever writes rows: may an edge federate for this node? Errors: "federation-node-status".
[[nodiscard]] Result<void> may_add_rows(const config::Settings& settings);

/// For the settings: may they become `next` while the table has `rows`? Errors: "federation-node-status".
[[nodiscard]] Result<void> may_change(const config::Settings& now, const config::Settings& next, std::size_t rows);

}  // namespace sallyport::presence
