// How wide a terminal is, as the kernel knows it.
#pragma once

#include <cstddef>

namespace sallyport::io {

/// Columns of the terminal behind an open descriptor; 0: it is none, or does not say.
[[nodiscard]] std::size_t terminal_columns(int descriptor);

}  // namespace sallyport::io
