// Racing connections to one host (RFC 8305, for S2S XEP-0495): a pure machine. The driver resolves A and AAAA, tells
// the machine what comes, and does what `Race` actions say; time is an argument.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"

namespace sallyport::route {

enum class Family { v6, v4 };

/// What the driver has to do, in order.
struct RaceAction {
    enum class Kind {
        start,   ///< connect to `address`; report with this `attempt`
        cancel,  ///< give attempt `attempt` up; nothing more is to be reported of it
        won,     ///< `attempt` is the connection to use
        failed,  ///< no address is left
    } kind = Kind::failed;
    unsigned attempt = 0;
    IpAddress address{};
    bool operator==(const RaceAction&) const = default;
};
using RaceActions = std::vector<RaceAction>;

struct RaceTimes {
    Duration resolution_delay = std::chrono::milliseconds{50};  ///< RFC 8305 section 3: A waits for AAAA
    Duration attempt_delay = std::chrono::milliseconds{250};    ///< RFC 8305 section 5
};

class HappyEyeballs {
public:
    /// `most` bounds the attempts of the whole race.
    explicit HappyEyeballs(std::uint64_t most, RaceTimes times = {}) : most_{most}, times_{times} {}

    /// One family's answer is in; empty when it has none or its look-up failed. The second answer for a family adds.
    void resolved(Family family, const std::vector<IpAddress>& addresses, TimePoint now, RaceActions& out);
    void attempt_failed(unsigned attempt, TimePoint now, RaceActions& out);
    void attempt_connected(unsigned attempt, RaceActions& out);
    /// Call when deadline() has come.
    void tick(TimePoint now, RaceActions& out);
    /// The driver gives up: everything under way is cancelled.
    void stop(RaceActions& out);

    [[nodiscard]] TimePoint deadline() const;
    [[nodiscard]] bool over() const { return over_; }

private:
    struct FamilyState {
        bool resolved = false;
        std::deque<IpAddress> waiting;
    };
    [[nodiscard]] bool has_waiting() const;
    [[nodiscard]] bool may_begin(TimePoint now) const;
    void advance(TimePoint now, RaceActions& out);
    void start_next(TimePoint now, RaceActions& out);
    void cancel_all(RaceActions& out);

    std::uint64_t most_;
    RaceTimes times_;
    FamilyState v6_;
    FamilyState v4_;
    std::vector<unsigned> running_;
    unsigned started_ = 0;
    bool v6_next_ = true;
    bool over_ = false;
    TimePoint hold_until_ = never;  ///< A is in, AAAA is not: until when we wait for it
    TimePoint next_at_ = never;     ///< when the next attempt begins although one is still under way
};

}  // namespace sallyport::route
