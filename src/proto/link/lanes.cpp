// Lanes and budgets. A partner's share shrinks as the whole fills, so that there is room for the next one (dynamic
// thresholds, as switches share their memory); a quarter is for those who need little. Names cost little, so nobody
// gets more than a part of what is left of that quarter either, and its end is not there for single large stanzas. When
// all that is used up there is a floor beside it for who has nothing on its way yet.
#include "proto/link/lanes.h"

#include <algorithm>
#include <utility>

#include "proto/xmpp/jid.h"

namespace sallyport::link {

namespace {

constexpr std::uint64_t share_of_rest = 4;
constexpr std::uint64_t least_share = 64 << 10;  ///< while there is 64 times as much left
constexpr std::uint64_t least_share_of_left = 64;
constexpr std::uint64_t one_stanza_of_left = 16;
constexpr Duration slot = std::chrono::seconds{1};
/// What is done within so many seconds, at the speed of the last two, is brisk.
constexpr std::uint64_t lanes_of_share = 4;   ///< of one sender: a lane may have a quarter of what others leave
constexpr std::uint64_t lanes_at_least = 16;  ///< and a sixteenth of all, so that what hangs does not make others flap
/// A lane that has been busy so long, and would be for so many seconds more at its speed, does not move.
constexpr Duration lane_patience = std::chrono::seconds{5};
constexpr std::uint64_t stalled_seconds = 15;  ///< times what was done in up to two seconds
constexpr std::size_t least_sweep = 1024;

}  // namespace

void Throughput::add(std::uint64_t weight, TimePoint now) {
    if (now - begun_ >= slot) {
        before_ = now - begun_ < 2 * slot ? moved_ : 0;
        moved_ = 0;
        begun_ = now;
    }
    moved_ += weight;
}

bool Throughput::carries(std::uint64_t weight, TimePoint now, std::uint64_t seconds) const {
    const Duration still = now - begun_;
    const std::uint64_t speed = still >= 2 * slot ? 0 : still >= slot ? moved_ : moved_ + before_;
    return speed * seconds >= weight;
}

Pace pace_of_backlog(std::uint64_t backlog, TimePoint busy_since, const Throughput& flow, TimePoint now) {
    return flow.carries(backlog, now) || now - busy_since < slot ? Pace::brisk : Pace::slow;
}

Lane& Lanes::lane(std::string_view from, std::string_view to) {
    const auto is = [&](const std::string& key) {
        return key.size() == from.size() + 1 + to.size() && key.starts_with(from) && key.ends_with(to) &&
               key[from.size()] == ' ';
    };
    if (last_ != nullptr && is(last_key_)) return *last_;
    if (lanes_.size() >= sweep_at_) forget_idle();
    key_.assign(from).append(1, ' ').append(to);
    auto at = lanes_.find(key_);
    if (at == lanes_.end()) {
        Lane fresh;
        fresh.partner = &partner(budget_.of_senders ? from : to);
        ++fresh.partner->lanes;
        at = lanes_.emplace(key_, fresh).first;
    }
    last_ = &at->second;
    last_key_ = key_;
    return at->second;
}

Partner& Lanes::partner(std::string_view domain) {
    const auto at = partners_.find(domain);
    if (at != partners_.end()) return *at->second;
    auto fresh = std::make_unique<Partner>();
    fresh->domain = domain;
    return *partners_.emplace(std::string{domain}, std::move(fresh)).first->second;
}

std::uint64_t Lanes::share() const {
    const std::uint64_t shared = budget_.all / 4 * 3;
    const std::uint64_t rest = shared - std::min(used(), shared);
    const std::uint64_t left = budget_.all - std::min(used(), budget_.all);
    return std::max(std::min(least_share, left / least_share_of_left),
                    std::min(budget_.one_partner, rest / share_of_rest));
}

bool Lanes::fits(const Partner& partner, std::uint64_t weight) const {
    const std::uint64_t left = budget_.all - std::min(used(), budget_.all);
    if (budget_.unshared) return weight <= left;
    const bool may_be_large = partner.weight == 0 && left > budget_.all / one_stanza_of_left;
    // Half empty, any is taken, however small the whole is made.
    const std::uint64_t large = left > budget_.all / 2 ? left : left / one_stanza_of_left;
    const std::uint64_t most = may_be_large ? std::max(share(), std::min(budget_.one_stanza, large)) : share();
    // What hangs is in `left`, and in what is left of all for a share; it takes none of its sender's.
    return partner.weight - partner.stalled + weight <= most && weight <= left;
}

/// What hangs takes a quarter of what is left each time, so that there is always some for the next lane.
std::uint64_t Lanes::part(const Lane& lane) const {
    const std::uint64_t most = share();
    const std::uint64_t of_others = lane.partner->stalled - (lane.stalled ? lane.weight : 0);
    return std::max((most - std::min(of_others, most)) / lanes_of_share, most / lanes_at_least);
}

/// A lane with nothing on its way may have a stanza of any size that fits its sender's share.
bool Lanes::fits(const Lane& lane, std::uint64_t weight) const {
    if (!fits(*lane.partner, weight)) return false;
    return !budget_.of_senders || lane.weight == 0 || lane.weight + weight <= part(lane);
}

/// Whoever fills the whole with names leaves those a stanza who have nothing on its way.
bool Lanes::fits_as_newcomer(const Partner& partner, std::uint64_t weight) const {
    if (partner.stanzas != 0 || floor_ + weight > budget_.newcomers) return false;
    const auto of_owner = newcomers_.find(xmpp::owner_of(partner.domain));
    return (of_owner == newcomers_.end() ? 0 : of_owner->second) + weight <= budget_.one_stanza;
}

void Lanes::give_floor(Partner& partner, std::uint64_t weight) {
    partner.floor = weight;
    floor_ += weight;
    newcomers_[std::string{xmpp::owner_of(partner.domain)}] += weight;
}

void Lanes::take_floor(Partner& partner) {
    const std::uint64_t weight = std::exchange(partner.floor, 0);
    if (weight == 0) return;
    floor_ -= weight;
    const auto of_owner = newcomers_.find(xmpp::owner_of(partner.domain));
    if ((of_owner->second -= weight) == 0) newcomers_.erase(of_owner);
}

bool Lanes::admits(Lane& lane, std::uint64_t weight) {
    Partner& partner = *lane.partner;
    if (fits(lane, weight) || fits_as_newcomer(partner, weight)) return true;
    ++partner.refused;
    return false;
}

void Lanes::add(Lane& lane, std::uint64_t weight, TimePoint now) {
    Partner& partner = *lane.partner;
    if (partner.stanzas == 0) partner.busy_since = now;
    if (!fits(partner, weight) && fits_as_newcomer(partner, weight)) give_floor(partner, weight);
    if (lane.weight == 0) lane.busy_since = now;
    ++lane.under_way;
    ++partner.stanzas;
    change(lane, 0, weight);
    if (budget_.of_senders && lane.weight > part(lane) / 2) judge(lane, now);
    if (partner.weight - partner.stalled > share() / 2) judge(partner, now);
}

void Lanes::remove(Lane& lane, std::uint64_t weight, TimePoint now) {
    Partner& partner = *lane.partner;
    --lane.under_way;
    --partner.stanzas;
    change(lane, weight, 0);
    partner.flow.add(weight, now);
    if (budget_.of_senders) lane.flow.add(weight, now);
    flow_.add(weight, now);
    if (partner.stanzas == 0) {
        partner.refused = 0;
        take_floor(partner);
    }
    if (lane.pace != Pace::free) judge(lane, now);
    if (partner.pace != Pace::free) judge(partner, now);
}

void Lanes::reweigh(Lane& lane, std::uint64_t before, std::uint64_t now) { change(lane, before, now); }

void Lanes::change(Lane& lane, std::uint64_t before, std::uint64_t now) {
    lane.weight += now - before;
    lane.partner->weight += now - before;
    if (lane.stalled) lane.partner->stalled += now - before;
    weight_ += now - before;
}

void Lanes::judge(Lane& lane, TimePoint now, bool may_stall) {
    const std::uint64_t most = part(lane);
    const bool much = lane.weight > (lane.pace == Pace::free ? most / 2 : most / 4);
    const Pace pace = much ? pace_of_backlog(lane.weight, lane.busy_since, lane.flow, now) : Pace::free;
    const bool begins = may_stall && now - lane.busy_since >= lane_patience;
    const bool stalled =
        pace == Pace::slow && (begins || lane.stalled) && !lane.flow.carries(lane.weight, now, stalled_seconds);
    if (pace == lane.pace && stalled == lane.stalled) return;
    if (lane.pace == Pace::free) paced_.push_back(&lane);
    count(lane, -1);
    lane.pace = pace;
    lane.stalled = stalled;
    count(lane, 1);
    if (pace == Pace::free) std::erase(paced_, &lane);
    judge(*lane.partner, now);
}

/// Adds the lane to what its partner knows of its lanes, or takes it away.
void Lanes::count(const Lane& lane, int sign) {
    Partner& partner = *lane.partner;
    const auto add = [sign](std::uint64_t& to, std::uint64_t amount) { to = sign > 0 ? to + amount : to - amount; };
    if (lane.stalled) {
        add(partner.stalled, lane.weight);
    } else if (lane.pace == Pace::slow) {
        add(partner.slow, 1);
    } else if (lane.pace == Pace::brisk) {
        add(partner.brisk, 1);
    }
}

void Lanes::judge(Partner& partner, TimePoint now) {
    // Far apart, so that the feeders do not flap.
    const std::uint64_t most = share();
    const std::uint64_t moving = partner.weight - partner.stalled;
    const bool much = moving > (partner.pace == Pace::free ? most / 2 : most / 4);
    Pace pace = partner.brisk > 0 ? Pace::brisk : partner.slow > 0 ? Pace::slow : Pace::free;
    if (much) pace = pace_of_backlog(moving, partner.busy_since, partner.flow, now);
    if (pace == partner.pace) return;
    partner.pace = pace;
    if (on_pace_) on_pace_(partner);
}

bool Lanes::look(TimePoint now, const std::function<bool(const Lane&)>& arrived) {
    // A lane that is judged free again leaves the list.
    for (std::size_t at = paced_.size(); at-- > 0;) judge(*paced_[at], now, arrived(*paced_[at]));
    bool any = !paced_.empty();
    for (const auto& [domain, partner] : partners_) {
        if (partner->pace == Pace::free) continue;
        judge(*partner, now);
        any |= partner->pace != Pace::free;
    }
    return any;
}

std::vector<Partner> Lanes::busy() const {
    std::vector<Partner> all;
    for (const auto& [domain, partner] : partners_) {
        if (partner->pace != Pace::free || partner->refused > 0) all.push_back(*partner);
    }
    return all;
}

void Lanes::forget_idle() {
    last_ = nullptr;
    last_key_.clear();
    std::erase_if(lanes_, [](const auto& entry) {
        if (entry.second.under_way != 0) return false;
        --entry.second.partner->lanes;
        return true;
    });
    std::erase_if(partners_,
                  [](const auto& entry) { return entry.second->lanes == 0 && entry.second->pace == Pace::free; });
    sweep_at_ = std::max(least_sweep, 2 * lanes_.size());
}

}  // namespace sallyport::link
