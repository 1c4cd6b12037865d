// What the command line writes to: a terminal with so many columns, or a file or program.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "admin/print/page.h"

namespace sallyport::ctl {

struct Terminal {
    bool is_there = false;              ///< no file, no pipe
    std::size_t columns = 0;            ///< as the terminal says; 0: it does not
    std::optional<std::string> wished;  ///< COLUMNS in the environment
    bool takes_colours = false;         ///< of takes_colours()
    bool is_dumb = false;               ///< it cannot even go back in its line
};

/// As `NO_COLOR` (no-color.org: set, and not empty) and `TERM` in the environment say.
[[nodiscard]] bool takes_colours(std::string_view no_color, std::string_view term);
/// Of an open descriptor.
[[nodiscard]] Terminal look_at_terminal(int descriptor);
/// The terminal's width; else COLUMNS; else 100 columns at a terminal, and endless lines for files and programs, which
/// must get names whole. Colours only at a terminal.
[[nodiscard]] admin::Page page_for(const Terminal& terminal);

}  // namespace sallyport::ctl
