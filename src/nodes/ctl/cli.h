// `sallyport …`: from the command line to what it asks for.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "nodes/ctl/console.h"

namespace sallyport::ctl {

/// What runs a node from its file, in the foreground; the process's exit status.
struct NodeRunners {
    std::function<int(const std::string&config_file)> edge, core, presence;
};

/// `arguments` without the program's name. The process's exit status.
[[nodiscard]] int run_cli(const std::vector<std::string>& arguments, const Console& console, const NodeRunners& nodes);

}  // namespace sallyport::ctl
