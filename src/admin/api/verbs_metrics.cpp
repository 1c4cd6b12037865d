// `metrics`: the node's numbers for a monitoring system.
#include <boost/json.hpp>

#include "admin/api/metrics.h"
#include "admin/api/verb_parts.h"

namespace sallyport::admin {

namespace {

void run_metrics(const SharedCall& call) {
    call->node().status([call](const NodeStatus& status) {
        const std::string_view type = metrics_media_type;
        call->succeed(boost::json::object{{"type", boost::json::string_view{type.data(), type.size()}},
                                          {"text", metrics_text(status, *call->node().settings().snapshot())}});
    });
}

constexpr Verb metrics_rows[] = {
    {"metrics",
     "the node's metrics as OpenMetrics text",
     {},
     run_metrics,
     "{type:text text:text}",
     print_metrics,
     Access::read,
     reads},
};

}  // namespace

std::span<const Verb> metrics_verbs() { return metrics_rows; }

}  // namespace sallyport::admin
