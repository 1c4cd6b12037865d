// A bounded list of what went wrong lately.
#include <algorithm>

#include "base/failures.h"
#include "services/im/online.h"

namespace sallyport::im {

void RefusedLogins::note(RefusedLogin login) {
    std::string source = failure_key(login.from);
    const auto alike = std::find_if(logins_.begin(), logins_.end(), [&](const Entry& entry) {
        return entry.login.from == login.from && entry.login.user == login.user &&
               entry.login.mechanism == login.mechanism && entry.login.condition == login.condition &&
               entry.login.why == login.why;
    });
    login.first = login.last;
    if (alike != logins_.end()) {
        login.first = alike->login.first;
        login.count += alike->login.count;
        logins_.erase(alike);
    } else {
        make_room(source);
    }
    logins_.push_back({std::move(source), std::move(login)});
}

void RefusedLogins::make_room(const std::string& source) {
    const auto is_theirs = [&](const Entry& entry) { return entry.source == source; };
    const auto theirs = static_cast<std::uint64_t>(std::count_if(logins_.begin(), logins_.end(), is_theirs));
    if (theirs >= std::max<std::uint64_t>(1, most_ / 4)) {
        logins_.erase(std::find_if(logins_.begin(), logins_.end(), is_theirs));
    } else if (logins_.size() >= most_) {
        logins_.pop_front();
    }
}

std::vector<RefusedLogin> RefusedLogins::latest(std::size_t most) const {
    std::vector<RefusedLogin> all;
    for (auto at = logins_.rbegin(); at != logins_.rend() && all.size() < most; ++at) all.push_back(at->login);
    return all;
}

}  // namespace sallyport::im
