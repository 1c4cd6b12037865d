// Counting by the minute.
#include "services/im/spending.h"

#include <algorithm>

#include "base/limits.h"

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
    if (!has_place(name, now)) {
        names_.erase(std::min_element(names_.begin(), names_.end(), [](const auto& one, const auto& other) {
            return one.second.bytes < other.second.bytes;
        }));
    }
    Spent& spent = names_[name];
    if (now - spent.since >= window) spent = {now, 0};
    spent.bytes += std::max(bytes, least);
    return true;
}

bool AskersSpending::spend(const std::string& asker, const std::string& domain, std::uint64_t bytes, std::uint64_t most,
                           std::uint64_t domain_share, TimePoint now) {
    const std::uint64_t most_of_domain = most >= unlimited / domain_share ? unlimited : most * domain_share;
    if (!domains_.may_spend(domain, bytes, most_of_domain, now)) return false;
    // A domain that invents askers must not keep those of others out: its own budget holds it.
    if (askers_.has_place(asker, now) && !askers_.spend(asker, bytes, most, now)) return false;
    return domains_.spend(domain, bytes, most_of_domain, now);
}

void AskersSpending::forget(TimePoint now) {
    askers_.forget(now);
    domains_.forget(now);
}

}  // namespace sallyport::im
