// What the pool knows of a domain pair, and of a stream with the pairs that share it (XEP-0220 2.6, XEP-0198 section 4:
// acknowledgements count the stream's stanzas, whatever pair they are of).
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proto/s2s/pair.h"
#include "services/routing/taken.h"
#include "services/s2s/context.h"
#include "services/s2s/hurt_users.h"
#include "services/s2s/outbound_stream.h"

namespace sallyport::s2s {

struct Carrier;

struct Destination;
struct Suspended;

/// What the pairs of one remote domain have in common: their streams, and what is kept for them all.
struct Remote {
    Remote();
    ~Remote();
    Remote(const Remote&) = delete;
    Remote& operator=(const Remote&) = delete;

    std::vector<Carrier*> carriers;
    std::vector<Destination*> pairs;
    bool unshared = false;  ///< the peer takes one pair a stream
    bool barren = false;    ///< it can be reached, but ended the latest stream of ours before that was of use
    std::uint64_t stanzas = 0, bytes = 0;            ///< in queues and windows
    std::uint64_t most_stanzas = 0, most_bytes = 0;  ///< of those
    std::vector<std::unique_ptr<Suspended>> suspended;
};

/// A domain pair to which stanzas go.
struct Destination {
    Destination(xmpp::DomainPair names, const Pair::Settings& settings) : pair{std::move(names)}, life{settings} {}

    xmpp::DomainPair pair;
    Pair life;
    Carrier* carrier = nullptr;  ///< the stream that it is on; at the end of one it is null before `life` is told
    Carrier* reverse = nullptr;  ///< XEP-0288: the peer's own stream may carry the pair
    std::deque<Waiting> queue;
    std::uint64_t queued_bytes = 0;
    std::uint64_t most_stanzas = 0, most_bytes = 0;  ///< of the queue
    Duration patience{0};                            ///< of a stanza in the queue
    Remote* remote = nullptr;
    std::uint64_t unacknowledged = 0;      ///< in the windows of carriers
    std::uint64_t in_windows = 0;          ///< with what needs no acknowledgement
    std::uint64_t suspended = 0;           ///< of a broken stream that may be resumed: nothing overtakes them
    std::uint64_t suspects = 0;            ///< in the queue or a window: a stream has ended at them, or near them
    std::uint64_t sponsor = 0;             ///< whose stanza opened it, until it has worked once; 0: nobody is charged
    std::string log_source;                ///< draws on the log's budget for it: that sender, then who owns the domain
    bool unsolicited = true;               ///< nobody of ours has written there: they proved the name, or were answered
    TimePoint used_at{};                   ///< when a stanza was last written, or came for it
    std::optional<xmpp::Failure> failure;  ///< of the last attempt, until one works
    WallTime last_success{}, last_failure{};
    std::optional<TimePoint> worked_at{}, failed_at{};  ///< the same by the clock that nobody sets; worked: the latest
    std::uint64_t peer_max_bytes = 0;
    std::unique_ptr<HurtUsers> hurt;  ///< null: nobody, since the pair last worked

    /// It may be written to: the stream that the machine knows is there.
    [[nodiscard]] bool writable() const { return life.ready() && carrier != nullptr && suspended == 0; }
    /// Something is still to go.
    [[nodiscard]] bool waits() const { return !queue.empty() || suspended != 0; }
};

/// What was written to one stream and may have to be sent again, or returned: with XEP-0198 until the peer has
/// acknowledged it; without until its TCP has had all of it for a while. Bounded in count and bytes.
class SentWindow {
public:
    struct Written {
        Destination* to = nullptr;
        Waiting waiting;
        std::uint64_t begin = 0, end = 0;  ///< of the stream's bytes
        TimePoint taken_at = never;        ///< the peer's TCP had all of it; only without XEP-0198
    };
    /// Without XEP-0198.
    static constexpr Duration settling = routing::taken::settling;

