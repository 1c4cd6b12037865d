// How often somebody was refused within the last minute, by address or by name. Bounded: where it is full, the entry
// with the fewest refusals makes room, of those the one that failed longest ago. So nobody who has many addresses buys
// a guesser a fresh start, and nobody is taken for a guesser because others are many.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "base/clock.h"
#include "base/endpoint.h"

namespace sallyport {

class Failures {
public:
    static constexpr Duration window = std::chrono::minutes{1};
    static constexpr std::size_t most_keys = 4096;

    /// `most` in a window; then the key has to wait.
    explicit Failures(std::uint64_t most) : most_{most} {}

    /// How long `key` has to wait; zero: it may try.
    [[nodiscard]] Duration wait(const std::string& key, TimePoint now);
    void note(const std::string& key, TimePoint now);
    /// The last one was none.
    void forgive(const std::string& key);
    /// Those who were not refused within the last window.
    void forget(TimePoint now);
    /// Of anybody's that are remembered; nothing: the epoch.
    [[nodiscard]] TimePoint latest() const;
    [[nodiscard]] std::size_t size() const { return times_.size(); }

private:
    void make_room(TimePoint now);

    std::uint64_t most_;
    std::map<std::string, std::deque<TimePoint>, std::less<>> times_;
};

/// One key for everything that one customer of a network can send from: the address, of IPv6 the first 64 bits.
[[nodiscard]] std::string failure_key(const IpAddress& address);

}  // namespace sallyport
