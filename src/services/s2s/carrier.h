// What the pool knows of a domain pair, and of a stream with the pairs that share it (XEP-0220 2.6, XEP-0198 section 4:
// acknowledgements count the stream's stanzas, whatever pair they are of).
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/s2s/context.h"
#include "services/s2s/hurt_users.h"
#include "services/s2s/outbound_stream.h"

namespace sallyport::s2s {

class InboundStream;
struct Carrier;

/// How long a pair waits for an open stream to take it.
inline constexpr Duration sharing_patience = std::chrono::seconds{10};

struct Waiting {
    xmpp::OwnedStanza stanza;
    routing::Ticket ticket;
    TimePoint since{};
};

/// A domain pair to which stanzas go.
struct Destination {
    xmpp::DomainPair pair;
    Carrier* carrier = nullptr;        ///< null while nothing waits for the pair
    InboundStream* reverse = nullptr;  ///< XEP-0288: the peer's own stream carries the pair
    std::deque<Waiting> queue;
    std::uint64_t queued_bytes = 0;
    std::uint64_t most_stanzas = 0, most_bytes = 0;  ///< of the queue
    Duration patience{0};                            ///< of a stanza in the queue
    std::uint64_t unacknowledged = 0;                ///< in the windows of carriers
    bool ready = false;
    bool told = false;        ///< that it is up (S2sContext::on_peer)
    bool asked = false;       ///< the carrier's stream was asked for the pair, after its first
    bool alone = false;       ///< the peer did not take the pair on another one's stream
    TimePoint waits_since{};  ///< for a place on an open stream
    TimePoint used_at{};
    unsigned failures = 0;
    TimePoint retry_at{};
    TimePoint failing_since = never;
    std::optional<DialFailure> failure;
    WallTime last_success{}, last_failure{};
    std::uint64_t peer_max_bytes = 0;
    std::unique_ptr<HurtUsers> hurt;  ///< null: nobody, since the pair last worked
};

/// What was written to one stream and may have to be sent again, or returned.
class SentWindow {
public:
    struct Written {
        Destination* to = nullptr;
        Waiting waiting;
    };

    /// With XEP-0198: until the peer acknowledges it.
    void keep_until_acknowledged(Destination& to, Waiting waiting);
    /// Without: until the peer's TCP has taken it. The oldest are let go beyond a bound.
    void keep_until_taken(Waiting waiting);
    /// When the pool took the oldest that the peer has not acknowledged; `never` when there is none.
    [[nodiscard]] TimePoint oldest() const {
        return unacknowledged_.empty() ? never : unacknowledged_.front().waiting.since;
    }
    /// The oldest that the peer has not acknowledged.
    [[nodiscard]] std::optional<routing::Ticket> acknowledge();
    /// `in_flight` bytes are on their way still.
    void taken(std::size_t in_flight);
    /// No more until the peer acknowledges.
    [[nodiscard]] bool full() const;
    [[nodiscard]] std::deque<Written> all_unacknowledged();
    [[nodiscard]] std::deque<Waiting> all_untaken();

private:
    std::deque<Written> unacknowledged_;
    std::deque<Waiting> untaken_;
    std::uint64_t unacknowledged_bytes_ = 0, untaken_bytes_ = 0;
};

/// An outbound stream and the pairs on it. Its stream is asked for further pairs when its first one is authenticated.
struct Carrier {
    std::unique_ptr<OutboundStream> stream;
    std::vector<Destination*> pairs;
    std::size_t turn = 0;  ///< whose queue is next when there is room
    SentWindow window;
    bool open = false;    ///< its first pair is authenticated
    bool ending = false;  ///< takes no further pairs
    std::uint64_t peer_max_bytes = 0;
    TimePoint probed_at = never;
    TimePoint answered_at{};  ///< an XEP-0199 answer came on another stream
    std::string ping_id;

    [[nodiscard]] bool has_room() const { return stream->has_room() && !window.full(); }
    void join(Destination& to);
    void leave(Destination& to);
};

}  // namespace sallyport::s2s
