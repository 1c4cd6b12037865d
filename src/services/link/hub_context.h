// What a hub of router links stands on, and asks and tells of the node around it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "io/net/stream.h"
#include "proto/link/lanes.h"
#include "proto/link/machine.h"
#include "proto/link/neighbour.h"
#include "proto/link/way.h"
#include "proto/xmpp/errors.h"
#include "services/link/session.h"
#include "services/record/counters.h"
#include "services/routing/shard.h"

namespace sallyport::link {

/// What becomes of a stanza from the far side.
enum class Admission {
    route,
    refuse,  ///< a wrong setting: logged and counted as done, nobody is told
    end,     ///< the far side is broken or in other hands: the link ends with invalid-from
};

struct HubContext {
    routing::Shard& shard;
    End end = End::listener;
    std::string realm{}, node_instance{}, secret{};
    Role far_role = Role::core;  ///< of the nodes at the far side
    Neighbours neighbours{};     ///< listener: who may be there; both: what a certificate has to say
    Limits limits{};
    Duration hold = std::chrono::seconds{30};  ///< how long stanzas wait for a link that is down; 0: bounced at once
    std::shared_ptr<const io::TlsContext> tls{};
    routing::Router* router = nullptr;  ///< for stanzas that arrive
    /// docs/protocol/link.md, section 7: may the far side send this? Without it, everything.
    std::function<Admission(const Session&, const xmpp::Stanza&)> admission{};
    /// Where a stanza may go. Without it a listener sends to those who serve the stanza's domain, a dialler to all.
    std::function<Way(const xmpp::Stanza&)> way{};
    std::function<void(const xmpp::Stanza&, const xmpp::StanzaError&, const routing::Ticket&)> bounce{};
    std::function<void(Pace)> on_heavy{};  ///< back-pressure to those who feed the links: much is unsent on each
    bool leads_inwards = false;  ///< budgets are of those who send: whoever is inside is everybody's recipient
    std::function<void(const Partner&)> on_pace{};  ///< back-pressure to those who write to one domain
    std::function<void(const std::string& far_realm, const PeerFacts&)> on_facts{};
    /// A far side has told of itself; a core, of other nodes too.
    std::function<void(const NodeNews&)> on_node{};
    /// A link came up or went down; or the far side of the session `bound` has said what it serves.
    std::function<void(const Session* bound)> on_change{};
    std::atomic<int>* load = nullptr;  ///< how many connections are counted for this shard; whoever accepts them adds
    record::Histogram* delivery = nullptr;  ///< how long stanzas take to be done at the far side; of the shard
};

}  // namespace sallyport::link
