// Bytes a second with a burst: how much one stream may send us (threat T50). Pure arithmetic on given times.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"
#include "base/limits.h"

namespace sallyport::s2s {

class TokenBucket {
public:
    TokenBucket(std::uint64_t rate, std::uint64_t burst, TimePoint now)
        : rate_{rate}, burst_{burst}, level_{static_cast<double>(burst)}, at_{now} {}

    void configure(std::uint64_t rate, std::uint64_t burst) {
        rate_ = rate;
        burst_ = burst;
        level_ = static_cast<double>(burst);
    }
    /// Takes `bytes`; the time to wait before reading on: zero while within the burst.
    [[nodiscard]] Duration take(std::uint64_t bytes, TimePoint now) {
        if (rate_ == unlimited || burst_ == unlimited) return Duration{0};
        const double gained = std::chrono::duration<double>(now - at_).count() * static_cast<double>(rate_);
        at_ = now;
        level_ = std::min(static_cast<double>(burst_), level_ + gained) - static_cast<double>(bytes);
        if (level_ >= 0) return Duration{0};
        return std::chrono::duration_cast<Duration>(
            std::chrono::duration<double>(-level_ / static_cast<double>(rate_)));
    }

private:
    std::uint64_t rate_, burst_;
    double level_;
    TimePoint at_;
};

}  // namespace sallyport::s2s
