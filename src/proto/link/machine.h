// The router link's stream (docs/protocol/link.md): XEP-0114 handshake, XEP-0198 session, binding of domains, facts of
// peers. A pure machine for both ends: events in, actions out. It never sees a stanza: the service counts those.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/direction.h"
#include "proto/link/node_news.h"
#include "proto/link/session.h"
#include "proto/machine.h"
#include "proto/xml/element.h"
#include "proto/xml/reader.h"
#include "proto/xmpp/errors.h"
#include "proto/xmpp/jid.h"

namespace sallyport::link {

enum class End { dialler, listener };

/// Of one node: it has a link for each, so whoever says that it has more is not believed.
inline constexpr unsigned most_shards = 256;

enum class PeerState {
    opened,  ///< just now
    open,    ///< since some time: told again, on a link that is new or resumed
    closed,
};
/// What the edge learned of a peer (section 6).
struct PeerFacts {
    xmpp::DomainPair pair;
    Direction direction = Direction::inbound;
    std::string method;  ///< as the edge calls it; one of a later release may know others
    std::string tls, cipher, address, verdict;
    PeerState state = PeerState::opened;
    bool operator==(const PeerFacts&) const = default;
};
[[nodiscard]] std::string write(const PeerFacts& facts);

struct Send {
    std::string bytes;
};
/// Dialler: the peer's header is known. Listener: the dialler is authenticated and wants this session (empty: a new
/// one).
struct SessionWanted {
    std::string previous;
    std::uint32_t h = 0;
    std::string given_up;  ///< of the dialler's sessions the one that it has given up; the new one stands in its place
};
/// Dialler: the answer to enable or resume; `resumed` false: a new session begins.
struct SessionOpen {
    std::string id;
    bool resumed = false;
    std::uint32_t h = 0;
};
/// What a side serves or reaches (section 4).
struct Serves {
    std::vector<xmpp::Domain> domains;
    std::vector<std::string> realms;      ///< core to presence: of the edges whose link is up
    std::vector<std::string> components;  ///< presence to core: the S2S components that its router has loaded
    bool operator==(const Serves&) const = default;
};
struct Bound {
    Serves serves;
};
struct DoneReceived {
    std::vector<Range> ranges;
};
struct FactsReceived {
    PeerFacts facts;
};
struct NodeTold {
    NodeNews news;
};
/// What the far side's clock said when it answered a question of ours that took `round_trip` (section 8).
struct ClockTold {
    WallTime far{};
    Duration round_trip{0};
};
/// The far side has received so many stanzas of the session, modulo 2^32 (`<a/>`).
struct Counted {
    std::uint32_t h = 0;
};
/// The peer asks for h (`<r/>`): the service answers with Machine::acknowledge.
struct CountWanted {};
struct Close {
    std::optional<xmpp::StreamError> error;
    std::string why;
    Blame blame = Blame::none;
};
using Action = std::variant<Send, SessionWanted, SessionOpen, Bound, DoneReceived, FactsReceived, NodeTold, CountWanted,
                            Counted, ClockTold, Close>;
using Actions = std::vector<Action>;

/// How far the bytes of ours have come on this connection, for the question whether the far side lives.
struct Flow {
    std::uint64_t written = 0;  ///< given to the stream
    std::uint64_t taken = 0;    ///< of those, taken by the far side's TCP
};

/// Why a link was closed whose handshake is wrong, on either side.
inline constexpr std::string_view secrets_differ = "wrong handshake: the secrets differ";

struct MachineSettings {
    End end = End::dialler;
    std::string realm;      ///< ours
    std::string far_realm;  ///< of the node dialled, or that a certificate proved; empty: the one that it names itself
    std::string node;       ///< instance
    std::string secret;
    std::string stream_id;  ///< listener: fresh
    unsigned shard = 0, shards = 1;
    Duration negotiation = std::chrono::seconds{10};
    Duration quiet = std::chrono::seconds{5};        ///< nothing received: ask
    Duration patience = std::chrono::seconds{5};     ///< nothing received after asking: dead
    Duration clock_every = std::chrono::seconds{5};  ///< the far side's clock is asked for
};

class Machine {
public:
    Machine(MachineSettings settings, TimePoint now);

    /// Listener: the certificate is that of a node with a realm and secret of its own.
    void meet(std::string far_realm, std::string secret);
    /// TLS is up and the peer's certificate accepted.
    void on_connected(Actions& out);
    void on_header(const xml::Header& header, TimePoint now, Actions& out);
    void on_element(const xml::Element& element, TimePoint now, Actions& out);
    void on_footer(Actions& out);
    void on_problem(xml::Problem problem, Actions& out);
    /// Any byte came: the peer lives.
    void on_bytes(TimePoint now);
    /// A stanza came: false when the session is not open (the stream is then closed).
    [[nodiscard]] bool may_carry(Actions& out);
    [[nodiscard]] TimePoint deadline() const { return timers_.first(); }
    /// A question does not wait in the queue that it judges (section 8): while what stands before it moves, the far
    /// side lives, and the time for its answer begins when it has arrived there.
    void on_deadline(TimePoint now, Actions& out, const Flow& flow = {});

