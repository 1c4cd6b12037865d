// Ranks.
#include "services/history/roster.h"

#include <algorithm>
#include <cmath>

#include "proto/xmpp/jid.h"

namespace sallyport::history {

namespace {

constexpr double quarters_of_half_life = 7 * 24 * 4;

}  // namespace

double Roster::Rank::in(std::int64_t now) const {
    // A clock that was set back makes nobody more active.
    return quarters * std::exp2(-static_cast<double>(std::max<std::int64_t>(now - at, 0)) / quarters_of_half_life);
}

bool Roster::count(Rank& rank, std::int64_t now) {
    if (rank.at == now) return false;
    rank.quarters = rank.in(now) + 1;
    rank.at = now;
    return true;
}

void Roster::restore(const std::string& peer, const Rank& rank) {
    if (kept_.size() < most_) kept_[peer] = rank;
}

Roster::Ranks::iterator Roster::least(Ranks& ranks, std::int64_t now) {
    return std::min_element(ranks.begin(), ranks.end(), [&](const auto& one, const auto& other) {
        if (one.second.named != other.second.named) return other.second.named;
        return one.second.in(now) < other.second.in(now);
    });
}

bool Roster::owner_has_his_share(const Ranks& ranks, const std::string& peer) const {
    const std::string_view owner = xmpp::owner_of(peer);
    const auto same = std::count_if(ranks.begin(), ranks.end(), [&](const auto& one) {
        return !one.second.named && xmpp::owner_of(one.first) == owner;
    });
    return static_cast<std::size_t>(same) >= std::max<std::size_t>(most_ / share_of_owner, 1);
}

void Roster::wait(const std::string& peer, bool named, std::int64_t now) {
    auto at = waiting_.find(peer);
    if (at == waiting_.end()) {
        if (!named && owner_has_his_share(waiting_, peer)) return;
        if (waiting_.size() >= most_) {
            const auto last = least(waiting_, now);
            // Who is new ranks lowest: he takes the place of one that is away.
            if (!named && (last->second.named || last->second.at == now)) return;
            waiting_.erase(last);
        }
        at = waiting_.try_emplace(peer).first;
    }
    at->second.named = named;
    count(at->second, now);
}

void Roster::take_places(std::int64_t now, Settled& settled) {
    while (!waiting_.empty()) {
        const auto best = std::max_element(waiting_.begin(), waiting_.end(), [&](const auto& one, const auto& other) {
            if (one.second.named != other.second.named) return other.second.named;
            return one.second.in(now) < other.second.in(now);
        });
        const auto& [peer, rank] = *best;
        if (!rank.named && owner_has_his_share(kept_, peer)) {
            waiting_.erase(best);
            continue;
        }
        if (kept_.size() >= most_) {
            const auto last = least(kept_, now);
            const bool better = rank.named != last->second.named ? rank.named : rank.in(now) > last->second.in(now) + 1;
            if (!better) return;
            settled.forgotten.push_back(last->first);
            kept_.erase(last);
        }
        settled.changed.push_back(peer);
        kept_[peer] = rank;
        waiting_.erase(best);
    }
}

Roster::Settled Roster::settle(const std::set<std::string>& active, const std::set<std::string>& named,
                               std::int64_t time) {
    const std::int64_t now = time / quarter;
    Settled settled;
    if (most_ == 0) return settled;
    for (auto& [peer, rank] : kept_) rank.named = named.contains(peer);
    for (const std::string& peer : active) {
        const auto at = kept_.find(peer);
        if (at == kept_.end()) {
            wait(peer, named.contains(peer), now);
        } else if (count(at->second, now)) {
            settled.changed.push_back(peer);
        }
    }
    take_places(now, settled);
    return settled;
}

}  // namespace sallyport::history
