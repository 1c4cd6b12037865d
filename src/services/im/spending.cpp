// Counting by the minute.
#include "services/im/spending.h"

#include <algorithm>

namespace sallyport::im {

bool Spending::may_spend(const std::string& name, std::uint64_t bytes, std::uint64_t most, TimePoint now) const {
    const auto at = names_.find(name);
    const std::uint64_t spent = at == names_.end() || now - at->second.since >= window ? 0 : at->second.bytes;
    return std::max(bytes, least) <= most && spent <= most - std::max(bytes, least);
}

bool Spending::has_place(const std::string& name, TimePoint now) {
    if (names_.size() < most_names || names_.contains(name)) return true;
    forget(now);
    return names_.size() < most_names;
}

void Spending::forget(TimePoint now) {
    std::erase_if(names_, [&](const auto& entry) { return now - entry.second.since >= window; });
}

bool Spending::spend(const std::string& name, std::uint64_t bytes, std::uint64_t most, TimePoint now) {
    if (!may_spend(name, bytes, most, now)) return false;
    if (!has_place(name, now)) return false;
    Spent& spent = names_[name];
    if (now - spent.since >= window) spent = {now, 0};
    spent.bytes += std::max(bytes, least);
    return true;
}

}  // namespace sallyport::im
