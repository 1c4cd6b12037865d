// One step of the chain from a setting to its effect on every node. Whoever knows it makes it once; it travels over
// provisioning and is shown as it is.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
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

/// What a step is about; its row in chain_step.cpp says how it is named. A new step is an enumerator here and a row
/// there.
enum class StepKind : std::uint8_t {
    set_on,               ///< a node
    received_on_core,     ///< no core has come yet
    received_on,          ///< a node
    domains_received_on,  ///< a node
    received_from,        ///< a node
    told_server,          ///< the address of an IM&P server
    loaded_by,            ///< a presence node
    joined,
    told,
    loaded,
    way,
};
struct StepRow {
    StepKind kind;
    std::string_view name;  ///< stable, dotted: "settings.received_on"
    std::string_view text;  ///< {about} stands for the node or address
};
/// In the order of the enumerators.
[[nodiscard]] std::span<const StepRow> step_rows();
/// "settings received on core1.example.org": how nodes name a step, to people and to each other.
[[nodiscard]] std::string step_name(StepKind kind, std::string_view about = {});
struct ReadStep {
    const StepRow* row;
    std::string about;
};
/// Which step is named so; nothing for a name of another release.
[[nodiscard]] std::optional<ReadStep> read_step(std::string_view step);

struct ChainStep {
    std::string step;  ///< as step_name() makes it
    StepState state = StepState::pending;
    Reason reason{};  ///< why not in force; or what is in force
    /// Code and key of the alarm that tells of the fault on the node whose step it is; empty: none does.
    std::string alarm{};
    std::string node{};  ///< the linked node that told of it; empty: a step of this node. Does not travel
    bool operator==(const ChainStep&) const = default;
};

}  // namespace sallyport
