// How lines have to be for who reads them. It travels with the stream that they are written to, so that the functions
// that print an answer need not know of terminals.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <limits>

namespace sallyport::admin {

/// Columns of a line where nobody says how wide it may be.
inline constexpr std::size_t page_width = 100;
/// Nothing is cut and nothing is broken into lines: a program reads it.
inline constexpr std::size_t endless_width = std::numeric_limits<std::size_t>::max();

struct Page {
    std::size_t width = page_width;
    bool colours = false;  ///< tones.h
};

void set_page(std::ostream& out, const Page& page);
/// What was set, or a Page as it is made.
[[nodiscard]] Page page_of(std::ostream& out);
/// Columns that are left for text behind `taken` ones; enough for some words however narrow the page is.
[[nodiscard]] std::size_t room_behind(std::size_t taken, const Page& page);

}  // namespace sallyport::admin
