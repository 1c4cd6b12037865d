// Debts that melt away.
#include "admin/rest/answer_budget.h"

#include <algorithm>

namespace sallyport::admin {

double AnswerBudget::owed(const Debt& debt, TimePoint now) const {
    return std::max(0.0, debt.bytes - std::chrono::duration<double>(now - debt.at).count() * rate_);
}

Duration AnswerBudget::wait(const std::string& author, TimePoint now) const {
    const auto at = debts_.find(author);
    if (at == debts_.end()) return {};
    const double excess = owed(at->second, now) - rate_ * static_cast<double>(burst_seconds);
    if (excess <= 0) return {};
    return std::chrono::ceil<Duration>(std::chrono::duration<double>(excess / rate_));
}

void AnswerBudget::charge(const std::string& author, std::uint64_t bytes, TimePoint now) {
    if (!debts_.contains(author)) make_room(now);
    Debt& debt = debts_[author];
    debt = {owed(debt, now) + static_cast<double>(bytes), now};
}

void AnswerBudget::make_room(TimePoint now) {
    if (debts_.size() < most_authors) return;
    std::erase_if(debts_, [&](const auto& entry) { return owed(entry.second, now) <= 0; });
    if (debts_.size() < most_authors) return;
    debts_.erase(std::min_element(debts_.begin(), debts_.end(), [&](const auto& one, const auto& other) {
        return owed(one.second, now) < owed(other.second, now);
    }));
}

}  // namespace sallyport::admin
