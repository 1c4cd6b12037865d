// Times in buckets that grow with the value (1/32 of it), so that a run of any length takes the same memory.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace sallyport::bench {

class Histogram {
public:
    void add(std::uint64_t nanoseconds) {
        ++buckets_[bucket(nanoseconds)];
        ++count_;
    }
    void clear() { *this = Histogram{}; }

    /// The value that the share `quantile` of all is not above, in milliseconds.
    [[nodiscard]] double milliseconds(double quantile) const {
        const auto wanted = static_cast<std::uint64_t>(quantile * static_cast<double>(count_));
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < buckets_.size(); ++i) {
            seen += buckets_[i];
            if (seen > wanted) return static_cast<double>(upper(i)) / 1e6;
        }
        return 0;
    }

private:
    // A bucket is 1/32 of a value or finer: the upper half of 64 buckets for each power of two.
    static constexpr unsigned bits = 6;
    static std::size_t bucket(std::uint64_t value) {
        const auto magnitude = static_cast<unsigned>(std::bit_width(value >> bits));
        return magnitude * (1U << bits) + (value >> magnitude);
    }
    static std::uint64_t upper(std::size_t index) { return ((index & ((1U << bits) - 1)) + 1) << (index >> bits); }

    std::array<std::uint64_t, 64U << bits> buckets_{};
    std::uint64_t count_ = 0;
};

}  // namespace sallyport::bench
