// What is wrong with a node right now, in sentences with the remedy: the head of `status`. Pure.
#pragma once

#include <string>
#include <vector>

#include "admin/api/node_control.h"

namespace sallyport::admin {

struct NodeProblem {
    bool is_error = false;  ///< messages are lost or refused; otherwise a warning
    std::string text;
    std::string remedy;
};

/// The gravest first.
[[nodiscard]] std::vector<NodeProblem> problems(const NodeStatus& status, const config::NodeFile& file,
                                                const config::Settings& settings, WallTime now);

}  // namespace sallyport::admin
