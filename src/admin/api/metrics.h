// The node's numbers as OpenMetrics text (openmetrics.io specification 1.0), made from values on the control thread.
// The number of series is bounded: peers are named only when the operator named them (federation.peers) or they are
// among the busiest, and every other label is a word of ours.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "admin/api/node_control.h"
#include "model/config/settings.h"

namespace sallyport::admin {

/// What `/metrics` has to be served as.
inline constexpr std::string_view metrics_media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Peers beyond those of federation.peers that have series of their own.
inline constexpr std::size_t most_metric_peers = 20;
/// Names of federation.peers that have series of their own.
inline constexpr std::size_t most_named_peers = 200;

class MetricsText;

struct MetricRow {
    std::string_view name;  ///< without the suffixes that OpenMetrics adds
    std::string_view type;  ///< "gauge", "counter", "histogram", "info"
    std::string_view unit;  ///< "seconds", "bytes" or empty; the name ends with it then
    std::string_view help;
    void (*write)(const NodeStatus& status, const config::Settings& settings, MetricsText& out);
};
[[nodiscard]] std::span<const MetricRow> metric_rows();

[[nodiscard]] std::string metrics_text(const NodeStatus& status, const config::Settings& settings);

}  // namespace sallyport::admin
