// What a shard counts for metrics. Values that only grow; the control thread gets copies. Nothing here takes memory for
// a stanza or asks a clock for one.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/direction.h"
#include "base/refusal_rules.h"

namespace sallyport::record {

/// Upper bounds of the buckets, in seconds; the last bucket has none.
inline constexpr std::array<double, 14> bucket_bounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                      0.1,    0.25,  0.5,    1.0,   2.5,  10.0,  30.0};

struct Histogram {
    std::array<std::uint64_t, bucket_bounds.size() + 1> buckets{};
    std::uint64_t count = 0;
    double sum = 0;  ///< seconds

    void add(Duration took, std::uint64_t times = 1);
    Histogram& operator+=(const Histogram& other);
};

/// A stream with an authenticated peer that is gone.
struct Ended {
    std::string key;   ///< of the stream; as its status has it while it is there
    std::string peer;  ///< its domain
    std::uint64_t stanzas_in = 0, stanzas_out = 0, bytes_in = 0, bytes_out = 0;
};
/// So many of the latest are told.
inline constexpr std::size_t most_ended = 256;

/// What became of a stream that broke and could be resumed (XEP-0198 section 5).
enum class Broken : std::uint8_t {
    detached,  ///< it waits to be resumed
    resumed,
    refused,  ///< the receiving side would not: unknown there, or another identity
    expired,  ///< not in time
    evicted,  ///< it made way for others
};
[[nodiscard]] std::string_view text(Broken broken);

struct Counters {
    struct Step {
        bool inbound = false, good = false;
        Stage failed_at = Stage::none;  ///< none when good
        auto operator<=>(const Step&) const = default;
    };
    std::map<Step, std::uint64_t> handshakes;
    Histogram handshake_seconds;                        ///< of successful ones
    std::map<std::string, Histogram, std::less<>> dns;  ///< by status: "ok", "no-such-name" …
    Histogram s2s_delivery;                             ///< from sending on a stream to the peer's acknowledgement
    Histogram s2s_waiting;                              ///< in the queue of a destination
    Histogram link_delivery;                            ///< from sending over a link to done at its far side
    std::uint64_t stanzas_in = 0, stanzas_out = 0;      ///< of S2S streams that are gone
    std::uint64_t bytes_in = 0, bytes_out = 0;
    std::uint64_t recorder_dropped = 0;  ///< handshakes not recorded: too many at once
    std::map<std::pair<Direction, Broken>, std::uint64_t> broken_streams;
    std::map<Rule, std::uint64_t> verdicts;  ///< by rule
    /// Refused stanzas, by the domains of sender and recipient (Verdicts::by_domain).
    std::map<std::string, std::uint64_t, std::less<>> refused_stanzas;
    std::vector<Ended> ended;  ///< the latest, oldest first

    /// One more is gone; the oldest makes room.
    void add(Ended stream);
    Counters& operator+=(const Counters& other);
};

}  // namespace sallyport::record
