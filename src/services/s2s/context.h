// What the S2S services of one shard share: the shard, the rules, timers, limits, TLS contexts and the neighbours they
// report to. Made by the node, which also replaces the TLS contexts on reload.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/tables.h"
#include "proto/s2s/inbound.h"
#include "proto/s2s/rules.h"
#include "services/record/desk.h"
#include "services/routing/ledger.h"
#include "services/routing/shard.h"
#include "services/s2s/detail_text.h"
#include "services/s2s/dialer.h"
#include "services/s2s/lessons.h"
#include "services/s2s/stanza_trace.h"

namespace sallyport::s2s {

/// A pair that became ready or went away, for those who must know (the link's peer facts, status, events).
struct PeerNews {
    xmpp::DomainPair pair;
    Direction direction = Direction::inbound;
    Method method = Method::none;
    std::string tls_version, cipher, address;
    bool up = true;
};

struct MovedInbound;

/// A stanza that has not gone, or may have to go again.
struct Waiting {
    xmpp::OwnedStanza stanza;
    routing::Ticket ticket;
    TimePoint since{};   ///< when it came here, however often it is sent again
    unsigned blame = 0;  ///< for streams that ended when the peer had some of it, and had not acknowledged it
};

/// How a domain has shown that it is there.
enum class Sign : std::uint8_t {
    opened,  ///< it is authenticated on a stream: its own, or one of ours
    heard,   ///< it says something on a stream that stood before
};
/// Signs of the second kind that one stream gives, at most.
constexpr Duration sign_every = std::chrono::seconds{5};

/// Who waits because much is on its way to a domain.
enum class Feeders {
    none,
    exclusive,  ///< streams that lead to such domains only
    all,        ///< every stream that leads there: it takes a moment
};

struct S2sContext {
    routing::Shard& shard;
    const Rules& rules;
    routing::Ledger& ledger;
    std::string node_instance{};  ///< random, of this process
    Timers timers{};
    Duration ping_after = std::chrono::seconds{60};
    Duration dead_after = std::chrono::seconds{20};
    Limits limits{};
    DialSettings dial{};
    std::shared_ptr<const io::TlsContext> server_tls{};
    std::shared_ptr<const io::TlsContext> direct_server_tls{};  ///< with ALPN
    std::shared_ptr<const io::TlsContext> client_tls{};
    std::shared_ptr<const io::TlsContext> direct_client_tls{};  ///< with ALPN
    /// Replaces DNS for a domain: static routes, inside servers.
    std::function<std::optional<ConfiguredTargets>(const xmpp::Domain&)> configured{};
    /// The limits that hold for a peer (exceptions of `federation.peers`).
    std::function<Limits(const xmpp::Domain&)> limits_of{};
    [[nodiscard]] Limits peer_limits(const xmpp::Domain& remote) const {
        Limits of_peer = limits_of ? limits_of(remote) : limits;
        of_peer.after_auth = stanza_limits(of_peer);
        return of_peer;
    }
    std::function<void(const PeerNews&)> on_peer{};
    /// A domain has given a sign of life: news for the other shards' pools.
    std::function<void(const xmpp::Domain& remote, Sign sign)> on_alive{};
    /// The answer to a ping of another shard's pool.
    std::function<void(std::uint32_t shard, std::string id, std::string from, std::string to)> pong_elsewhere{};
    /// Domain pairs to one remote domain travel on one stream where the peer lets them (decision record 0011).
    bool share_streams = false;
    bool leads_inwards = false;  ///< to servers inside: each pair has a budget there, the server as a whole has none
    bool stopping = false;       ///< the node ends: no stanza is read any more
    StanzaTrace trace{};         ///< of the shard
    std::uint32_t streams_named = 0;
    /// What the log calls a new stream.
    [[nodiscard]] std::string next_reference() { return stream_reference(shard.index, ++streams_named); }
    /// XEP-0288: an inbound stream of this shard carries the pair both ways from now on, or no longer.
    std::function<void(const xmpp::DomainPair& pair, bool up)> on_reverse{};
    /// What waits for a pair whose streams another shard opens.
    std::function<void(std::uint32_t shard, const xmpp::DomainPair& pair, std::deque<Waiting> waiting)> take_over{};
    /// An inbound stream goes on on another shard, where what it resumes lives.
    std::function<void(std::uint32_t shard, std::shared_ptr<MovedInbound> moved)> move_inbound{};
    /// Calls `then` once what streams on other shards have brought of the pair is so far on its way that nothing can
    /// overtake it, or after a while. A stream on which the pair has become ready is not read before. Unset: there are
    /// no other shards.
    std::function<void(const xmpp::DomainPair& pair, std::function<void()> then)> in_order{};
    /// Back-pressure: a stream that carries these pairs is not to be read for now. Of the shard that has the context.
    std::function<bool(const std::vector<xmpp::DomainPair>& pairs)> must_wait{};
    /// Back-pressure of the link over which what the pair's stream brings goes on; without it there is none.
    std::function<Feeders(const xmpp::DomainPair&)> pace_of_way{};
    routing::Router* router = nullptr;
    Learned* learned = nullptr;       ///< of the shard, from failures; null: nothing is remembered
    record::Desk* records = nullptr;  ///< of the shard; null: nothing is recorded
    /// The domain is of our side: what comes back to it names its verdict.
    std::function<bool(std::string_view domain)> is_ours{};
};

/// One stream, for `peers` and status. Values only.
struct StreamStatus {
    std::string id;
    Direction direction = Direction::inbound;
    std::string local, remote;  ///< of the header
    std::vector<Inbound::Pair> pairs;
    std::string state;
    std::string local_address, remote_address;
    std::string tls_version, cipher;
    std::string certificate_subject, certificate_issuer, certificate_sha256;
    WallTime certificate_not_after{};
    std::string certificate_verdict;
    bool certificate_accepted = false;
    bool managed = false, bidi = false, verify_only = false;
    std::uint64_t stanzas_in = 0, stanzas_out = 0, bytes_in = 0, bytes_out = 0, unacknowledged = 0;
    TimePoint since{}, last_stanza{};
    std::uint32_t shard = 0;
};

/// Names one stream of this process, whatever it is called on the wire: the same as long as it lives.
[[nodiscard]] std::string key_of(const StreamStatus& stream);
/// What a stream had counted when it ended. `peer`: who had proved himself on it; empty: nobody.
void count_gone(const StreamStatus& stream, const std::string& peer, record::Counters& counters);

/// Where a pair of the pool stands.
enum class PairPhase : std::uint8_t {
    idle,        ///< nothing is open, nothing has failed
    connecting,  ///< a stream is being opened, or asked for the pair
    ready,       ///< stanzas may go
    waiting,     ///< the last attempt failed
};
/// "idle", "connecting", "ready", "waiting".
[[nodiscard]] std::string_view text(PairPhase phase);

/// One destination of the pool.
struct DestinationStatus {
    xmpp::DomainPair pair;
    PairPhase phase = PairPhase::idle;
    std::uint64_t queued = 0, queued_bytes = 0, unacknowledged = 0;
    unsigned failures = 0;
    std::optional<Learned::Refusal> certificate_refused{};  ///< lately: dialback is used
    std::optional<xmpp::Failure> failure;                   ///< of the last attempt, until one works
    WallTime last_success{}, last_failure{};                ///< for people: the clock may be set
    /// For comparisons. `worked_at`: it came up then, or was up until then.
    std::optional<TimePoint> worked_at{}, failed_at{};
    Duration next_retry{0};
    Duration stalled{0};             ///< the stream is open, and has given no sign of progress for so long
    std::vector<std::string> users;  ///< of ours whose stanzas wait or came back since the pair last worked: bare JIDs
    std::uint64_t users_more = 0;    ///< beside those
    std::uint32_t shard = 0;
};

/// Of the destinations of all shards: what failed on one is over when the pair has worked on another since. (Where a
/// partner's stream carries the pair, it is on the shard that accepted the stream.)
void forget_overtaken(std::vector<DestinationStatus>& all);

}  // namespace sallyport::s2s
