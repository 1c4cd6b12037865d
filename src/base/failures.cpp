// Times in a window.
#include "base/failures.h"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/networks.h"

namespace sallyport {

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
    if (most_ == unlimited) return;
    if (!times_.contains(key)) make_room(now);
    auto& times = times_[key];
    while (!times.empty() && times.front() + window <= now) times.pop_front();
    times.push_back(now);
    if (times.size() > most_) times.pop_front();
}

void Failures::forgive(const std::string& key) {
    const auto at = times_.find(key);
    if (at == times_.end()) return;
    at->second.pop_back();
    if (at->second.empty()) times_.erase(at);
}

void Failures::forget(TimePoint now) {
    std::erase_if(times_, [now](const auto& entry) { return entry.second.back() + window <= now; });
}

TimePoint Failures::latest() const {
    TimePoint latest{};
    for (const auto& [key, times] : times_) latest = std::max(latest, times.back());
    return latest;
}

/// Several at once, so that a flood does not have the table searched for each of them.
void Failures::make_room(TimePoint now) {
    if (times_.size() < most_keys) return;
    forget(now);
    if (times_.size() < most_keys) return;
    std::vector<std::tuple<std::size_t, TimePoint, decltype(times_)::iterator>> all;
    for (auto at = times_.begin(); at != times_.end(); ++at) {
        all.emplace_back(at->second.size(), at->second.back(), at);
    }
    const auto last = all.begin() + most_keys / 16;
    std::nth_element(all.begin(), last, all.end(), [](const auto& a, const auto& b) {
        return std::pair{std::get<0>(a), std::get<1>(a)} < std::pair{std::get<0>(b), std::get<1>(b)};
    });
    for (auto goes = all.begin(); goes != last; ++goes) times_.erase(std::get<2>(*goes));
}

std::string failure_key(const IpAddress& address) { return subscriber_network(address).text(); }

}  // namespace sallyport
