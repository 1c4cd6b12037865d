// Compared one by one.
#include "services/link/nodes_told.h"

#include <algorithm>

namespace sallyport::link {

std::vector<NodeNews> NodesTold::replace(std::vector<NodeNews> all) {
    if (all.size() > most) all.resize(most);
    std::vector<NodeNews> fresh;
    for (const NodeNews& one : all) {
        if (std::ranges::find(all_, one) == all_.end()) fresh.push_back(one);
    }
    all_ = std::move(all);
    return fresh;
}

bool NodesTold::hear(const std::string& far_realm, TimePoint now) {
    const auto is_over = [now](const Second& second) { return now - second.began >= std::chrono::seconds{1}; };
    auto at = heard_.find(far_realm);
    if (at == heard_.end() || is_over(at->second)) {
        std::erase_if(heard_, [&](const auto& entry) { return is_over(entry.second); });
        if (heard_.size() >= most_realms) return false;
        at = heard_.emplace(far_realm, Second{now, 0}).first;
    }
    return ++at->second.news <= most_heard;
}

}  // namespace sallyport::link