    void set_bounds(std::uint64_t stanzas, std::uint64_t bytes);
    void keep_until_acknowledged(Destination& to, Waiting waiting, std::uint64_t begin, std::uint64_t end);
    void keep_until_taken(Destination& to, Waiting waiting, std::uint64_t begin, std::uint64_t end);
    /// The peer will acknowledge nothing after all: what waits for that is kept until it is taken.
    [[nodiscard]] std::vector<routing::Ticket> waive();
    /// When the pool took the oldest that the peer has not acknowledged; `never` when there is none.
    [[nodiscard]] TimePoint oldest() const {
        return unacknowledged_.empty() ? never : unacknowledged_.front().waiting.since;
    }
    /// The oldest that the peer has not acknowledged; null when there is none.
    [[nodiscard]] const Written* front() const { return unacknowledged_.empty() ? nullptr : &unacknowledged_.front(); }
    void acknowledge();
    /// The peer's TCP has so many of the stream's bytes. True: something has settled; nothing does while it is `stuck`,
    /// for then the peer is not reading what its TCP took.
    [[nodiscard]] bool taken(std::uint64_t bytes, bool stuck, TimePoint now);
    /// So much was written since the last look that it is time for taken().
    [[nodiscard]] bool wants_look() const { return unlooked_ >= look_every; }
    /// No more until the peer acknowledges, or takes.
    [[nodiscard]] bool full() const {
        return unacknowledged_.size() >= room_ || unacknowledged_bytes_ > most_bytes_ ||
               kept_.size() - taken_ >= most_stanzas_ || untaken_bytes_ > most_bytes_;
    }
    /// It waits for the peer's TCP, which says nothing by itself.
    [[nodiscard]] bool full_of_untaken() const {
        return kept_.size() - taken_ >= most_stanzas_ || untaken_bytes_ > most_bytes_;
    }
    [[nodiscard]] bool empty() const { return unacknowledged_.empty() && kept_.empty(); }
    /// A stream has ended at one of the stanzas to come: one at a time is sent, later a few, so that it shows at which.
    void be_careful(bool careful);
    [[nodiscard]] bool careful() const { return careful_; }
    /// Everything, in the order in which it was written.
    [[nodiscard]] std::deque<Written> all();

private:
    static constexpr std::size_t look_every = 256;

    void count_in(const Written& written);
    static void count_out(const Written& written);
    void drop_settled();

    std::deque<Written> unacknowledged_;
    std::deque<Written> kept_;
    std::size_t taken_ = 0;  ///< of kept_, at its front, is with the peer's TCP
    std::uint64_t unacknowledged_bytes_ = 0, untaken_bytes_ = 0, taken_bytes_ = 0;
    std::uint64_t most_stanzas_ = 1, most_bytes_ = 1;
    std::size_t room_ = 1;  ///< unacknowledged stanzas at most
    std::size_t unlooked_ = 0;
    std::size_t proved_ = 0;  ///< acknowledged since room_ last grew
    bool careful_ = false;
};

/// What a stream of ours held when its connection broke, until another one resumes it. Counted with its pairs
/// (`suspended`) and against their remote domain; bounded as the window was that held it. Never empty.
struct Suspended {
    Resumption stream;
    std::deque<SentWindow::Written> held;  ///< in the order of the stream
    TimePoint until = never;
    Carrier* carrier = nullptr;  ///< that is about to resume it
    unsigned fruitless = 0;      ///< as of Carrier

    /// The pair was proved on the stream.
    [[nodiscard]] bool has(const xmpp::DomainPair& pair) const {
        return std::find(stream.pairs.begin(), stream.pairs.end(), pair) != stream.pairs.end();
    }
};

/// A stream and the pairs that go out on it. One of ours is asked for further pairs when its first one is
/// authenticated; one of the peer's (XEP-0288) may carry the pairs that have proved themselves on it.
struct Carrier {
    std::unique_ptr<OutboundStream> stream;  ///< ours; null: the peer's
    WayOut* out = nullptr;                   ///< either; never null
    std::vector<Destination*> pairs;
    std::vector<Destination*> offered;  ///< on the peer's: those that it may carry
    std::size_t turn = 0;               ///< whose queue is next when there is room
    SentWindow window;
    bool open = false;     ///< its first pair is authenticated
    bool ending = false;   ///< takes no further pairs
    bool carried = false;  ///< something has been acknowledged, or taken for good
    std::uint64_t peer_max_bytes = 0;
    TimePoint opened_at{};
    std::uint64_t taken = 0;           ///< of the stream's bytes, at the latest look
    TimePoint moved_at{};              ///< when the peer's TCP last took what it had not taken at once
    std::uint64_t written_before = 0;  ///< of the stream's bytes, at the latest watch
    std::uint64_t waited_for = 0;      ///< of the stream's bytes: those that have been there for a second at least
    TimePoint watched_at = never;
    TimePoint stuck_since = never;   ///< some of those wait, and none is taken
    TimePoint owed_since = never;    ///< the peer has a stanza that it does not acknowledge
    TimePoint silent_since = never;  ///< no sign of life for long enough to be told
    TimePoint probed_at = never;
    TimePoint answered_at{};  ///< an XEP-0199 answer came on another stream
    std::string ping_id;
    Suspended* resumes = nullptr;  ///< until the peer has said whether it does
    unsigned fruitless = 0;        ///< resumed so often in a row, and nothing acknowledged since
    bool asks_later = false;       ///< `<r/>` found no room
    TimePoint sign_due{};          ///< when it counts as a sign of life again that the peer acknowledges something

    [[nodiscard]] bool has_room() const { return out->has_room() && !window.full(); }
    void join(Destination& to);
    void leave(Destination& to);
    /// A pair on it has stanzas at which a stream has ended.
    [[nodiscard]] bool has_suspects() const;
};

/// What is kept of the pair's stanzas, in its queue or in a window, counts against the remote domain's budget.
void hold(Destination& to, std::size_t bytes);
void release(Destination& to, std::size_t bytes);

}  // namespace sallyport::s2s
