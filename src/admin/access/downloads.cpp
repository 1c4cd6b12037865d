// One place a download.
#include "admin/access/downloads.h"

#include <algorithm>

namespace sallyport::admin {

bool Downloads::goes_on(const std::string& key, std::uint64_t offset, std::uint64_t end, TimePoint now) {
    std::erase_if(places_, [now](const auto& entry) { return now - entry.second.at > patience; });
    const auto at = places_.find(key);
    const bool known = at != places_.end() && offset != 0 && at->second.end == offset;
    if (at == places_.end() && places_.size() >= most) {
        places_.erase(std::min_element(places_.begin(), places_.end(), [](const auto& one, const auto& other) {
            return one.second.at < other.second.at;
        }));
    }
    places_[key] = {end, now};
    return known;
}

}  // namespace sallyport::admin
