// The command line as CLI11 sees it: verbs out of their table, local commands, and what was chosen.
#pragma once

#include <boost/json.hpp>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "admin/api/verbs.h"
#include "nodes/ctl/backup.h"
#include "nodes/ctl/command_tree.h"
#include "nodes/ctl/init.h"

namespace sallyport::ctl {

/// A command that needs no running node.
struct LocalCommand {
    std::string_view name;
    std::string_view help;
    std::string_view example;  ///< behind `sallyport`
};
[[nodiscard]] std::span<const LocalCommand> local_commands();

/// What the operator asked for; `command` empty: a verb for a node.
struct Chosen {
    std::string command;
    const admin::Verb* verb = nullptr;
    boost::json::object arguments;
    std::string node, config, role, file, shell, page;
    std::string colour = "auto";    ///< or "always", "never"
    std::string token_file, trust;  ///< for a node at an admin address
    struct Secret {
        std::string name, file;  ///< of the argument; what holds it, if anything does
    };
    std::vector<Secret> secrets;  ///< the arguments that are asked for
    bool json = false;
    InitAnswers init;
    BackupRequest backup;
    RestoreRequest restore;
};

/// Parses the command line. False: `status` says how the program ends (help was printed, or a mistake named).
[[nodiscard]] bool parse_commands(const std::vector<std::string>& arguments, const Console& console, Chosen& chosen,
                                  int& status);

}  // namespace sallyport::ctl
