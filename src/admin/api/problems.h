// What is wrong with a node right now, in sentences with the remedy: the head of `status`. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "admin/judge/judges.h"

namespace sallyport::admin {

struct NodeProblem {
    bool is_error = false;  ///< messages are lost or refused; otherwise a warning
    std::string text;
    std::string remedy;
    /// It is also an alarm of this code and key.
    std::optional<services::AlarmCode> alarm{};
    std::string key{};
    diag::FromRows rows{};
};

/// The gravest first. Alarms that no judge decides about come from the board; the rest is judged now, and not as the
/// latest look of the watch saw it.
[[nodiscard]] std::vector<NodeProblem> problems(const Facts& facts);

}  // namespace sallyport::admin
