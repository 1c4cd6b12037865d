// Basic authentication (RFC 7617) against scrypt verifiers.
#include "services/axl/user_desk.h"

#include <algorithm>

#include "base/hash.h"
#include "io/store/verifier.h"

namespace sallyport::axl {

namespace {

constexpr std::size_t longest_name = 64;
constexpr std::size_t longest_password = 256;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

Error malformed(std::string text) { return {"user-malformed", std::move(text)}; }

}  // namespace

Result<void> UserDesk::put(const std::string& name, std::string_view password) {
    const bool good_name = !name.empty() && name.size() <= longest_name && name.find(':') == std::string::npos &&
                           std::none_of(name.begin(), name.end(), is_control);
    if (!good_name) return malformed("a user's name has 1 to 64 characters and no colon");
    if (password.size() < least_password || password.size() > longest_password) {
        return malformed("a password has 8 to 256 characters");
    }
    if (std::any_of(password.begin(), password.end(), is_control)) {
        return malformed("a password has no control characters");
    }
    auto verifier = io::make_verifier(password);
    if (!verifier) return verifier.error();
    return store_.put_application_user({name, {std::string{axl_role}}, std::move(*verifier)});
}

Result<void> UserDesk::remove(const std::string& name) {
    const auto removed = store_.remove_application_user(name);
    if (!removed) return removed.error();
    proved_.erase(name);
    if (!*removed) return Error{"user-unknown", "there is no user '" + name.substr(0, longest_name) + "'"};
    return {};
}

UserDesk::Verdict UserDesk::judge(const IpAddress& from, std::string_view authorization) {
    if (is_throttled(from)) return {Judgement::throttled, {}};
    // A first request without credentials is how clients learn that they are wanted: it costs nothing.
    if (authorization.empty()) return {Judgement::bad, {}};
    constexpr std::string_view scheme = "basic ";
    std::string decoded;
    const bool basic = authorization.size() <= longest_credentials && authorization.size() > scheme.size() &&
                       std::equal(scheme.begin(), scheme.end(), authorization.begin(),
                                  [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b - 'A' + 'a' : b); }) &&
                       base64_decode(authorization.substr(scheme.size()), decoded);
    const std::size_t colon = basic ? decoded.find(':') : std::string::npos;
    if (colon == std::string::npos) {
        note_failure(from);
        return {Judgement::bad, {}};
    }
    Verdict verdict{Judgement::bad, decoded.substr(0, std::min(colon, longest_name))};
    verdict.judgement = check(decoded.substr(0, colon), std::string_view{decoded}.substr(colon + 1));
    if (verdict.judgement == Judgement::bad) note_failure(from);
    if (verdict.judgement == Judgement::good) good_at_ = clock_.now();
    return verdict;
}

/// Bound to the verifier: a new password makes it worthless.
std::string UserDesk::mark_of(const io::ApplicationUser& user, std::string_view password) const {
    return hmac_sha256(random_, user.verifier + '\0' + std::string{password});
}

Judgement UserDesk::check(const std::string& user, std::string_view password) {
    const auto users = store_.application_users();
    if (!users) return Judgement::trouble;
    if (password.size() > longest_password) return Judgement::bad;
    const auto at = std::find_if(users->begin(), users->end(), [&](const auto& row) { return row.name == user; });
    if (at == users->end()) {
        // As much work as for a user who exists: the time says nothing about names.
        if (decoy_.empty()) decoy_ = io::make_verifier(random_).value_or(std::string{});
        static_cast<void>(io::verifies(decoy_, password));
        return Judgement::bad;
    }
    const std::string mark = mark_of(*at, password);
    const auto known = proved_.find(user);
    if (known == proved_.end() || !equal_constant_time(known->second, mark)) {
        if (!io::verifies(at->verifier, password)) return Judgement::bad;
        proved_[user] = mark;
    }
    const bool has_role = std::find(at->roles.begin(), at->roles.end(), axl_role) != at->roles.end();
    return has_role ? Judgement::good : Judgement::bad;
}

bool UserDesk::is_throttled(const IpAddress& from) {
    const TimePoint old = clock_.now() - window;
    const auto forget = [old](std::deque<TimePoint>& times) {
        while (!times.empty() && times.front() <= old) times.pop_front();
    };
    const auto at = failures_.find(from);
    if (at != failures_.end()) {
        forget(at->second);
        if (at->second.size() >= most_failures) return true;
        if (at->second.empty()) failures_.erase(at);
        return false;
    }
    if (failures_.size() < most_addresses) return false;
    for (auto entry = failures_.begin(); entry != failures_.end();) {
        forget(entry->second);
        entry = entry->second.empty() ? failures_.erase(entry) : std::next(entry);
    }
    return failures_.size() >= most_addresses;
}

bool UserDesk::refused_lately() const {
    const TimePoint old = std::max(clock_.now() - window, good_at_);
    return std::any_of(failures_.begin(), failures_.end(),
                       [old](const auto& entry) { return !entry.second.empty() && entry.second.back() > old; });
}

void UserDesk::note_failure(const IpAddress& from) { failures_[from].push_back(clock_.now()); }

}  // namespace sallyport::axl
