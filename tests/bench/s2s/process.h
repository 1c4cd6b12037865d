// What a process costs, read from /proc: CPU seconds of all its threads, and resident memory.
#pragma once

#include <cstdint>

namespace sallyport::bench {

[[nodiscard]] double cpu_seconds(int pid);
/// Resident set in kB (smaps_rollup, which is exact; VmRSS lags behind).
[[nodiscard]] std::uint64_t resident_kb(int pid);

}  // namespace sallyport::bench
