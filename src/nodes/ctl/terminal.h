// What the command line writes to: a terminal with so many columns, or a file or program.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "admin/print/page.h"

namespace sallyport::ctl {

struct Terminal {
    bool is_there = false;              ///< no file, no pipe
    std::size_t columns = 0;            ///< as the terminal says; 0: it does not
    std::optional<std::string> wished;  ///< COLUMNS in the environment
};

/// Of an open descriptor.
[[nodiscard]] Terminal look_at_terminal(int descriptor);
/// The terminal's width; else COLUMNS; else 100 columns at a terminal, and endless lines for files and programs, which
/// must get names whole.
[[nodiscard]] admin::Page page_for(const Terminal& terminal);

}  // namespace sallyport::ctl