    /// Dialler: begin a new session, in place of one that this side has given up (or of none), or resume `previous`
    /// having received `h`.
    void enable(const std::string& given_up, Actions& out);
    void resume(const std::string& previous, std::uint32_t h, Actions& out);
    /// Listener: the answer to SessionWanted; nothing comes of it once the stream has ended.
    void enabled(const std::string& id, Actions& out);
    void resumed(const std::string& previous, std::uint32_t h, Actions& out);
    void resume_failed(Actions& out);

    void bind(const Serves& serves, Actions& out) const;
    /// The answer to CountWanted, with our clock.
    void acknowledge(std::uint32_t h, WallTime wall, Actions& out) const;
    void done(const std::vector<Range>& ranges, Actions& out) const;
    void facts(const PeerFacts& facts, Actions& out) const;
    /// Nothing comes of it where the far side is of a release that does not know it.
    void tell(const NodeNews& news, Actions& out) const;
    /// Asks for the far side's count and clock: answered with Counted and ClockTold.
    void ask(TimePoint now, Actions& out);
    void close(std::optional<xmpp::StreamError> error, const std::string& why, Actions& out, Blame blame = Blame::none);

    [[nodiscard]] bool open() const { return phase_ == Phase::open; }
    [[nodiscard]] bool closed() const { return phase_ == Phase::closed; }
    /// The far side has ended the stream because another process of our name is linked there.
    [[nodiscard]] bool is_unwanted() const { return unwanted_; }
    /// Of the peer's header.
    [[nodiscard]] const std::string& far_realm() const { return far_realm_; }
    [[nodiscard]] const std::string& far_node() const { return far_node_; }
    [[nodiscard]] unsigned far_shards() const { return far_shards_; }
    [[nodiscard]] unsigned far_shard() const { return far_shard_; }

private:
    enum class Phase : std::uint8_t { connecting, header, features, handshake, session, open, closed };
    enum class On : std::uint8_t {
        connected,
        header,
        features,
        handshake,
        enable,
        enabled,
        resume,
        resumed,
        failed,
        bind,
        count_wanted,
        count,
        done,
        peer,
        node,
        stream_error,
        footer,
        foreign,  ///< an element that no protocol of the link knows
    };
    enum class Fact : std::uint8_t {
        dialler,
        begun_anew,  ///< the far side could not resume the session that we had
    };
    enum class Timer : std::uint8_t {
        negotiation,
        quiet,     ///< nothing received: ask
        patience,  ///< the answer to that is due; or something of what stands before it is gone by then
        clock,     ///< the far side is asked for its clock, whatever else it says
        count_
    };
    struct Event {
        On on = On::foreign;
        const xml::Element* element = nullptr;
        const xml::Header* header = nullptr;
    };
    using Did = machine::Did;
    using Act = Did (Machine::*)(const Event&, Actions&);
    using Row = machine::Row<Phase, On, Fact, Act>;
    struct Table;
    struct Kind;
    [[nodiscard]] static On classify(const xml::Element& element);

    void handle(const Event& event, Actions& out);
    void refuse_event(const Event& event, Actions& out);
    void opened();
    [[nodiscard]] Did refuse(xmpp::StreamCondition condition, const std::string& why, Actions& out);
    [[nodiscard]] std::string listener_header() const;
    bool read_frame(const xml::Header& header, Actions& out);
    Did begin(const Event& event, Actions& out);
    Did await_header(const Event& event, Actions& out);
    Did read_header(const Event& event, Actions& out);
    Did answer_header(const Event& event, Actions& out);
    Did greet(const Event& event, Actions& out);
    Did check_handshake(const Event& event, Actions& out);
    Did handshake_accepted(const Event& event, Actions& out);
    Did session_enable(const Event& event, Actions& out);
    Did session_resume(const Event& event, Actions& out);
    Did session_enabled(const Event& event, Actions& out);
    Did session_resumed(const Event& event, Actions& out);
    Did session_failed(const Event& event, Actions& out);
    Did count_wanted(const Event& event, Actions& out);
    Did count_given(const Event& event, Actions& out);
    Did bound(const Event& event, Actions& out);
    Did done_received(const Event& event, Actions& out);
    Did facts_received(const Event& event, Actions& out);
    Did node_told(const Event& event, Actions& out);
    Did stream_error(const Event& event, Actions& out);
    Did finish(const Event& event, Actions& out);

    MachineSettings settings_;
    Phase phase_ = Phase::connecting;
    std::string stream_id_;
    std::string far_realm_, far_node_;
    unsigned far_shard_ = 0, far_shards_ = 1;
    machine::Deadlines<Timer> timers_;
    TimePoint heard_;
    bool takes_news_ = false;  ///< the far side knows what node news are
    bool unwanted_ = false;
    bool begun_anew_ = false;
    bool waits_ = false;                ///< our question into silence has not arrived as far as we know
    std::uint64_t question_end_ = 0;    ///< where it ends among our bytes
    std::uint64_t taken_ = 0;           ///< of our bytes, at the latest look
    TimePoint clock_asked_at_ = never;  ///< of the oldest question without an answer
};

}  // namespace sallyport::link
