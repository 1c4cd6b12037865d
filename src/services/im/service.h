// The users of local domains: client streams on 5222, sessions, rosters, presence, messages, what is kept for absent
// users (RFC 6121). One service a node, on the thread of its shard; accounts are in Storage, on another.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/tables.h"
#include "io/net/stream.h"
#include "proto/xmpp/stanza.h"
#include "services/im/online.h"
#include "services/im/storage.h"
#include "services/routing/local_service.h"
#include "services/routing/shard.h"

namespace sallyport::im {

/// `[timers]` that client streams know.
struct Timers {
    Duration negotiation = std::chrono::seconds{30};  ///< until a resource is bound
    Duration idle = std::chrono::seconds{600};        ///< without a byte; then the client is asked (XEP-0198, XEP-0199)
    Duration answer = std::chrono::seconds{60};       ///< to such a question
    Duration stanza = std::chrono::seconds{60};       ///< from a stanza's first byte to its last
    Duration closing = std::chrono::seconds{5};
};

/// Of the sessions of the whole node whose clients are away and may come back (XEP-0198 5); one user has
/// client_resources of them at most, each with client_queue_bytes. Beyond a bound sessions end, and what they held goes
/// to the disk.
struct AwayBounds {
    std::size_t sessions = 10000;
    std::size_t bytes = 256 << 20;  ///< of memory, for what waits in them
};

struct ServiceContext {
    routing::Shard& shard;
    Storage& storage;
    std::vector<xmpp::Domain> domains{};
    std::shared_ptr<const io::TlsContext> tls{};  ///< its identities cover the domains
    /// Offer SCRAM that is bound to the TLS session. Off: for clients that know only a binding that TLS 1.3 has not.
    bool channel_binding = true;
    Limits limits{};
    Timers timers{};
    AwayBounds away{};
    routing::Router* router = nullptr;  ///< for stanzas to other domains
    /// Answers a stanza with an error, wherever its sender is (here too: it comes back by route()), and settles the
    /// ticket.
    std::function<void(const xmpp::Stanza&, const xmpp::StanzaError&, const routing::Ticket&)> bounce{};
    std::string version{};  ///< of the program, for XEP-0092
};

struct SessionStatus {
    std::string jid, remote_address, tls_version, mechanism;
    bool available = false, resumable = false, detached = false;
    int priority = 0;
    std::uint64_t stanzas_in = 0, stanzas_out = 0, unacknowledged = 0;
    TimePoint since{};
};

struct ServiceStatus {
    std::uint64_t connections = 0, unauthenticated = 0, accounts_loaded = 0;
    std::vector<SessionStatus> sessions;
};

class Inside;

class Service final : public routing::LocalService {
public:
    explicit Service(ServiceContext context);
    ~Service() override;

    /// Clients connect here. Errors: "listen-failed".
    [[nodiscard]] Result<void> listen(const Endpoint& at);
    [[nodiscard]] const std::vector<Endpoint>& endpoints() const;
    [[nodiscard]] bool owns(std::string_view domain) const override;
    [[nodiscard]] std::vector<xmpp::Domain> domains() const override;
    /// A stanza to a domain that this service serves. The ticket is settled when the stanza has been acknowledged by
    /// the client (XEP-0198) or taken by the TCP of one without acknowledgements, is kept on disk, or was answered.
    void send(const xmpp::Stanza& stanza, const routing::Ticket& ticket) override;
    /// Back-pressure: what users say has nowhere to go for the moment, so nothing more is read from them.
    void hold(bool held) override;
    /// New streams use it from now on.
    void replace_tls(std::shared_ptr<const io::TlsContext> tls);
    /// The password was changed or the account removed: its sessions end.
    void account_changed(const io::UserName& user);
    /// Directory::forget_requests.
    void requests_forgotten(const io::UserName& user, const std::vector<std::string>& contacts);
    /// The node is going to stop: what clients have got and not acknowledged goes to the disk, and its tickets are
    /// settled. Streams stay open, for what is returned to them.
    void put_down();
    /// After put_down(): the disk has confirmed all of it.
    [[nodiscard]] bool put_down_done() const;
    /// Orderly end of every stream (system-shutdown).
    void shut() override;
    /// Streams that are open, and what the disk has not confirmed; 0 after shut(): the node may end.
    [[nodiscard]] std::size_t open_work() const;
    [[nodiscard]] ServiceStatus status() const;
    /// Sessions for an administrator, a page at a time. A turn looks at a bounded number of them: a page may be short,
    /// or empty, and yet have a `next`.
    [[nodiscard]] OnlinePage online(const OnlineQuery& query) const;
    /// Ends the session `full`; with a number only if it is that one. Errors: "client-unknown", "client-changed".
    [[nodiscard]] Result<void> end_client(const xmpp::Jid& full, std::uint64_t number);
    /// The latest log-ins that were refused, the latest first.
    [[nodiscard]] std::vector<RefusedLogin> refused_logins(std::size_t most) const;
    void tables(TableFills& all) const;

private:
    std::unique_ptr<Inside> inside_;
};

}  // namespace sallyport::im
