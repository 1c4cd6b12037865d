// What is known of a node at one moment, as the history wants it: counters as they stand, levels as they are. Values
// only; the admin floor makes them from a node's status.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "services/history/figures.h"
#include "services/record/counters.h"

namespace sallyport::history {

/// Counters of something that comes and goes: a stream, a session of a link. They grow from 0 while it is there; once
/// it is gone they are told as they were then.
struct Carrier {
    std::string key;   ///< another for every one that there ever was
    std::string peer;  ///< whose it is; empty: the node's alone
    std::uint64_t stanzas_in = 0, stanzas_out = 0, bytes_in = 0, bytes_out = 0;
};

/// What is counted of a peer beside its streams.
struct PeerCounts {
    std::uint64_t handshakes_good = 0, handshakes_failed = 0, refusals = 0;
};

struct Reading {
    WallTime wall{};
    TimePoint now{};
    /// Counters of figures that are rates (but the link's, which come from `links`), levels of the others.
    NodeValues node{};
    std::array<record::Histogram, 3> delays{};  ///< in the order of the figures: link, peer, queue
    std::vector<Carrier> streams;               ///< with authenticated peers, and the latest of those that are gone
    std::vector<Carrier> links;
    /// Of those that have a stream or cannot be reached: levels and shares; the rates are 0. Streams: authenticated.
    std::map<std::string, PeerValues> peers;
    std::map<std::string, PeerCounts> counts;       ///< by peer; of all that were counted, not only of `peers`
    std::map<std::string, std::uint64_t> refusals;  ///< by rule
};

}  // namespace sallyport::history
