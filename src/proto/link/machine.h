// The router link's stream (docs/protocol/link.md): XEP-0114 handshake, XEP-0198 session, binding of domains, facts of
// peers. A pure machine for both ends: events in, actions out. It never sees a stanza: the service counts those.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "proto/link/session.h"
#include "proto/xml/element.h"
#include "proto/xml/reader.h"
#include "proto/xmpp/errors.h"
#include "proto/xmpp/jid.h"

namespace sallyport::link {

enum class End { dialler, listener };

enum class PeerState {
    opened,  ///< just now
    open,    ///< since some time: told again, on a link that is new or resumed
    closed,
};
/// What the edge learned of a peer (section 6).
struct PeerFacts {
    xmpp::DomainPair pair;
    std::string direction;  ///< "in" or "out"
    std::string method;     ///< "dialback", "external", "certificate-dialback"
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
using Action = std::variant<Send, SessionWanted, SessionOpen, Bound, DoneReceived, FactsReceived, CountWanted, Counted,
                            ClockTold, Close>;
using Actions = std::vector<Action>;

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
    Duration clock_every = std::chrono::minutes{1};  ///< the far side's clock is asked for
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
    [[nodiscard]] TimePoint deadline() const;
    void on_deadline(TimePoint now, Actions& out);

    /// Dialler: begin a new session, in place of one that this side has given up (or of none), or resume `previous`
    /// having received `h`.
    void enable(const std::string& given_up, Actions& out);
    void resume(const std::string& previous, std::uint32_t h, Actions& out);
    /// Listener: the answer to SessionWanted.
    void enabled(const std::string& id, Actions& out);
    void resumed(const std::string& previous, std::uint32_t h, Actions& out);
    void resume_failed(Actions& out);

    void bind(const Serves& serves, Actions& out) const;
    /// The answer to CountWanted, with our clock.
    void acknowledge(std::uint32_t h, WallTime wall, Actions& out) const;
    void done(const std::vector<Range>& ranges, Actions& out) const;
    void facts(const PeerFacts& facts, Actions& out) const;
    /// Asks for the far side's count and clock: answered with Counted and ClockTold.
    void ask(TimePoint now, Actions& out);
    void close(std::optional<xmpp::StreamError> error, const std::string& why, Actions& out, Blame blame = Blame::none);

    [[nodiscard]] bool open() const { return state_ == State::open; }
    [[nodiscard]] bool closed() const { return state_ == State::closed; }
    /// Of the peer's header.
    [[nodiscard]] const std::string& far_realm() const { return far_realm_; }
    [[nodiscard]] const std::string& far_node() const { return far_node_; }
    [[nodiscard]] unsigned far_shards() const { return far_shards_; }
    [[nodiscard]] unsigned far_shard() const { return far_shard_; }

private:
    enum class State { connecting, header, features, handshake, session, open, closed };
    struct Row;
    static const Row table[];

    [[nodiscard]] std::string listener_header() const;
    void greet(const xml::Element& element, Actions& out);
    void check_handshake(const xml::Element& element, Actions& out);
    void handshake_accepted(const xml::Element& element, Actions& out);
    void session_enable(const xml::Element& element, Actions& out);
    void session_resume(const xml::Element& element, Actions& out);
    void session_enabled(const xml::Element& element, Actions& out);
    void session_resumed(const xml::Element& element, Actions& out);
    void session_failed(const xml::Element& element, Actions& out);
    void count_wanted(const xml::Element& element, Actions& out);
    void count_given(const xml::Element& element, Actions& out);
    void bound(const xml::Element& element, Actions& out);
    void done_received(const xml::Element& element, Actions& out);
    void facts_received(const xml::Element& element, Actions& out);
    void stream_error(const xml::Element& element, Actions& out);

    MachineSettings settings_;
    State state_ = State::connecting;
    std::string stream_id_;
    std::string far_realm_, far_node_;
    unsigned far_shard_ = 0, far_shards_ = 1;
    TimePoint negotiation_until_;
    TimePoint heard_;
    bool asked_ = false;
    TimePoint clock_due_{};             ///< the far side is asked for its clock, whatever else it says
    TimePoint clock_asked_at_ = never;  ///< of the oldest question without an answer
};

}  // namespace sallyport::link
