// `sallyport presence --config FILE`.
#pragma once

#include <string>

namespace sallyport::nodes {

/// Runs the node in the foreground. The process's exit status: 2 for a file with errors, 1 when it could not start.
[[nodiscard]] int run_presence(const std::string& config_file);

}  // namespace sallyport::nodes
