// Adding up by peer.
#include "admin/api/history_reading.h"

#include <algorithm>

#include "admin/api/traffic.h"

namespace sallyport::admin {

namespace {

using history::NodeFigure;
using history::PeerFigure;
using history::PeerValues;

/// A failure counts against a peer for so long, unless stanzas wait for it.
constexpr auto failure_counts = std::chrono::minutes{5};

double as_double(std::uint64_t count) { return static_cast<double>(count); }

bool is_proven(const s2s::StreamStatus& stream) {
    return !stream.verify_only &&
           std::any_of(stream.pairs.begin(), stream.pairs.end(), [](const auto& pair) { return !pair.pending; });
}

PeerValues& values_of(history::Reading& reading, const std::string& peer) {
    const auto [at, is_new] = reading.peers.try_emplace(peer);
    if (is_new) at->second[PeerFigure::available] = history::unknown;
    return at->second;
}

void read_streams(const NodeStatus& status, history::Reading& reading) {
    for (const s2s::StreamStatus& stream : status.streams) {
        if (!is_proven(stream)) continue;  // whoever has not proved it is not counted as a name
        const bool inbound = stream.direction == s2s::Direction::inbound;
        const std::string& peer = stream.remote.empty() ? stream.pairs.front().domains.remote.text() : stream.remote;
        reading.streams.push_back(
            {key_of(stream), peer, stream.stanzas_in, stream.stanzas_out, stream.bytes_in, stream.bytes_out});
        reading.node[inbound ? NodeFigure::streams_in : NodeFigure::streams_out] += 1;
        PeerValues& values = values_of(reading, peer);
        values[inbound ? PeerFigure::streams_in : PeerFigure::streams_out] += 1;
        values[PeerFigure::unacknowledged] += as_double(stream.unacknowledged);
        for (const auto& pair : stream.pairs) {
            if (!pair.pending) values_of(reading, pair.domains.remote.text())[PeerFigure::available] = 1;
        }
    }
    for (const record::Ended& gone : status.counters.ended) {
        reading.streams.push_back(
            {gone.key, gone.peer, gone.stanzas_in, gone.stanzas_out, gone.bytes_in, gone.bytes_out});
    }
}

void read_destinations(const NodeStatus& status, TimePoint now, history::Reading& reading) {
    for (const s2s::DestinationStatus& to : status.destinations) {
        reading.node[NodeFigure::queued] += as_double(to.queued);
        reading.node[NodeFigure::unacknowledged] += as_double(to.unacknowledged);
        const bool is_failing = to.phase != s2s::PairPhase::ready && to.failures > 0 &&
                                (to.queued > 0 || (to.failed_at && now - *to.failed_at < failure_counts));
        if (to.queued == 0 && !is_failing) continue;
        PeerValues& values = values_of(reading, to.pair.remote.text());
        values[PeerFigure::queued] += as_double(to.queued);
        double& available = values[PeerFigure::available];
        if (is_failing && available != 1) available = 0;
    }
}

/// A core knows of peers what its edges describe.
void read_described(const NodeStatus& status, history::Reading& reading) {
    for (const DescribedPeer& peer : status.described) {
        PeerValues& values = values_of(reading, peer.remote);
        values[PeerFigure::available] = 1;
        values[peer.direction == "in" ? PeerFigure::streams_in : PeerFigure::streams_out] += 1;
    }
}

void read_links(const NodeStatus& status, history::Reading& reading) {
    for (const link::SessionStatus& session : status.links) {
        reading.links.push_back({session.id, "", session.received, session.sent, 0, 0});
        if (session.state == link::LinkState::open) reading.node[NodeFigure::links_up] += 1;
    }
    reading.node[NodeFigure::held_for_link] = as_double(status.held_for_link);
    if (!status.router) return;
    reading.node[NodeFigure::router_local] = as_double(status.router->to_local);
    reading.node[NodeFigure::router_link] = as_double(status.router->to_link);
    reading.node[NodeFigure::router_returned] = as_double(status.router->returned);
}

void read_counters(const NodeStatus& status, history::Reading& reading) {
    const Traffic all = traffic(status);
    reading.node[NodeFigure::stanzas_in] = as_double(all.stanzas_in);
    reading.node[NodeFigure::stanzas_out] = as_double(all.stanzas_out);
    reading.node[NodeFigure::bytes_in] = as_double(all.bytes_in);
    reading.node[NodeFigure::bytes_out] = as_double(all.bytes_out);
    for (const auto& [step, count] : status.counters.handshakes) {
        reading.node[step.good ? NodeFigure::handshakes_good : NodeFigure::handshakes_failed] += as_double(count);
    }
    for (const auto& [rule, count] : status.counters.verdicts) {
        reading.node[NodeFigure::refusals] += as_double(count);
        reading.refusals[std::string{text(rule)}] = count;
    }
    for (const auto& [domain, count] : status.counters.refused_stanzas) reading.counts[domain].refusals = count;
    reading.delays = {status.counters.link_delivery, status.counters.s2s_delivery, status.counters.s2s_waiting};
}

}  // namespace

history::Reading reading_of(const NodeStatus& status, WallTime wall, TimePoint now) {
    history::Reading reading;
    reading.wall = wall;
    reading.now = now;
    read_streams(status, reading);
    read_destinations(status, now, reading);
    read_described(status, reading);
    read_links(status, reading);
    read_counters(status, reading);
    return reading;
}

std::set<std::string> named_peers(const config::Settings& settings) {
    std::set<std::string> named;
    for (const config::NamePattern& pattern : settings.allow_list) {
        if (!pattern.below) named.insert(pattern.domain.text());
    }
    for (const config::PeerException& peer : settings.peers) {
        if (!peer.domain.below) named.insert(peer.domain.domain.text());
    }
    for (const config::StaticRoute& route : settings.static_routes) named.insert(route.domain.text());
    return named;
}

}  // namespace sallyport::admin
