// What came over the links of one far node and is not done yet. The far side keeps to budgets of its own (proto/link/
// lanes.h), if it is the program that we know; one in other hands keeps to none (threats T85, T90). So what a node may
// have under way here is counted here as well, with the same shares, and twice as much of each: who keeps to his own
// never notices, even with links to several shards. Inwards only lanes and the whole are bounded: what hangs there is
// in no sender's share, and which of it hangs only the far side knows. Own thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <utility>

#include "base/clock.h"
#include "proto/link/lanes.h"
#include "proto/xmpp/stanza.h"

namespace sallyport::link {

class Intake {
public:
    /// What has been taken in over one session, by the stanza's number.
    struct Taken {
        Lane* lane = nullptr;
        std::uint64_t weight = 0;
    };
    using Session = std::unordered_map<std::uint64_t, Taken>;

    /// `of_far_side`: what the far side keeps to; `left_for` is how long what a session that is over had taken in may
    /// still wait somewhere.
    Intake(Budget of_far_side, SipKey key, Duration left_for);
    Intake(const Intake&) = delete;
    Intake& operator=(const Intake&) = delete;

    /// Takes the stanza in as number `number` of the session; false: there is no room for it.
    [[nodiscard]] bool take(Session& session, std::uint64_t number, const xmpp::Stanza& stanza, TimePoint now);
    void done(Session& session, std::uint64_t number, TimePoint now);
    /// The session is over, and nobody will say any more what of it is done: it counts for a while.
    void leave(Session& session, TimePoint now);
    /// Forgets what has waited long enough; true when nothing is left.
    bool sweep(TimePoint now);

    [[nodiscard]] std::uint64_t weight() const { return lanes_.weight(); }
    [[nodiscard]] std::size_t size() const { return lanes_.size(); }

private:
    Lanes lanes_;
    Duration left_for_;
    std::deque<std::pair<TimePoint, Taken>> left_;
};

}  // namespace sallyport::link
