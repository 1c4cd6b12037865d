// How often somebody was refused within the last minute, by address or by name. Bounded: the entry that failed longest
// ago makes room.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "base/clock.h"
#include "base/endpoint.h"

namespace sallyport::admin {

class Failures {
public:
    static constexpr Duration window = std::chrono::minutes{1};
    static constexpr std::size_t most_keys = 4096;

    explicit Failures(std::uint64_t most) : most_{most} {}

    /// How long `key` has to wait; zero: it may try.
    [[nodiscard]] Duration wait(const std::string& key, TimePoint now);
    void note(const std::string& key, TimePoint now);
    /// The last one was none.
    void forgive(const std::string& key);

private:
    void make_room(TimePoint now);

    std::uint64_t most_;
    std::map<std::string, std::deque<TimePoint>, std::less<>> times_;
};

/// One key for everything that one customer of a network can send from: the address, of IPv6 the first 64 bits.
[[nodiscard]] std::string failure_key(IpAddress address);

}  // namespace sallyport::admin
