// What an administrator sees of the users' clients: a page of sessions, and the log-ins that were refused. Values only.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"

namespace sallyport::im {

/// Where a page of sessions begins: behind this one. Sessions are ordered by user, then by number.
struct OnlineCursor {
    std::string user;  ///< bare JID; empty: at the beginning
    std::uint64_t number = 0;
    bool operator==(const OnlineCursor&) const = default;
};

struct OnlineQuery {
    enum class Which : std::uint8_t {
        all,
        connected,
        away,  ///< the client is gone and may resume (XEP-0198 5)
    };
    std::string user;  ///< only users whose address begins so; empty: all
    Which which = Which::all;
    OnlineCursor after;
    std::size_t most = 100;    ///< sessions on the page
    std::size_t looks = 1000;  ///< at so many sessions and accounts in one turn, wanted or not; from 3 on
};

/// One session of a user.
struct OnlineClient {
    std::string user, resource;
    std::uint64_t number = 0;    ///< never given twice while the node runs
    std::string remote_address;  ///< of the client; of one that is gone, the last one
    WallTime since{};            ///< when the resource was bound
    std::string tls, mechanism;
    std::string binding;  ///< how the login was bound to TLS: "tls-exporter" and its like; empty: not at all
    std::string client;   ///< what its program calls itself in its presence (XEP-0115 `node`); empty: nothing
    bool available = false;
    std::string show;  ///< "away", "chat", "dnd", "xa"; empty: simply there (RFC 6121 4.7.2.1)
    int priority = 0;
    bool connected = true;
    std::optional<Duration> resumable_for;                       ///< of one that is gone: so long it may come back
    std::uint64_t unacknowledged = 0, unacknowledged_bytes = 0;  ///< sent and not acknowledged (XEP-0198)
    std::uint64_t laid_by = 0;                                   ///< of the user's, on the disk until acknowledged
    std::uint64_t stanzas_in = 0, stanzas_out = 0;
};

struct OnlinePage {
    std::vector<OnlineClient> clients;
    std::optional<OnlineCursor> next;  ///< there may be more, behind this one; nothing: that was all
    std::uint64_t sessions = 0, away = 0, connections = 0, unauthenticated = 0;  ///< of the whole node
};

/// A log-in that failed, or several alike.
struct RefusedLogin {
    WallTime first{}, last{};
    IpAddress from;
    std::string user;       ///< whom the client claimed to be, bare; empty: it did not get so far
    std::string mechanism;  ///< empty: none of ours
    std::string condition;  ///< what the client was told (RFC 6120 6.5)
    std::string why;        ///< more than it was told
    std::uint64_t count = 1;
};

/// The latest refused log-ins. Those alike count as one; one address has a quarter of the room at most, so that nobody
/// who guesses from one place makes the others be forgotten.
class RefusedLogins {
public:
    explicit RefusedLogins(std::uint64_t most) : most_{most} {}

    /// `login.first` is ignored: it is `last`, where there was none alike before.
    void note(RefusedLogin login);
    /// The latest first.
    [[nodiscard]] std::vector<RefusedLogin> latest(std::size_t most) const;
    [[nodiscard]] std::size_t size() const { return logins_.size(); }

private:
    struct Entry {
        std::string source;  ///< failure_key() of the address
        RefusedLogin login;
    };
    void make_room(const std::string& source);

    std::uint64_t most_;
    std::deque<Entry> logins_;  ///< the latest at the end
};

}  // namespace sallyport::im
