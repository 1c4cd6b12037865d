// Of which levels a module of the log has lines: `log level` offers no others. The manual's table of events is held
// against it by the ctest `docs`.
#pragma once

#include "base/log.h"

namespace sallyport {

/// The level of its most detailed lines, but for those of a trace, which is asked for by name. `off`: it has none.
[[nodiscard]] LogLevel finest_level(LogModule module);

}  // namespace sallyport
