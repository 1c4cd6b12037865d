// RFC 8305: sections 3 (answers), 4 (order), 5 (attempts).
#include "model/route/happy_eyeballs.h"

#include <algorithm>

namespace sallyport::route {

bool HappyEyeballs::has_waiting() const { return started_ < most_ && (!v6_.waiting.empty() || !v4_.waiting.empty()); }

/// Section 3: with only A answered, AAAA gets a little time; any other state begins at once.
bool HappyEyeballs::may_begin(TimePoint now) const {
    return started_ > 0 || v6_.resolved || (v4_.resolved && hold_until_ != never && now >= hold_until_);
}

void HappyEyeballs::resolved(Family family, const std::vector<IpAddress>& addresses, TimePoint now, RaceActions& out) {
    if (over_) return;
    FamilyState& state = family == Family::v6 ? v6_ : v4_;
    state.resolved = true;
    state.waiting.insert(state.waiting.end(), addresses.begin(), addresses.end());
    const bool holds_back = !v6_.resolved && !v4_.waiting.empty() && started_ == 0;
    if (!holds_back) {
        hold_until_ = never;
    } else if (hold_until_ == never) {
        hold_until_ = now + times_.resolution_delay;
    }
    advance(now, out);
}

void HappyEyeballs::attempt_failed(unsigned attempt, TimePoint now, RaceActions& out) {
    const auto at = std::find(running_.begin(), running_.end(), attempt);
    if (over_ || at == running_.end()) return;
    running_.erase(at);
    next_at_ = now;  // section 5: a failure starts the next attempt without waiting for the delay
    advance(now, out);
}

void HappyEyeballs::attempt_connected(unsigned attempt, RaceActions& out) {
    const auto at = std::find(running_.begin(), running_.end(), attempt);
    if (over_ || at == running_.end()) return;
    running_.erase(at);
    cancel_all(out);
    out.push_back({RaceAction::Kind::won, attempt, {}});
}

void HappyEyeballs::tick(TimePoint now, RaceActions& out) {
    if (!over_) advance(now, out);
}

void HappyEyeballs::stop(RaceActions& out) {
    if (!over_) cancel_all(out);
}

TimePoint HappyEyeballs::deadline() const {
    if (over_) return never;
    if (started_ == 0) return hold_until_;
    return has_waiting() ? next_at_ : never;
}

void HappyEyeballs::advance(TimePoint now, RaceActions& out) {
    if (has_waiting() && may_begin(now) && (running_.empty() || now >= next_at_)) start_next(now, out);
    const bool exhausted = running_.empty() && !has_waiting();
    if (exhausted && v6_.resolved && v4_.resolved) {
        over_ = true;
        out.push_back({RaceAction::Kind::failed, 0, {}});
    }
}

/// Section 4: families alternate, IPv6 first.
void HappyEyeballs::start_next(TimePoint now, RaceActions& out) {
    const bool take_v6 = v4_.waiting.empty() || (v6_next_ && !v6_.waiting.empty());
    std::deque<IpAddress>& from = take_v6 ? v6_.waiting : v4_.waiting;
    const unsigned attempt = started_++;
    running_.push_back(attempt);
    out.push_back({RaceAction::Kind::start, attempt, from.front()});
    from.pop_front();
    v6_next_ = !take_v6;
    hold_until_ = never;
    next_at_ = now + times_.attempt_delay;
}

void HappyEyeballs::cancel_all(RaceActions& out) {
    for (const unsigned attempt : running_) out.push_back({RaceAction::Kind::cancel, attempt, {}});
    running_.clear();
    over_ = true;
}

}  // namespace sallyport::route
