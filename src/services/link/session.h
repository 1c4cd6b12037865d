// One session of the router link as its shard keeps it: it outlives connections, and never leaves its shard: a
// connection that resumes it comes to where it lives (docs/protocol/link.md, section 3).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/role.h"
#include "proto/link/lanes.h"
#include "proto/link/machine.h"
#include "proto/link/send_window.h"
#include "proto/link/session.h"
#include "proto/link/session_life.h"
#include "proto/link/way.h"
#include "proto/xmpp/jid.h"
#include "services/link/intake.h"
#include "services/routing/ticket.h"

namespace sallyport::link {

class Connection;

/// What a window keeps beside a stanza.
struct Carried {
    routing::Ticket ticket;
    Lane* lane = nullptr;
    std::uint64_t order = 0;  ///< of arrival at this hub
    bool lent = false;        ///< by another shard, for a link of this one: given back where there is none any more
};
using Window = SendWindow<Carried>;

struct Session {
    explicit Session(const SessionLife::Settings& settings) : life{settings} {}
    /// It is on a connection that is open.
    [[nodiscard]] bool open() const;

    std::string id;
    std::uint64_t serial = 0;  ///< of its hub; the id may change
    SessionLife life;
    std::string far_realm, far_node;
    Serves bound;          ///< what the far side serves and reaches
    Names names;           ///< of `bound`
    Serves said;           ///< what it has said since, until `life` says that it counts
    std::string replaces;  ///< the far side gave that one up for this; until the far side has bound what it serves
    Window out;
    ReceiveWindow in;
    Intake* intake = nullptr;          ///< of its far node
    Intake::Session taken;             ///< of what it has received, what is not done
    routing::Ticket source;            ///< tickets of received stanzas
    Connection* connection = nullptr;  ///< null while broken
    std::uint64_t in_doubt = 0;  ///< the last stanza when the far side was asked whether lanes stall; 0: it is not
    bool in_time = false;        ///< it had received that at this look
    std::string why_broken;
    std::uint64_t heard = 0;  ///< bytes that had come over `connection` when the node was going to stop
    TimePoint open_since{};
    std::uint64_t sent = 0, received = 0, resumptions = 0;
};

/// A stanza at which connections ended, and which was returned for that.
struct Culprit {
    std::string far_realm, from, to;  ///< domains
    std::string why;
    TimePoint since{};
};

/// A domain to which too much is under way, for status.
struct PartnerStatus {
    std::string domain;
    Role far_role = Role::core;
    std::uint64_t stanzas = 0, bytes = 0;
    std::uint64_t refused = 0;  ///< beyond its budget, since it last had nothing under way
};

/// Whether a session is on a connection that is open.
enum class LinkState : std::uint8_t { open, broken };
[[nodiscard]] std::string_view text(LinkState state);

/// How far a dial of a core is.
enum class DialState : std::uint8_t { open, waiting, connecting };
[[nodiscard]] std::string_view text(DialState state);
/// Why the last attempt failed, as far as the remedy depends on it.
enum class DialCause : std::uint8_t { name, refused, timed_out, unreachable, certificate, secret, other };

/// For status.
struct SessionStatus {
    std::string id, far_realm, local_address, remote_address, tls_version, cipher;
    Role far_role = Role::core;
    LinkState state = LinkState::broken;
    std::vector<std::string> bound, realms, components;
    std::uint64_t sent = 0, received = 0, unacknowledged = 0, unacknowledged_bytes = 0, resumptions = 0;
    TimePoint open_since{};
    std::optional<Duration> clock_skew;  ///< the far side's clock is ahead by this much; nothing: it has not told
    std::uint32_t shard = 0;
};

}  // namespace sallyport::link
