// The words of the states.
#include "base/chain_step.h"

#include <array>

namespace sallyport {

namespace {
constexpr std::array<std::string_view, 4> words{"in force", "pending", "failed", "off"};
}

std::string_view text(StepState state) { return words[static_cast<std::size_t>(state)]; }

std::optional<StepState> step_state(std::string_view text) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == text) return static_cast<StepState>(i);
    }
    return std::nullopt;
}

}  // namespace sallyport
