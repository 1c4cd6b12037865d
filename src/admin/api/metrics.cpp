// The table of metrics: a row each. docs/manual/metrics.md names the same; packaging/grafana and
// packaging/prometheus use them.
#include "admin/api/metrics.h"

#include <algorithm>
#include <map>
#include <set>

#include "admin/api/metrics_text.h"
#include "admin/api/traffic.h"

namespace sallyport::admin {

namespace {

using config::Settings;

double seconds_since_epoch(WallTime time) { return std::chrono::duration<double>(time.time_since_epoch()).count(); }

std::string word(s2s::Direction direction) { return direction == s2s::Direction::inbound ? "inbound" : "outbound"; }

bool is_open(const s2s::StreamStatus& stream) {
    return std::any_of(stream.pairs.begin(), stream.pairs.end(), [](const auto& pair) { return !pair.pending; });
}

// The node

void build(const NodeStatus& status, const Settings&, MetricsText& out) {
    out.sample({{"version", status.version}, {"role", status.role}, {"name", status.name}}, std::uint64_t{1});
}
void uptime(const NodeStatus& status, const Settings&, MetricsText& out) {
    out.sample({}, std::chrono::duration<double>(status.uptime).count());
}
void revision(const NodeStatus& status, const Settings&, MetricsText& out) { out.sample({}, status.revision); }
void federation(const NodeStatus& status, const Settings&, MetricsText& out) {
    out.sample({}, std::uint64_t{status.federation_enabled ? 1U : 0U});
}
void alarms(const NodeStatus& status, const Settings&, MetricsText& out) {
    std::map<std::pair<std::string, std::string>, std::uint64_t> standing;
    for (const services::Alarm& alarm : status.alarms) {
        ++standing[{std::string{alarm.row().name}, std::string{services::text(alarm.severity())}}];
    }
    for (const auto& [key, count] : standing) out.sample({{"code", key.first}, {"severity", key.second}}, count);
}
void certificates(const NodeStatus& status, const Settings&, MetricsText& out) {
    std::map<std::string, WallTime> soonest;
    for (const OwnCertificate& own : status.certificates) {
        const auto [at, fresh] = soonest.emplace(own.used_for(), own.facts.not_after);
        if (!fresh) at->second = std::min(at->second, own.facts.not_after);
    }
    for (const auto& [used_for, end] : soonest) out.sample({{"used_for", used_for}}, seconds_since_epoch(end));
}

// Streams

void streams(const NodeStatus& status, const Settings&, MetricsText& out) {
    std::map<std::pair<std::string, std::string>, std::uint64_t> counts;
    for (const char* direction : {"inbound", "outbound"}) {
        for (const char* state : {"open", "opening", "dialback"}) counts[{direction, state}] = 0;
    }
    for (const s2s::StreamStatus& stream : status.streams) {
        ++counts[{word(stream.direction), stream.verify_only ? "dialback" : is_open(stream) ? "open" : "opening"}];
    }
    for (const auto& [key, count] : counts) out.sample({{"direction", key.first}, {"state", key.second}}, count);
}
void stanzas(const NodeStatus& status, const Settings&, MetricsText& out) {
    const Traffic all = traffic(status);
    out.sample({{"direction", "in"}}, all.stanzas_in);
    out.sample({{"direction", "out"}}, all.stanzas_out);
}
void bytes(const NodeStatus& status, const Settings&, MetricsText& out) {
    const Traffic all = traffic(status);
    out.sample({{"direction", "in"}}, all.bytes_in);
    out.sample({{"direction", "out"}}, all.bytes_out);
}
void connections(const NodeStatus& status, const Settings&, MetricsText& out) {
    out.sample({{"kind", "all"}}, status.ledger.connections);
    out.sample({{"kind", "unauthenticated"}}, status.ledger.unauthenticated);
    out.sample({{"kind", "dialback"}}, status.ledger.dialbacks);
}
void connections_refused(const NodeStatus& status, const Settings&, MetricsText& out) {
    out.sample({}, status.ledger.refused);
}

void table_fills(const NodeStatus& status, MetricsText& out, std::uint64_t TableFill::*member) {
    std::map<std::string_view, std::uint64_t> sums;
    for (const TableFill& table : status.tables) {
        std::uint64_t& sum = sums[table.name];
        sum += std::min(table.*member, unlimited - sum);
    }
    for (const auto& [name, sum] : sums) out.sample({{"table", std::string{name}}}, sum);
}
void table_entries(const NodeStatus& status, const Settings&, MetricsText& out) {
    table_fills(status, out, &TableFill::entries);
}
void table_bounds(const NodeStatus& status, const Settings&, MetricsText& out) {
    table_fills(status, out, &TableFill::bound);
}

// Queues

void destinations(const NodeStatus& status, const Settings&, MetricsText& out) {
    std::map<std::string, std::uint64_t> counts{{"idle", 0}, {"connecting", 0}, {"ready", 0}, {"waiting", 0}};
    for (const auto& to : status.destinations) ++counts[std::string{text(to.phase)}];
    for (const auto& [state, count] : counts) out.sample({{"state", state}}, count);
}
template <std::uint64_t s2s::DestinationStatus::*member>
void over_destinations(const NodeStatus& status, const Settings&, MetricsText& out) {
    std::uint64_t sum = 0;
    for (const auto& to : status.destinations) sum += to.*member;
    out.sample({}, sum);
}

// What happened

void handshakes(const NodeStatus& status, const Settings&, MetricsText& out) {
    for (const auto& [step, count] : status.counters.handshakes) {
        out.sample({{"direction", step.inbound ? "inbound" : "outbound"},
                    {"outcome", step.good ? "success" : "failure"},
                    {"step", step.good ? "ready" : std::string{text(step.failed_at)}}},
                   count);
    }
}
void handshake_seconds(const NodeStatus& status, const Settings&, MetricsText& out) {
    out.histogram({}, status.counters.handshake_seconds);
}
void refusals(const NodeStatus& status, const Settings&, MetricsText& out) {
    for (const auto& [rule, count] : status.counters.verdicts) out.sample({{"rule", std::string{text(rule)}}}, count);
}
void dns(const NodeStatus& status, const Settings&, MetricsText& out) {
    for (const auto& [answer, histogram] : status.counters.dns) out.histogram({{"status", answer}}, histogram);
}
void hops(const NodeStatus& status, const Settings&, MetricsText& out) {
    out.histogram({{"hop", "link"}}, status.counters.link_delivery);
    out.histogram({{"hop", "s2s"}}, status.counters.s2s_delivery);
    out.histogram({{"hop", "s2s_queue"}}, status.counters.s2s_waiting);
}
void broken_streams(const NodeStatus& status, const Settings&, MetricsText& out) {
    for (const auto& [what, count] : status.counters.broken_streams) {
        out.sample({{"direction", what.first == Direction::inbound ? "inbound" : "outbound"},
                    {"outcome", std::string{text(what.second)}}},
                   count);
    }
}
void recorder_dropped(const NodeStatus& status, const Settings&, MetricsText& out) {
    out.sample({}, status.counters.recorder_dropped);
}

// Router links

struct FarLink {
    bool open = false;
    std::uint64_t sent = 0, received = 0, unacknowledged = 0, resumptions = 0;
};
using FarLinks = std::map<std::pair<std::string, Role>, FarLink>;

/// By far realm and role; what is dialled and not there counts as down.
FarLinks far_links(const NodeStatus& status) {
    FarLinks all;
    for (const auto& dial : status.dials) {
        (void)all[{realm_of(dial.name), dial.role}];
    }
    for (const link::SessionStatus& session : status.links) {
        std::string realm = session.far_realm;
        // The dial knows the host's name only; a realm ends with it.
        for (const auto& [key, link] : all) {
            if (key.second == session.far_role && realm.ends_with(key.first)) realm = key.first;
        }
        FarLink& link = all[{realm, session.far_role}];
        link.open = link.open || session.state == link::LinkState::open;
        link.sent += session.sent;
        link.received += session.received;
        link.unacknowledged += session.unacknowledged;
        link.resumptions += session.resumptions;
    }
    return all;
}
void links_up(const NodeStatus& status, const Settings&, MetricsText& out) {
    for (const auto& [key, link] : far_links(status))
        out.sample({{"far", key.first}, {"role", std::string{text(key.second)}}}, std::uint64_t{link.open ? 1U : 0U});
}
void link_stanzas(const NodeStatus& status, const Settings&, MetricsText& out) {
    for (const auto& [key, link] : far_links(status)) {
        out.sample({{"far", key.first}, {"direction", "in"}}, link.received);
        out.sample({{"far", key.first}, {"direction", "out"}}, link.sent);
    }
}
void link_unacknowledged(const NodeStatus& status, const Settings&, MetricsText& out) {
    for (const auto& [key, link] : far_links(status)) out.sample({{"far", key.first}}, link.unacknowledged);
}
void link_resumptions(const NodeStatus& status, const Settings&, MetricsText& out) {
    for (const auto& [key, link] : far_links(status)) out.sample({{"far", key.first}}, link.resumptions);
}
void link_held(const NodeStatus& status, const Settings&, MetricsText& out) { out.sample({}, status.held_for_link); }

// Provisioning

void provisioning(const NodeStatus& status, const Settings&, MetricsText& out) {
    using enum StepState;
    for (const StepState state : {failed, in_force, off, pending}) {
        const auto count = std::count_if(status.chain.begin(), status.chain.end(),
                                         [&](const ChainStep& step) { return step.state == state; });
        out.sample({{"state", std::string{text(state)}}}, static_cast<std::uint64_t>(count));
    }
}
void components(const NodeStatus& status, const Settings&, MetricsText& out) {
    out.sample({}, std::uint64_t{status.components.size()});
}
void router_rows(const NodeStatus& status, const Settings&, MetricsText& out) {
    if (status.router) out.sample({}, status.router->rows);
}
void router_stanzas(const NodeStatus& status, const Settings&, MetricsText& out) {
    if (!status.router) return;
    out.sample({{"to", "local"}}, status.router->to_local);
    out.sample({{"to", "link"}}, status.router->to_link);
    out.sample({{"to", "returned"}}, status.router->returned);
}

// Peers, bounded

struct PeerNumbers {
    std::uint64_t inbound = 0, outbound = 0, in = 0, sent = 0, queued = 0, failures = 0;
};

std::map<std::string, PeerNumbers> peer_numbers(const NodeStatus& status) {
    std::map<std::string, PeerNumbers> all;
    for (const s2s::StreamStatus& stream : status.streams) {
        if (stream.verify_only || !is_open(stream)) continue;  // whoever has not proved it is not counted as a name
        PeerNumbers& peer = all[stream.remote.empty() ? stream.pairs.front().domains.remote.text() : stream.remote];
        ++(stream.direction == s2s::Direction::inbound ? peer.inbound : peer.outbound);
        peer.in += stream.stanzas_in;
        peer.sent += stream.stanzas_out;
    }
    for (const auto& to : status.destinations) {
        PeerNumbers& peer = all[to.pair.remote.text()];
        peer.queued += to.queued;
        peer.failures = std::max<std::uint64_t>(peer.failures, to.failures);
    }
    return all;
}

/// Those that the operator named, there or not, and the busiest of the others.
std::map<std::string, PeerNumbers> shown_peers(const NodeStatus& status, const Settings& settings) {
    auto all = peer_numbers(status);
    std::map<std::string, PeerNumbers> shown;
    for (const config::PeerException& named : settings.peers) {
        if (named.domain.below || shown.size() >= most_named_peers) continue;
        const std::string& name = named.domain.domain.text();
        const auto at = all.find(name);
        shown[name] = at == all.end() ? PeerNumbers{} : at->second;
        if (at != all.end()) all.erase(at);
    }
    std::vector<std::pair<std::string, PeerNumbers>> others{all.begin(), all.end()};
    const auto busier = [](const auto& one, const auto& other) {
        const auto weight = [](const PeerNumbers& peer) { return peer.in + peer.sent + peer.queued; };
        return weight(one.second) > weight(other.second);
    };
    std::stable_sort(others.begin(), others.end(), busier);
    if (others.size() > most_metric_peers) others.resize(most_metric_peers);
    shown.insert(others.begin(), others.end());
    return shown;
}
void peer_families(const NodeStatus& status, const Settings&, MetricsText& out) {
    out.sample({}, std::uint64_t{peer_numbers(status).size()});
}
void peer_streams(const NodeStatus& status, const Settings& settings, MetricsText& out) {
    for (const auto& [name, peer] : shown_peers(status, settings)) {
        out.sample({{"peer", name}, {"direction", "inbound"}}, peer.inbound);
        out.sample({{"peer", name}, {"direction", "outbound"}}, peer.outbound);
    }
}
void peer_stanzas(const NodeStatus& status, const Settings& settings, MetricsText& out) {
    for (const auto& [name, peer] : shown_peers(status, settings)) {
        out.sample({{"peer", name}, {"direction", "in"}}, peer.in);
        out.sample({{"peer", name}, {"direction", "out"}}, peer.sent);
    }
}
void peer_queue(const NodeStatus& status, const Settings& settings, MetricsText& out) {
    for (const auto& [name, peer] : shown_peers(status, settings)) out.sample({{"peer", name}}, peer.queued);
}
void peer_failures(const NodeStatus& status, const Settings& settings, MetricsText& out) {
    for (const auto& [name, peer] : shown_peers(status, settings)) out.sample({{"peer", name}}, peer.failures);
}

constexpr MetricRow every_metric[] = {
    {"sallyport_build", "info", "", "Release, role and name of the node.", build},
    {"sallyport_uptime_seconds", "gauge", "seconds", "Seconds since this node started.", uptime},
    {"sallyport_settings_revision", "gauge", "", "Revision of the settings in force.", revision},
    {"sallyport_federation_enabled", "gauge", "", "1 if federation is on.", federation},
    {"sallyport_alarms", "gauge", "", "Active alarms by code and severity.", alarms},
    {"sallyport_certificate_end_seconds", "gauge", "seconds", "When a certificate of ours expires, in Unix time.",
     certificates},
    {"sallyport_streams", "gauge", "", "S2S streams.", streams},
    {"sallyport_s2s_stanzas", "counter", "", "Stanzas on S2S streams.", stanzas},
    {"sallyport_s2s_bytes", "counter", "bytes", "Bytes of XML on S2S streams.", bytes},
    {"sallyport_connections", "gauge", "", "Inbound connections, and dialback verifications in progress.", connections},
    {"sallyport_connections_refused", "counter", "", "Inbound connections refused by a limit.", connections_refused},
    {"sallyport_table_entries", "gauge", "",
     "Entries of tables that outlive a stream, of all shards and of what the node has once.", table_entries},
    {"sallyport_table_bound", "gauge", "", "Most entries that such a table can hold.", table_bounds},
    {"sallyport_destinations", "gauge", "", "Pairs of domains with outbound stanzas, by state.", destinations},
    {"sallyport_queue_stanzas", "gauge", "", "Stanzas queued for a destination.",
     over_destinations<&s2s::DestinationStatus::queued>},
    {"sallyport_queue_bytes", "gauge", "bytes", "Bytes of stanzas queued for a destination.",
     over_destinations<&s2s::DestinationStatus::queued_bytes>},
    {"sallyport_unacknowledged_stanzas", "gauge", "", "Stanzas sent that a peer has not acknowledged.",
     over_destinations<&s2s::DestinationStatus::unacknowledged>},
    {"sallyport_handshakes", "counter", "", "Finished handshakes; step is ready, or the stage that failed.",
     handshakes},
    {"sallyport_handshake_seconds", "histogram", "seconds", "How long successful handshakes took, with DNS.",
     handshake_seconds},
    {"sallyport_refusals", "counter", "", "Refusals, by rule.", refusals},
    {"sallyport_dns_lookup_seconds", "histogram", "seconds", "DNS look-ups for peers, by outcome.", dns},
    {"sallyport_hop_seconds", "histogram", "seconds",
     "Time from sending to the next hop's acknowledgement, or in a queue; one observation per batch.", hops},
    {"sallyport_broken_streams", "counter", "",
     "Streams that broke and could be resumed: kept (detached), and what became of them.", broken_streams},
    {"sallyport_recorder_dropped", "counter", "", "Handshakes not recorded because too many came at once.",
     recorder_dropped},
    {"sallyport_link_up", "gauge", "", "1 if a router link to the far node is up.", links_up},
    {"sallyport_link_stanzas", "counter", "", "Stanzas on sessions of router links.", link_stanzas},
    {"sallyport_link_unacknowledged_stanzas", "gauge", "", "Stanzas on a router link that are unacknowledged.",
     link_unacknowledged},
    {"sallyport_link_resumptions", "counter", "", "Sessions of router links that were resumed.", link_resumptions},
    {"sallyport_link_held_stanzas", "gauge", "", "Stanzas held for a router link.", link_held},
    {"sallyport_provisioning_steps", "gauge", "", "Steps of the provisioning chain, by state.", provisioning},
    {"sallyport_components", "gauge", "", "Attached components.", components},
    {"sallyport_router_rows", "gauge", "", "Presence node: rows of xmpps2snodes.", router_rows},
    {"sallyport_router_stanzas", "counter", "", "Presence node: stanzas by where its router sent them.",
     router_stanzas},
    {"sallyport_peers", "gauge", "", "Peers with an open stream or stanzas to send.", peer_families},
    {"sallyport_peer_streams", "gauge", "", "Open streams with a peer.", peer_streams},
    {"sallyport_peer_stanzas", "gauge", "", "Stanzas on the open streams with a peer.", peer_stanzas},
    {"sallyport_peer_queue_stanzas", "gauge", "", "Stanzas queued for a peer.", peer_queue},
    {"sallyport_peer_failures", "gauge", "", "Failed attempts in a row to reach a peer.", peer_failures},
};

}  // namespace

std::span<const MetricRow> metric_rows() { return every_metric; }

std::string metrics_text(const NodeStatus& status, const config::Settings& settings) {
    MetricsText out;
    for (const MetricRow& row : every_metric) {
        out.family(row.name, row.type, row.unit, row.help);
        row.write(status, settings, out);
    }
    return out.end();
}

}  // namespace sallyport::admin
