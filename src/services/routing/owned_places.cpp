// Taking and giving back; the ranks follow.
#include "services/routing/owned_places.h"

namespace sallyport::routing {

/// `owner` had `before` places.
void OwnedPlaces::count_again(Owners::iterator owner, std::size_t before) {
    const std::size_t has = owner->second.size();
    if (before != 0) ranks_.erase({before, owner->first});
    if (has != 0) {
        ranks_.emplace(has, owner->first);
    } else {
        owners_.erase(owner);
    }
}

bool OwnedPlaces::take(const std::string& owner, std::uint64_t number, Leave leave, Leave& displaced) {
    const auto known = owners_.find(owner);
    const std::size_t has = known == owners_.end() ? 0 : known->second.size();
    if (taken_ >= most_) {
        if (ranks_.empty() || ranks_.rbegin()->first < has + 2) return false;
        const auto richest = owners_.find(ranks_.rbegin()->second);
        const std::size_t before = richest->second.size();
        displaced = std::move(richest->second.begin()->second);
        richest->second.erase(richest->second.begin());
        count_again(richest, before);
        --taken_;
    }
    const auto at = owners_.try_emplace(owner).first;
    at->second.emplace(number, std::move(leave));
    count_again(at, has);
    ++taken_;
    return true;
}

bool OwnedPlaces::replace(std::string_view owner, std::uint64_t number, const Leave& leave) {
    const auto at = owners_.find(owner);
    const auto place = at == owners_.end() ? Places::iterator{} : at->second.find(number);
    if (at == owners_.end() || place == at->second.end()) return false;
    place->second = leave;
    return true;
}

bool OwnedPlaces::give_back(std::string_view owner, std::uint64_t number) {
    const auto at = owners_.find(owner);
    if (at == owners_.end()) return false;
    const std::size_t before = at->second.size();
    if (at->second.erase(number) == 0) return false;
    count_again(at, before);
    --taken_;
    return true;
}

}  // namespace sallyport::routing
