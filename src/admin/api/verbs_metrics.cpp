// `metrics`: the node's numbers for a monitoring system.
#include <boost/json.hpp>

#include "admin/api/metrics.h"
#include "admin/api/verb_handlers.h"

namespace sallyport::admin {

void run_metrics(const SharedCall& call) {
    call->node().status([call](const NodeStatus& status) {
        const std::string_view type = metrics_media_type;
        call->succeed(boost::json::object{{"type", boost::json::string_view{type.data(), type.size()}},
                                          {"text", metrics_text(status, *call->node().settings().snapshot())}});
    });
}

}  // namespace sallyport::admin
