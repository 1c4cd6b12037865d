// Time as a value. Machines get it as an argument; only io/loop (and the simulated world of the tests) makes it.
#pragma once

#include <chrono>

namespace sallyport {

using Duration = std::chrono::nanoseconds;
/// Monotonic time: deadlines, timers, durations.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;
/// Calendar time (UTC): logs, certificates, history.
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

/// "No deadline".
inline constexpr TimePoint never = TimePoint::max();

/// A clock that says anything else is wrong, as after a flat battery: earlier, this program was not; later, it is gone.
inline constexpr WallTime earliest_sensible{std::chrono::sys_days{std::chrono::January / 1 / 2024}};
inline constexpr WallTime latest_sensible{std::chrono::sys_days{std::chrono::January / 1 / 2064}};
[[nodiscard]] constexpr bool is_sensible(WallTime wall) { return wall >= earliest_sensible && wall <= latest_sensible; }

/// The seam: real in io/loop, simulated in tests/support.
class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual TimePoint now() const = 0;
    [[nodiscard]] virtual WallTime wall() const = 0;
};

}  // namespace sallyport
