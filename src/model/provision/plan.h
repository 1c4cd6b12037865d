// What has to change in the table xmpps2snodes of an IM&P server so that it names our edges, and nothing else changes.
#pragma once

#include <string>
#include <vector>

#include "model/provision/edge_state.h"

namespace sallyport::provision {

struct Plan {
    std::vector<std::string> add;     ///< component ids, sorted
    std::vector<std::string> remove;  ///< component ids, sorted
    [[nodiscard]] bool empty() const { return add.empty() && remove.empty(); }
    bool operator==(const Plan&) const = default;
};

/// The component that carries messages of other domains on the edge with this realm ("edge1-example-com").
[[nodiscard]] std::string component_of(const std::string& realm);

/// The component ids of the edges that federate, sorted, each once.
[[nodiscard]] std::vector<std::string> desired_rows(const std::vector<EdgeState>& edges);

/// `observed` are the rows that are there; `ours` those that we once put there or that bear the name of an edge of
/// ours. A row that is not ours is never removed.
[[nodiscard]] Plan plan_rows(const std::vector<std::string>& desired, const std::vector<std::string>& observed,
                             const std::vector<std::string>& ours);

}  // namespace sallyport::provision
