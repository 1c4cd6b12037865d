// One session of the router link as its shard keeps it: it outlives connections, and may move to another shard with the
// connection that resumes it (docs/protocol/link.md, section 3).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proto/link/machine.h"
#include "proto/link/session.h"
#include "proto/xmpp/jid.h"
#include "services/routing/ticket.h"

namespace sallyport::link {

class Connection;

struct Session {
    std::string id;
    std::string far_realm, far_node;
    Serves bound;          ///< what the far side serves and reaches
    std::string replaces;  ///< the far side gave that one up for this; until the far side has bound what it serves
    SendWindow<routing::Ticket> out;
    ReceiveWindow in;
    routing::Ticket source;            ///< tickets of received stanzas
    Connection* connection = nullptr;  ///< null while broken
    TimePoint broken_since = never;
    TimePoint open_since{};
    std::uint64_t sent = 0, received = 0, resumptions = 0;
};

/// For status.
struct SessionStatus {
    std::string id, far_realm, far_role, local_address, remote_address, tls_version, cipher, state;
    std::vector<std::string> bound, realms, components;
    std::uint64_t sent = 0, received = 0, unacknowledged = 0, unacknowledged_bytes = 0, resumptions = 0;
    TimePoint open_since{};
    std::optional<Duration> clock_skew;  ///< the far side's clock is ahead by this much; nothing: it has not told
    std::uint32_t shard = 0;
};

}  // namespace sallyport::link
