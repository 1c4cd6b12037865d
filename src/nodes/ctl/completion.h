// Completion of the command line by shells: their scripts, which ask the program itself, and its answer to them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nodes/ctl/console.h"

namespace sallyport::ctl {

/// What the scripts call, with the words of the line that is being typed behind it.
inline constexpr std::string_view complete_word = "__complete";

struct CompletionScript {
    std::string_view shell;  ///< "bash"
    std::string_view file;   ///< of packaging/completion
    std::string_view text;
};
[[nodiscard]] std::span<const CompletionScript> completion_scripts();

/// A line for each candidate, its help behind a tab; ":files": files as well. Live values come from the node that
/// the words select on this host; one that does not answer within a moment has none. The exit status.
int print_candidates(const std::vector<std::string>& typed, const Console& console);

}  // namespace sallyport::ctl
