// Joins streams, destinations and, on a core, what the edges described.
#include "admin/api/peer_rows.h"

#include <algorithm>
#include <map>
#include <utility>

namespace sallyport::admin {

namespace {

using Rows = std::map<std::pair<std::string, std::string>, PeerRow>;

PeerRow& row_of(Rows& rows, const std::string& remote, const std::string& local) {
    PeerRow& row = rows[{remote, local}];
    row.remote = remote;
    row.local = local;
    return row;
}

void add_counters(const s2s::StreamStatus& stream, PeerRow& row) {
    row.stanzas_in += stream.stanzas_in;
    row.stanzas_out += stream.stanzas_out;
    row.unacknowledged += stream.unacknowledged;
}

/// A stream that proved its pair says more than one that is still opening.
void describe(const s2s::StreamStatus& stream, bool proved, PeerRow& row) {
    ++row.streams;
    if (!proved && !row.address.empty()) return;
    row.address = stream.remote_address;
    row.tls = stream.tls_version;
    row.cipher = stream.cipher;
    row.certificate = stream.certificate_verdict;
    row.certificate_accepted = stream.certificate_accepted;
    if (row.state.empty()) row.state = stream.state;
}

void add_stream(const s2s::StreamStatus& stream, Rows& rows) {
    if (stream.pairs.empty()) {
        PeerRow& row = row_of(rows, stream.remote, stream.local);
        describe(stream, false, row);
        return add_counters(stream, row);
    }
    // Counters belong to the stream; they are shown with its first pair, so that sums stay true.
    bool counted = false;
    for (const s2s::Inbound::Pair& pair : stream.pairs) {
        PeerRow& row = row_of(rows, pair.domains.remote.text(), pair.domains.local.text());
        describe(stream, !pair.pending, row);
        if (!std::exchange(counted, true)) add_counters(stream, row);
        if (pair.pending) continue;
        const bool inbound = stream.direction == s2s::Direction::inbound;
        row.inbound |= inbound || stream.bidi;
        row.outbound |= !inbound || stream.bidi;
        row.method = s2s::text(pair.method);
        row.open = true;
    }
}

void add_destination(const s2s::DestinationStatus& destination, Rows& rows) {
    PeerRow& row = row_of(rows, destination.pair.remote.text(), destination.pair.local.text());
    row.queued += destination.queued;
    // Another shard may know the pair too, by a stream of the partner's, and nothing of what failed.
    if (row.last_error.empty() && destination.failure) {
        row.last_error = destination.failure->why;
        row.last_rule = text(destination.failure->cause());
    }
    row.users.insert(row.users.end(), destination.users.begin(), destination.users.end());
    row.users_more += destination.users_more;
    if (destination.phase == s2s::PairPhase::ready) {
        row.outbound = row.open = true;
    } else if (!row.open) {
        row.state = text(destination.phase);
    }
}

void add_described(const DescribedPeer& peer, Rows& rows) {
    PeerRow& row = row_of(rows, peer.remote, peer.local);
    row.inbound |= peer.direction == "in";
    row.outbound |= peer.direction == "out";
    row.method = peer.method;
    row.tls = peer.tls;
    row.cipher = peer.cipher;
    row.address = peer.address;
    row.open = true;
    row.via = peer.edge;
}

}  // namespace

std::vector<PeerRow> peer_rows(const NodeStatus& status) {
    Rows rows;
    for (const s2s::StreamStatus& stream : status.streams) {
        if (!stream.verify_only) add_stream(stream, rows);
    }
    for (const s2s::DestinationStatus& destination : status.destinations) add_destination(destination, rows);
    for (const DescribedPeer& peer : status.described) add_described(peer, rows);
    std::vector<PeerRow> sorted;
    for (auto& [key, row] : rows) {
        if (row.open) row.state = "open";
        sorted.push_back(std::move(row));
    }
    return sorted;
}

}  // namespace sallyport::admin
