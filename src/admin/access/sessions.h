// Sessions of people who are logged in: in memory, bounded, ended by rest, by age, by log-out and by every change of
// the account's password. Their ids are kept as hashes: a dump of memory or of a log gives no session away.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/access/roles.h"
#include "base/admin_limits.h"
#include "base/clock.h"
#include "base/endpoint.h"

namespace sallyport::admin {

/// What a session was opened on, beside the account.
struct SessionTerms {
    bool codes = false;               ///< a code of an authenticator was shown, here or at the node that vouches
    std::optional<Access> most{};     ///< no more than this, whatever the account may do
    std::string by{}, there{};        ///< node that vouched for its holder, and its name for the session there
    std::optional<WallTime> until{};  ///< it ends then at the latest
};

struct Session {
    std::uint64_t number = 0;  ///< for people: no secret
    std::string name;          ///< of the account
    std::string csrf;          ///< wanted in a header of every request that changes something
    IpAddress from;            ///< where it was opened
    TimePoint opened{}, used{};
    WallTime since{}, expires{};
    TimePoint ends{};  ///< when it expires, by a clock that nobody sets
    SessionTerms terms;
};

class Sessions {
public:
    using RandomBytes = std::function<std::string(std::size_t)>;
    Sessions(const AdminLimits& limits, const Clock& clock, RandomBytes random)
        : limits_{limits}, clock_{clock}, random_{std::move(random)} {}

    struct Opened {
        std::string id;  ///< the cookie; shown this once
        Session session;
    };
    /// For which one other node vouched, of one account.
    static constexpr std::uint64_t brought_per_account = 2;
    /// Always a new id. The account's oldest session makes room, then the oldest of all. Where another node vouched,
    /// only others for which it did make room: brought_per_account of one account, a quarter of `sessions` of all.
    /// They are beside those of log-ins, so that nobody who is believed signs out people here.
    /// What the same node vouched for, for the same session there, ends: who goes to and fro has one.
    [[nodiscard]] Opened open(const std::string& name, const IpAddress& from, SessionTerms terms = {});
    /// The session, which from now on counts as used; null: there is none, or none any longer.
    [[nodiscard]] const Session* use(std::string_view id);
    /// The same, but it counts as rest.
    [[nodiscard]] const Session* look(std::string_view id);
    void close(std::string_view id);
    /// Those of an account, but for the one with the id `but`; how many.
    std::size_t close_of(const std::string& name, std::string_view but = {});
    /// False: there is no such number.
    [[nodiscard]] bool close_number(std::uint64_t number);
    /// The oldest first.
    [[nodiscard]] std::vector<Session> list();
    [[nodiscard]] std::size_t size() const { return sessions_.size(); }
    /// With so many other nodes that may vouch for somebody.
    [[nodiscard]] std::uint64_t most(std::size_t nodes) const { return limits_.sessions + nodes * most_brought(); }

private:
    /// For which one other node vouched.
    [[nodiscard]] std::uint64_t most_brought() const { return std::max<std::uint64_t>(1, limits_.sessions / 4); }
    [[nodiscard]] bool is_over(const Session& session) const;
    void sweep();
    void make_room(const std::string& name, const std::string& by);

    const AdminLimits& limits_;
    const Clock& clock_;
    RandomBytes random_;
    std::map<std::string, Session, std::less<>> sessions_;  ///< by SHA-256 of the id
    std::uint64_t last_number_ = 0;
};

/// Unguessable text of 256 bits in letters, digits, '-' and '_'.
[[nodiscard]] std::string fresh_secret(const Sessions::RandomBytes& random);

}  // namespace sallyport::admin
