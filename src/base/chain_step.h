// One step of the chain from a setting to its effect on every node. Whoever knows it makes it once; it travels over
// provisioning and is shown as it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/reason.h"

namespace sallyport {

enum class StepState : std::uint8_t { in_force, pending, failed, off };
/// "in force", "pending", "failed", "off"
[[nodiscard]] std::string_view text(StepState state);
/// Nothing for every other text.
[[nodiscard]] std::optional<StepState> step_state(std::string_view text);

struct ChainStep {
    std::string step;  ///< "received on core1.example.org"
    StepState state = StepState::pending;
    Reason reason{};         ///< why not in force; or what is in force
    bool is_judged = false;  ///< a judge of this node tells of the cause itself; does not travel
    bool operator==(const ChainStep&) const = default;
};

}  // namespace sallyport
