// What the kernel knows of its own clock.
#pragma once

#include <optional>

namespace sallyport::io {

/// Does a time service keep the system's clock right (adjtimex, STA_UNSYNC)? Nothing: the kernel does not tell us, as
/// under a filter of system calls.
[[nodiscard]] std::optional<bool> clock_synchronised();

}  // namespace sallyport::io
