// Two refusals with their remedies.
#include "services/presence/federation_status.h"

#include <string>

namespace sallyport::presence {

Result<void> may_add_rows(const config::Settings& settings) {
    if (!settings.own_federation) return {};
    return Error{"federation-node-status",
                 "this node federates by itself: presence.federation_node_status is on; switch it off first "
                 "(sallyport config set presence.federation_node_status off)"};
}

Result<void> may_change(const config::Settings& now, const config::Settings& next, std::size_t rows) {
    if (!next.own_federation || now.own_federation || rows == 0) return {};
    return Error{
        "federation-node-status",
        "presence.federation_node_status must be off while an edge federates for this node: xmpps2snodes has " +
            std::to_string(rows) + (rows == 1 ? " row" : " rows") +
            "; switch federation off at the edge first (sallyport config set federation.enabled false)"};
}

}  // namespace sallyport::presence
