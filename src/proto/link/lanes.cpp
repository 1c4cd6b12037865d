// Lanes and budgets. A partner's share shrinks as the whole fills, so that there is room for the next one (dynamic
// thresholds, as switches share their memory); a quarter is for those who need little.
#include "proto/link/lanes.h"

#include <algorithm>

namespace sallyport::link {

namespace {

constexpr std::uint64_t share_of_rest = 4;
constexpr std::uint64_t least_share = 64 << 10;  ///< as long as there is anything left
constexpr Duration slot = std::chrono::seconds{1};
/// What is done within so many seconds, at the speed of the last two, is brisk.
constexpr std::uint64_t brisk_seconds = 2;
constexpr std::size_t least_sweep = 1024;

}  // namespace

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
    const std::uint64_t rest = shared - std::min(weight_, shared);
    return std::max(least_share, std::min(budget_.one_partner, rest / share_of_rest));
}

bool Lanes::admits(Lane& lane, std::uint64_t weight) {
    Partner& partner = *lane.partner;
    const std::uint64_t most = partner.weight == 0 ? std::max(share(), budget_.one_stanza) : share();
    if (partner.weight + weight <= most && weight_ + weight <= budget_.all) return true;
    ++partner.refused;
    return false;
}

void Lanes::add(Lane& lane, std::uint64_t weight, TimePoint now) {
    Partner& partner = *lane.partner;
    if (partner.stanzas == 0) partner.busy_since = now;
    ++lane.under_way;
    ++partner.stanzas;
    partner.weight += weight;
    weight_ += weight;
    if (partner.weight > share() / 2) judge(partner, now);
}

void Lanes::remove(Lane& lane, std::uint64_t weight, TimePoint now) {
    Partner& partner = *lane.partner;
    --lane.under_way;
    --partner.stanzas;
    partner.weight -= weight;
    weight_ -= weight;
    if (now - partner.moved_at >= slot) {
        partner.moved_before = now - partner.moved_at < 2 * slot ? partner.moved : 0;
        partner.moved = 0;
        partner.moved_at = now;
    }
    partner.moved += weight;
    if (partner.stanzas == 0) partner.refused = 0;
    if (partner.pace != Pace::free) judge(partner, now);
}

void Lanes::judge(Partner& partner, TimePoint now) {
    // Far apart, so that the feeders do not flap.
    const std::uint64_t most = share();
    const bool much = partner.weight > (partner.pace == Pace::free ? most / 2 : most / 4);
    const Duration still = now - partner.moved_at;
    const std::uint64_t speed = still >= 2 * slot ? 0
                                : still >= slot   ? partner.moved
                                                  : partner.moved + partner.moved_before;
    // A backlog that is younger than a second has the benefit of the doubt.
    const bool moves = speed * brisk_seconds >= partner.weight || now - partner.busy_since < slot;
    const Pace pace = !much ? Pace::free : moves ? Pace::brisk : Pace::slow;
    if (pace == partner.pace) return;
    partner.pace = pace;
    if (on_pace_) on_pace_(partner);
}

bool Lanes::look(TimePoint now) {
    bool any = false;
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
