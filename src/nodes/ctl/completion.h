// Completion of the command line by shells, made from the table of verbs.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sallyport::ctl {

/// A command that needs no running node.
struct LocalCommand {
    std::string_view name;
    std::string_view help;
    std::string_view options;  ///< separated by blanks, for completion
};
[[nodiscard]] std::span<const LocalCommand> local_commands();

/// A script for bash (packaging/completion/sallyport is its output).
[[nodiscard]] std::string bash_completion();

}  // namespace sallyport::ctl
