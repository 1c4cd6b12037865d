// The words of the states, and the table of steps.
#include "base/chain_step.h"

#include <array>
#include <iterator>

namespace sallyport {

namespace {

constexpr std::array<std::string_view, 4> words{"in force", "pending", "failed", "off"};

using enum StepKind;
constexpr std::string_view about_mark = "{about}";  // at the end, where a row has it

constexpr StepRow step_table[] = {
    {set_on, "federation.set_on", "federation set on {about}"},
    {received_on_core, "settings.received_on_core", "settings received on the core"},
    {received_on, "settings.received_on", "settings received on {about}"},
    {domains_received_on, "domains.received_on", "federation.domains received on {about}"},
    {received_from, "settings.received_from", "settings received from {about}"},
    {told_server, "server.told", "told to the IM&P server {about}"},
    {loaded_by, "router.loaded_by", "loaded by the router of {about}"},
    {joined, "core.joined", "joined to a core"},
    {told, "core.told", "told by a core where messages to other domains go"},
    {loaded, "router.loaded", "loaded by the router"},
    {way, "router.way", "a way to the edges"},
};

constexpr bool in_order() {
    for (std::size_t i = 0; i < std::size(step_table); ++i) {
        if (step_table[i].kind != static_cast<StepKind>(i)) return false;
    }
    return true;
}
static_assert(in_order(), "a row for each enumerator, in their order");

}  // namespace

std::string_view text(StepState state) { return words[static_cast<std::size_t>(state)]; }

std::optional<StepState> step_state(std::string_view text) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == text) return static_cast<StepState>(i);
    }
    return std::nullopt;
}

std::span<const StepRow> step_rows() { return step_table; }

std::string step_name(StepKind kind, std::string_view about) {
    const std::string_view text = step_table[static_cast<std::size_t>(kind)].text;
    if (!text.ends_with(about_mark)) return std::string{text};
    return std::string{text.substr(0, text.size() - about_mark.size())} + std::string{about};
}

std::optional<ReadStep> read_step(std::string_view step) {
    for (const StepRow& row : step_table) {
        if (!row.text.ends_with(about_mark)) {
            if (row.text == step) return ReadStep{&row, {}};
            continue;
        }
        const std::string_view before = row.text.substr(0, row.text.size() - about_mark.size());
        if (step.starts_with(before) && step.size() > before.size()) {
            return ReadStep{&row, std::string{step.substr(before.size())}};
        }
    }
    return std::nullopt;
}

}  // namespace sallyport
