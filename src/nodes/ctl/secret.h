// Passwords for commands: from a file, or from standard input; never from the command line, which others can read.
#pragma once

#include <string>

#include "base/result.h"
#include "nodes/ctl/console.h"

namespace sallyport::ctl {

/// The first line of `file`, or of the console when it is empty; somebody at a terminal is asked, without echo.
/// Errors: "argument-missing".
[[nodiscard]] Result<std::string> read_secret(const Console& console, const std::string& name, const std::string& file);

}  // namespace sallyport::ctl
