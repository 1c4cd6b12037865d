// What went over S2S since the start, which status and metrics show. Pure.
#pragma once

#include <cstdint>

#include "admin/api/node_control.h"

namespace sallyport::admin {

struct Traffic {
    std::uint64_t stanzas_in = 0, stanzas_out = 0;
    std::uint64_t bytes_in = 0, bytes_out = 0;
};

/// Of the streams that are open and of those that are gone, so no value ever falls.
[[nodiscard]] Traffic traffic(const NodeStatus& status);

}  // namespace sallyport::admin
