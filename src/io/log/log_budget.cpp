// Counting repeated records.
#include "io/log/log_budget.h"

#include <algorithm>

#include "base/limits.h"

namespace sallyport::io {

namespace {
/// Windows that one record ends: more than it can begin, so that forgetting keeps up.
constexpr std::size_t most_ended = 8;
}  // namespace

void LogBudget::write(LogRecord record) {
    if (record.source.empty() || record.level < LogLevel::info) return sink_.write(std::move(record));
    std::vector<LogRecord> told;
    bool passes = false;
    {
        const std::lock_guard hold{mutex_};
        told = age(most_ended);
        passes = admit(record);
    }
    for (LogRecord& line : told) sink_.write(std::move(line));
    if (passes) sink_.write(std::move(record));
}

bool LogBudget::admit(const LogRecord& record) {
    std::string event{record.event};
    Account* const all = account({event, {}}, record.module, for_all_ < most_events ? accounts_.size() + 1 : 0);
    Account* const own = account({std::move(event), record.source}, record.module, bounds_.sources + for_all_);
    const std::uint64_t share = record.level == LogLevel::info ? info_share : 1;
    if (own != nullptr && !has_room(*own, share)) {
        ++own->held_back;
        return false;
    }
    if (all != nullptr && !has_room(*all, share * all_share)) {
        ++all->held_back;
        return false;
    }
    if (own != nullptr) ++own->passed;
    if (all != nullptr) ++all->passed;
    return true;
}

LogBudget::Account* LogBudget::account(const Key& key, LogModule module, std::uint64_t most) {
    if (const auto at = accounts_.find(key); at != accounts_.end()) return &at->second;
    if (accounts_.size() >= most) return nullptr;
    Account& fresh = accounts_[key];
    fresh.module = module;
    if (key.second.empty()) ++for_all_;
    windows_.emplace_back(clock_.now() + window, key);
    return &fresh;
}

bool LogBudget::has_room(const Account& account, std::uint64_t share) const {
    const std::uint64_t most = bounds_.records > unlimited / share ? unlimited : bounds_.records * share;
    return account.passed < (account.is_loud ? std::max<std::uint64_t>(1, most / penalty) : most);
}

std::vector<LogRecord> LogBudget::age(std::size_t most) {
    std::vector<LogRecord> told;
    const TimePoint now = clock_.now();
    for (std::size_t ended = 0; ended < most && !windows_.empty() && windows_.front().first <= now; ++ended) {
        Key key = std::move(windows_.front().second);
        windows_.pop_front();
        const auto at = accounts_.find(key);
        Account& account = at->second;
        if (account.held_back == 0) {
            if (key.second.empty()) --for_all_;
            accounts_.erase(at);
            continue;
        }
        told.push_back(
            {account.module,
             LogLevel::warn,
             "log.repeated",
             std::source_location::current(),
             {{"more", std::to_string(account.held_back)},
              {"of", key.first},
              {"from", key.second.empty() ? "many addresses" : key.second},
              {"seconds", std::to_string(std::chrono::duration_cast<std::chrono::seconds>(window).count())}}});
        account = {account.module, 0, 0, true};
        windows_.emplace_back(now + window, std::move(key));
    }
    return told;
}

void LogBudget::settle() {
    std::vector<LogRecord> told;
    {
        const std::lock_guard hold{mutex_};
        told = age(accounts_.size());
    }
    for (LogRecord& line : told) sink_.write(std::move(line));
}

TableFill LogBudget::table() const {
    const std::lock_guard hold{mutex_};
    return {"log.repeated", accounts_.size(), bounds_.sources + most_events};
}

}  // namespace sallyport::io
