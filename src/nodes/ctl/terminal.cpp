// The kernel and the environment.
#include "nodes/ctl/terminal.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "io/loop/terminal.h"

namespace sallyport::ctl {

namespace {

/// Tables of fewer columns would be nothing but ellipses.
constexpr std::size_t narrowest = 40;

/// Nothing: that is no width.
std::optional<std::size_t> columns_of(const std::optional<std::string>& text) {
    if (!text) return std::nullopt;
    std::size_t columns = 0;
    const char* const end = text->data() + text->size();
    const auto read = std::from_chars(text->data(), end, columns);
    if (read.ec != std::errc{} || read.ptr != end || columns == 0) return std::nullopt;
    return columns;
}

/// Empty if it is not set.
std::string_view variable(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string_view{} : value;
}

}  // namespace

bool takes_colours(std::string_view no_color, std::string_view term) { return no_color.empty() && term != "dumb"; }

Terminal look_at_terminal(int descriptor) {
    Terminal terminal;
    terminal.is_there = ::isatty(descriptor) == 1;
    terminal.columns = io::terminal_columns(descriptor);
    if (const char* wished = std::getenv("COLUMNS")) terminal.wished = wished;
    terminal.takes_colours = takes_colours(variable("NO_COLOR"), variable("TERM"));
    terminal.is_dumb = variable("TERM") == "dumb";
    return terminal;
}

admin::Page page_for(const Terminal& terminal) {
    const bool colours = terminal.is_there && terminal.takes_colours;
    const auto wished = columns_of(terminal.wished);
    if (terminal.is_there && terminal.columns > 0) return {std::max(terminal.columns, narrowest), colours};
    if (wished) return {std::max(*wished, narrowest), colours};
    return {terminal.is_there ? admin::page_width : admin::endless_width, colours};
}

}  // namespace sallyport::ctl
