// What a node knows of itself at one moment: the facts that judges, status, checks and metrics look at. Values only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "admin/judge/host_facts.h"
#include "base/chain_step.h"
#include "base/reason.h"
#include "base/tables.h"
#include "base/tls_facts.h"
#include "services/alarms/alarm_board.h"
#include "services/link/hub.h"
#include "services/record/counters.h"
#include "services/routing/ledger.h"
#include "services/s2s/context.h"

namespace sallyport::admin {

/// What a certificate of the node is shown for.
enum class CertificateUse : std::uint8_t { s2s, link, inside };
/// "s2s", "link", "servers inside".
[[nodiscard]] std::string_view text(CertificateUse use);

/// One certificate of the node.
struct OwnCertificate {
    CertificateUse use = CertificateUse::s2s;
    std::string domain;  ///< of S2S; empty: every one
    /// "s2s b.test", "link", "servers inside".
    [[nodiscard]] std::string used_for() const;
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

/// The router of a presence node.
struct RouterStatus {
    static constexpr std::string_view table = "xmpps2snodes";  ///< as it stands in `pending`
    std::uint64_t rows = 0;                                    ///< of xmpps2snodes
    std::vector<std::string> loaded;                           ///< S2S components that the router works with
    std::vector<std::string> gateways;                         ///< realms of those that a link reaches
    std::vector<std::string> domains;                          ///< of this node
    bool live_changes = true;
    std::vector<std::string> pending;  ///< what changed and waits for a restart of the router
    Reason obstacle;                   ///< why other domains cannot be reached
    bool obstacle_is_step = false;     ///< a step of the chain tells of it, when it lasts
    std::string table_trouble;         ///< why the table cannot be read
    std::uint64_t to_local = 0, to_link = 0, returned = 0;
};

/// So long a copy of a linked node is told of after it tried the last time: it tries again every minute.
inline constexpr auto copies_told = std::chrono::minutes{10};

/// How much of it is gathered.
enum class Depth : std::uint8_t {
    whole,
    /// No more than links, chain, router, certificates, and of a core the internal servers that fail: it is asked for
    /// twice a second, however many streams there are.
    brief,
};

/// The last attempt to reach the pair's remote domain failed, and none works now.
[[nodiscard]] inline bool is_failing(const s2s::DestinationStatus& to) {
    return to.failures > 0 && to.phase != s2s::PairPhase::ready;
}

/// Everything at one moment.
struct NodeStatus {
    std::string role, name, realm, version, instance;
    WallTime started{};
    Duration uptime{0};
    unsigned shards = 1;
    std::uint64_t revision = 0;
    std::string settings_trouble;  ///< why settings cannot be changed; empty: fine
    std::string history_trouble;   ///< why the history cannot be stored; empty: it is
    HostFacts host;
    bool federation_enabled = false;
    std::vector<Endpoint> s2s_listeners, direct_tls_listeners, link_listeners, inside_listeners;
    std::vector<link::SessionStatus> links;
    std::vector<link::Hub::DialStatus> dials;
    std::uint64_t held_for_link = 0;
    std::vector<link::PartnerStatus> slow_partners;  ///< too much is under way to them over links
    std::vector<link::Culprit> link_culprits;        ///< stanzas at which links ended
    std::vector<link::Copy> link_copies;             ///< of linked nodes, turned away
    std::vector<link::Hub::Refused> link_refused;    ///< known nodes that got no session; the latest of each shard
    routing::Ledger::Totals ledger;
    std::vector<s2s::StreamStatus> streams;
    std::vector<s2s::DestinationStatus> destinations;
    std::vector<DescribedPeer> described;
    std::vector<ComponentStatus> components;
    std::optional<RouterStatus> router;
    std::uint64_t notifications = 0;  ///< presence node: kinds of them that stand
    std::vector<OwnCertificate> certificates;
    std::optional<OwnCertificate> inside_authority;  ///< core: that mints certificates for servers inside
    std::vector<ChainStep> chain;
    bool admin_open = false;   ///< [admin] listen is set
    bool has_accounts = true;  ///< somebody may log in there
    std::vector<Endpoint> admin_listeners;
    std::vector<services::Alarm> alarms;  ///< standing ones
    TimePoint now{};                      ///< of the loop, to which `since` values relate
    record::Counters counters;            ///< since the start
    TableFills tables;                    ///< of all shards
};

}  // namespace sallyport::admin
