// Times in a window.
#include "admin/access/failures.h"

#include <algorithm>

namespace sallyport::admin {

Duration Failures::wait(const std::string& key, TimePoint now) {
    const auto at = times_.find(key);
    if (at == times_.end()) return {};
    auto& times = at->second;
    while (!times.empty() && times.front() + window <= now) times.pop_front();
    if (times.empty()) {
        times_.erase(at);
        return {};
    }
    if (times.size() < most_) return {};
    return times[times.size() - most_] + window - now;
}

void Failures::note(const std::string& key, TimePoint now) {
    if (!times_.contains(key)) make_room(now);
    auto& times = times_[key];
    times.push_back(now);
    if (times.size() > most_) times.pop_front();
}

void Failures::forgive(const std::string& key) {
    const auto at = times_.find(key);
    if (at == times_.end()) return;
    at->second.pop_back();
    if (at->second.empty()) times_.erase(at);
}

void Failures::make_room(TimePoint now) {
    if (times_.size() < most_keys) return;
    std::erase_if(times_, [now](const auto& entry) { return entry.second.back() + window <= now; });
    if (times_.size() < most_keys) return;
    times_.erase(std::min_element(times_.begin(), times_.end(),
                                  [](const auto& a, const auto& b) { return a.second.back() < b.second.back(); }));
}

std::string failure_key(IpAddress address) {
    if (address.v6) std::fill(address.bytes.begin() + 8, address.bytes.end(), std::uint8_t{0});
    return address.text();
}

}  // namespace sallyport::admin
