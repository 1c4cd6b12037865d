// The streams and destinations of a node as one row a pair of domains: what `peers list` shows. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "admin/api/node_control.h"

namespace sallyport::admin {

struct PeerRow {
    std::string local, remote;
    bool inbound = false, outbound = false;  ///< stanzas may pass in that direction now
    bool open = false;                       ///< the pair is proven on a stream
    std::string state;                       ///< "open", or the phase of its stream, or of the pair in the pool
    std::string method, tls, cipher, address, via;
    std::string last_error;          ///< why the latest attempt failed; empty: none did
    std::string last_rule;           ///< the rule that explains it
    std::vector<std::string> users;  ///< of ours whose stanzas wait or came back since the pair last worked
    std::uint64_t users_more = 0;    ///< beside those
    unsigned streams = 0;
    std::uint64_t queued = 0, unacknowledged = 0, stanzas_in = 0, stanzas_out = 0;
    std::string certificate;  ///< of the peer: "valid", or why it is not accepted; empty: no TLS
    bool certificate_accepted = false;
};

/// By remote, then by local domain.
[[nodiscard]] std::vector<PeerRow> peer_rows(const NodeStatus& status);

}  // namespace sallyport::admin
