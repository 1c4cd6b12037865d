// What somebody outside has been given in the minute under way, by name. The table is bounded: names that spent in an
// earlier minute are forgotten when it is full, and then the one that has spent least.
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
    /// False: that would be more than `most` in this minute; then nothing is counted. Where there is no place, the name
    /// that has spent least makes room.
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

/// What those who ask from elsewhere are given, each of them and all of a domain.
class AskersSpending {
public:
    /// False: the asker, or his domain, has had that much in this minute; then nothing is counted. `domain_share` times
    /// `most` for all of a domain.
    [[nodiscard]] bool spend(const std::string& asker, const std::string& domain, std::uint64_t bytes,
                             std::uint64_t most, std::uint64_t domain_share, TimePoint now);
    void forget(TimePoint now);
    [[nodiscard]] const Spending& askers() const { return askers_; }
    [[nodiscard]] const Spending& domains() const { return domains_; }

private:
    Spending askers_, domains_;
};

}  // namespace sallyport::im
