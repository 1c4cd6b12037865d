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

/// What follows for users of a presence node or an IM&P server that does not know where messages to other domains go:
/// its router returns them, and what comes in over the core needs no row. One sentence, wherever it is told.
inline constexpr std::string_view one_way =
    "messages to other domains are returned, messages from other domains arrive";

struct ChainStep {
    std::string step;  ///< "received on core1.example.org"
    StepState state = StepState::pending;
    Reason reason{};  ///< why not in force; or what is in force
    /// Code and key of the alarm that tells of the fault on the node whose step it is; empty: none does.
    std::string alarm{};
    std::string node{};  ///< the linked node that told of it; empty: a step of this node. Does not travel
    bool operator==(const ChainStep&) const = default;
};

}  // namespace sallyport
