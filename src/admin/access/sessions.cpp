// Opening, finding, ending.
#include "admin/access/sessions.h"

#include <algorithm>

#include "base/hash.h"

namespace sallyport::admin {

namespace {

constexpr std::size_t secret_bytes = 32;
constexpr std::size_t longest_id = 64;

}  // namespace

std::string fresh_secret(const Sessions::RandomBytes& random) {
    std::string text = base64_encode(random(secret_bytes));
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    return text.substr(0, text.find('='));
}

Sessions::Opened Sessions::open(const std::string& name, const IpAddress& from, SessionTerms terms) {
    sweep();
    if (!terms.by.empty()) {
        std::erase_if(sessions_, [&](const auto& entry) {
            const Session& other = entry.second;
            return other.name == name && other.terms.by == terms.by && other.terms.there == terms.there;
        });
    }
    make_room(name, terms.by);
    Opened opened{fresh_secret(random_), {}};
    Session& session = opened.session;
    session.number = ++last_number_;
    session.name = name;
    session.csrf = fresh_secret(random_);
    session.from = from;
    session.opened = session.used = clock_.now();
    session.since = clock_.wall();
    session.expires = session.since + std::chrono::seconds{limits_.session_seconds};
    if (terms.until) session.expires = std::min(session.expires, *terms.until);
    session.ends = session.opened + (session.expires - session.since);
    session.terms = std::move(terms);
    sessions_[sha256(opened.id)] = session;
    return opened;
}

const Session* Sessions::use(std::string_view id) {
    const Session* session = look(id);
    if (session != nullptr) sessions_.find(sha256(id))->second.used = clock_.now();
    return session;
}

const Session* Sessions::look(std::string_view id) {
    if (id.empty() || id.size() > longest_id) return nullptr;
    const auto at = sessions_.find(sha256(id));
    if (at == sessions_.end()) return nullptr;
    if (is_over(at->second)) {
        sessions_.erase(at);
        return nullptr;
    }
    return &at->second;
}

void Sessions::close(std::string_view id) { sessions_.erase(sha256(id)); }

std::size_t Sessions::close_of(const std::string& name, std::string_view but) {
    const std::string kept = but.empty() ? std::string{} : sha256(but);
    return std::erase_if(sessions_,
                         [&](const auto& entry) { return entry.second.name == name && entry.first != kept; });
}

bool Sessions::close_number(std::uint64_t number) {
    return std::erase_if(sessions_, [&](const auto& entry) { return entry.second.number == number; }) > 0;
}

std::vector<Session> Sessions::list() {
    sweep();
    std::vector<Session> all;
    all.reserve(sessions_.size());
    for (const auto& [id, session] : sessions_) all.push_back(session);
    std::sort(all.begin(), all.end(), [](const Session& a, const Session& b) { return a.number < b.number; });
    return all;
}

bool Sessions::is_over(const Session& session) const {
    const TimePoint now = clock_.now();
    return now - session.used >= std::chrono::seconds{limits_.session_idle_seconds} || now >= session.ends;
}

void Sessions::sweep() {
    std::erase_if(sessions_, [this](const auto& entry) { return is_over(entry.second); });
}

/// Those of one node that vouches, or those of log-ins, where nobody does, are one table.
void Sessions::make_room(const std::string& name, const std::string& by) {
    const auto oldest_goes = [this, &by](const std::function<bool(const Session&)>& counts, std::uint64_t most) {
        auto oldest = sessions_.end();
        std::uint64_t count = 0;
        for (auto at = sessions_.begin(); at != sessions_.end(); ++at) {
            if (at->second.terms.by != by || !counts(at->second)) continue;
            ++count;
            if (oldest == sessions_.end() || at->second.number < oldest->second.number) oldest = at;
        }
        if (count >= most) sessions_.erase(oldest);
    };
    const bool brought = !by.empty();
    const std::uint64_t of_account =
        brought ? std::min(brought_per_account, limits_.sessions_per_account) : limits_.sessions_per_account;
    oldest_goes([&](const Session& session) { return session.name == name; }, of_account);
    oldest_goes([](const Session&) { return true; }, brought ? most_brought() : limits_.sessions);
}

}  // namespace sallyport::admin
