// From two readings to what happened between them: counters become rates, readings become slots of the finest ring.
// Pure: time is in the readings.
//
// A slot belongs to the interval in which its middle lies, so that each is filled once, however late a reading is. When
// the wall clock jumps, the interval is laid to where the clock is now; the slots that it jumped over stay empty, those
// that it goes through again are written again.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "services/history/reading.h"

namespace sallyport::history {

struct Sample {
    std::int64_t first = 0, last = 0;  ///< slots of the finest ring: their number since 1970
    NodeValues node{};
    std::map<std::string, PeerValues> peers;
    std::map<std::string, double> refusals;  ///< by rule; only those that grew
};

class Sampler {
public:
    /// What lies between two readings that are further apart is not known: a gap.
    static constexpr Duration longest_interval = std::chrono::minutes{2};
    /// The clocks differ by so much: the wall clock jumped.
    static constexpr Duration jump = std::chrono::seconds{5};

    /// Nothing: it is the first, came so soon that no slot ended, too late, or at a time that no clock can mean.
    [[nodiscard]] std::optional<Sample> take(Reading reading);

private:
    struct Sums {
        std::uint64_t stanzas_in = 0, stanzas_out = 0, bytes_in = 0, bytes_out = 0;
    };
    using Known = std::unordered_map<std::string, Sums>;  ///< by key
    [[nodiscard]] std::optional<Sample> slots_of(const Reading& reading) const;
    void rate_node(const Reading& reading, double seconds, Sample& sample) const;
    void rate_peers(const Reading& reading, double seconds, Sample& sample) const;
    void remember(Reading reading);

    std::optional<Reading> before_;  ///< without its carriers
    Known streams_, links_;
};

/// The value below which `share` of what came between two readings lies, in seconds; `unknown`: nothing came.
[[nodiscard]] double quantile(const record::Histogram& before, const record::Histogram& now, double share);

}  // namespace sallyport::history
