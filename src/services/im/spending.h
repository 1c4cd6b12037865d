// What somebody outside has been given in the minute under way, by name. The table is bounded: names that spent in an
// earlier minute are forgotten when it is full.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "base/clock.h"

namespace sallyport::im {

class Spending {
public:
    static constexpr std::size_t most_names = 4096;
    static constexpr Duration window = std::chrono::minutes{1};
    /// What an answer counts at least.
    static constexpr std::uint64_t least = 1024;

    [[nodiscard]] bool may_spend(const std::string& name, std::uint64_t bytes, std::uint64_t most, TimePoint now) const;
    /// False: that would be more than `most` in this minute; then nothing is counted.
    [[nodiscard]] bool spend(const std::string& name, std::uint64_t bytes, std::uint64_t most, TimePoint now);
    /// Those who spent nothing in this minute.
    void forget(TimePoint now);
    [[nodiscard]] std::size_t size() const { return names_.size(); }
    /// `name` is in the table, or there is room for it.
    [[nodiscard]] bool has_place(const std::string& name, TimePoint now);

private:
    struct Spent {
        TimePoint since{};
        std::uint64_t bytes = 0;
    };
    std::map<std::string, Spent> names_;  ///< ordered: others choose the names (threat T63)
};

}  // namespace sallyport::im
