// What the admin floor may know of a node and ask of it: values and commands, never a connection. Implemented by the
// nodes; called on the control thread, answers come on the control thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/tables.h"
#include "base/tls_facts.h"
#include "io/dns/resolver.h"
#include "io/log/node_log.h"
#include "io/net/stream.h"
#include "io/store/presence_store.h"
#include "model/config/node_file.h"
#include "services/alarms/alarm_board.h"
#include "services/im/directory.h"
#include "services/link/hub.h"
#include "services/record/archive.h"
#include "services/record/counters.h"
#include "services/record/verdicts.h"
#include "services/routing/ledger.h"
#include "services/s2s/context.h"
#include "services/settings/settings_service.h"

namespace sallyport::axl {
class SqlDesk;
class UserDesk;
}  // namespace sallyport::axl
namespace sallyport::provision {
class Provisioner;
}
namespace sallyport::services {
struct Diagnostics;
}

namespace sallyport::admin {

class AccessDesk;

/// One certificate of the node.
struct OwnCertificate {
    std::string used_for;  ///< "s2s b.test", "link"
    std::string file;
    CertFacts facts;
};

/// A peer as an edge described it over the link (core only).
struct DescribedPeer {
    std::string edge, local, remote, direction, method, tls, cipher, address, verdict;
    WallTime since{};
};

/// An attached XEP-0114 component (core, presence node).
struct ComponentStatus {
    std::string domain, remote_address, state;
    std::uint64_t stanzas_in = 0, stanzas_out = 0;
};

/// One step of the chain from a setting to its effect on every node, as far as this node knows.
struct ChainStep {
    std::string step;    ///< "received on core1.example.org"
    std::string state;   ///< "in force", "pending", "failed" or "off"
    std::string reason;  ///< why not in force; or what is in force
};

/// The router of a presence node.
struct RouterStatus {
    std::uint64_t rows = 0;             ///< of xmpps2snodes
    std::vector<std::string> loaded;    ///< S2S components that the router works with
    std::vector<std::string> gateways;  ///< realms of those that a link reaches
    std::vector<std::string> domains;   ///< of this node
    bool live_changes = true;
    std::vector<std::string> pending;     ///< what changed and waits for a restart of the router
    std::string obstacle, table_trouble;  ///< why other domains cannot be reached; why the table cannot be read
    std::uint64_t to_local = 0, to_link = 0, returned = 0;
};

/// Everything at one moment.
struct NodeStatus {
    std::string role, name, realm, version, instance;
    WallTime started{};
    Duration uptime{0};
    unsigned shards = 1;
    std::uint64_t revision = 0;
    std::string settings_trouble;  ///< why settings cannot be changed; empty: fine
    bool federation_enabled = false;
    std::vector<Endpoint> s2s_listeners, direct_tls_listeners, link_listeners, inside_listeners;
    std::vector<link::SessionStatus> links;
    std::vector<link::Hub::DialStatus> dials;
    std::uint64_t held_for_link = 0;
    std::vector<link::PartnerStatus> slow_partners;  ///< too much is under way to them over links
    std::vector<link::Culprit> link_culprits;        ///< stanzas at which links ended
    routing::Ledger::Totals ledger;
    std::vector<s2s::StreamStatus> streams;
    std::vector<s2s::DestinationStatus> destinations;
    std::vector<DescribedPeer> described;
    std::vector<ComponentStatus> components;
    std::optional<RouterStatus> router;
    std::uint64_t notifications = 0;  ///< presence node: kinds of them that stand
    std::vector<OwnCertificate> certificates;
    std::vector<ChainStep> chain;
    bool admin_open = false;   ///< [admin] listen is set
    bool has_accounts = true;  ///< somebody may log in there
    std::vector<Endpoint> admin_listeners;
    std::vector<services::Alarm> alarms;  ///< standing ones
    TimePoint now{};                      ///< of the loop, to which `since` values relate
    record::Counters counters;            ///< since the start
    TableFills tables;                    ///< of all shards
};

class NodeControl {
public:
    virtual ~NodeControl() = default;
    [[nodiscard]] virtual const config::NodeFile& file() const = 0;
    [[nodiscard]] virtual services::SettingsService& settings() = 0;
    [[nodiscard]] virtual services::AlarmBoard& alarms() = 0;
    /// Database and AXL users of a presence node; null on others.
    [[nodiscard]] virtual axl::SqlDesk* sql() { return nullptr; }
    [[nodiscard]] virtual axl::UserDesk* axl_users() { return nullptr; }
    /// Of a core; null on others.
    [[nodiscard]] virtual provision::Provisioner* provisioner() { return nullptr; }
    /// Accounts, tokens, sessions and audit; null where there are none (tests).
    [[nodiscard]] virtual AccessDesk* access() { return nullptr; }
    virtual void status(std::function<void(NodeStatus)> on_status) = 0;
    /// XEP-0199 through the whole live path from a domain of ours.
    virtual void ping(const xmpp::DomainPair& pair, std::function<void(Result<Duration>)> on_pinged) = 0;
    /// Closes streams with `remote`; how many.
    virtual void close(const xmpp::Domain& remote, std::function<void(unsigned)> on_closed) = 0;
    /// For live probes.
    [[nodiscard]] virtual io::Loop& loop() = 0;
    [[nodiscard]] virtual io::Network& network() = 0;
    [[nodiscard]] virtual io::Resolver& resolver() = 0;
    [[nodiscard]] virtual std::shared_ptr<const io::TlsContext> client_tls() = 0;
    /// For Direct TLS (XEP-0368).
    [[nodiscard]] virtual std::shared_ptr<const io::TlsContext> direct_client_tls() = 0;
    /// Entries of the event log after number `after`, oldest first, at most the `most` latest.
    [[nodiscard]] virtual std::vector<io::LogEvent> events(std::uint64_t after, std::size_t most) = 0;
    /// Log levels, the event log on disk, captures, diagnostic logs; null where there are none.
    [[nodiscard]] virtual services::Diagnostics* diagnostics() { return nullptr; }
    /// The accounts of users, where the node has any; null elsewhere.
    [[nodiscard]] virtual im::Directory* users() { return nullptr; }
    /// Certificates and the node's file are read again (as SIGHUP does). The errors, one sentence each.
    [[nodiscard]] virtual std::vector<std::string> reload() = 0;
    /// The recorded handshakes; null where there are none to record.
    [[nodiscard]] virtual const record::Archive* handshakes() { return nullptr; }
    /// What was refused under this id; nothing when it was never given, or is forgotten.
    virtual void verdict(const std::string&, std::function<void(std::optional<record::Verdict>)> on_verdict) {
        on_verdict(std::nullopt);
    }
    /// What the administrator should know, newest first. Errors: "verb-role" on other nodes, those of the store.
    [[nodiscard]] virtual Result<std::vector<io::Notification>> notifications() { return presence_only(); }
    /// Begins the router anew, with the table and the file as they are now; nothing else is interrupted. Errors: as
    /// above.
    [[nodiscard]] virtual Result<void> restart_router() { return presence_only(); }

protected:
    [[nodiscard]] static Error presence_only() { return {"verb-role", "only a presence node can do this"}; }
};

}  // namespace sallyport::admin
