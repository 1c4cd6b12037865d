// Shares of what a far node has under way here.
#include "services/link/intake.h"

#include <algorithm>

#include "base/limits.h"

namespace sallyport::link {

namespace {

/// Beside the bytes; less than what the far side counts beside them.
constexpr std::uint64_t overhead = 256;

Budget twice(Budget budget) {
    budget.all *= 2;
    budget.one_partner *= 2;
    // Whatever this side is configured to admit: what one hop has let in, the next takes.
    budget.one_stanza = std::max<std::uint64_t>(2 * budget.one_stanza, passed_on_limits.element_bytes);
    budget.newcomers = std::max<std::uint64_t>(2 * budget.newcomers, passed_on_limits.element_bytes);
    budget.unshared = budget.of_senders;
    return budget;
}

}  // namespace

Intake::Intake(Budget of_far_side, SipKey key, Duration left_for)
    : lanes_{twice(of_far_side), key, {}}, left_for_{left_for} {}

bool Intake::take(Session& session, std::uint64_t number, const xmpp::Stanza& stanza, TimePoint now) {
    Lane& lane = lanes_.lane(stanza.from_domain, stanza.to_domain);
    const std::uint64_t weight = stanza.bytes.size() + overhead;
    if (!lanes_.admits(lane, weight)) return false;
    lanes_.add(lane, weight, now);
    session.emplace(number, Taken{&lane, weight});
    return true;
}

void Intake::done(Session& session, std::uint64_t number, TimePoint now) {
    const auto node = session.extract(number);
    if (node.empty()) return;
    lanes_.remove(*node.mapped().lane, node.mapped().weight, now);
}

void Intake::leave(Session& session, TimePoint now) {
    for (const auto& [number, taken] : session) left_.emplace_back(now + left_for_, taken);
    session.clear();
}

bool Intake::sweep(TimePoint now) {
    while (!left_.empty() && left_.front().first <= now) {
        lanes_.remove(*left_.front().second.lane, left_.front().second.weight, now);
        left_.pop_front();
    }
    lanes_.forget_idle();
    return lanes_.size() == 0;
}

}  // namespace sallyport::link
