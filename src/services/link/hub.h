// The router links of one shard to nodes of one role: accepts them (edge, presence) or keeps them dialled (core),
// carries stanzas over them in sessions that survive broken connections, and holds or bounces what cannot leave
// (design, sections 6 and 7; docs/protocol/link.md). hub.cpp: sessions and their connections; sending.cpp: the way of a
// stanza; ending.cpp: sessions that end, and the end of the node; dialling.cpp; serving.cpp.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/doorway.h"
#include "base/limits.h"
#include "base/tables.h"
#include "io/dns/resolver.h"
#include "proto/link/neighbour.h"
#include "proto/xmpp/errors.h"
#include "services/link/connection.h"
#include "services/link/session.h"
#include "services/record/counters.h"
#include "services/routing/shard.h"

namespace sallyport::link {

/// Where a core dials.
struct DialTarget {
    HostPort address;
    std::string name;
    std::string realm;
    std::string secret{};  ///< of this link; empty: that of the context
};

/// Which far sides may carry a stanza. `name` lives as long as whoever answers.
struct Way {
    enum class By {
        any,     ///< every one
        domain,  ///< that serves the domain
        realm,   ///< that reaches the realm
        far,     ///< of that realm itself
        none,    ///< none at present: the stanza is held
    };
    By by = By::any;
    std::string_view name{};
};

/// A process at the far side: `node` is another one after each start.
struct FarNode {
    std::string realm, node;
};

/// What becomes of a stanza from the far side.
enum class Admission {
    route,
    refuse,  ///< a wrong setting: logged and counted as done, nobody is told
    end,     ///< the far side is broken or in other hands: the link ends with invalid-from
};

/// A connection on its way to the shard where the session lives that it resumes.
struct MovedConnection {
    std::unique_ptr<Connection> connection;
    std::unique_ptr<io::MovingStream> stream;
    SessionWanted wanted;
};

struct HubContext {
    routing::Shard& shard;
    End end = End::listener;
    std::string realm{}, node_instance{}, secret{};
    std::string_view far_role{};  ///< of the nodes at the far side: "edge", "core", "presence"
    Neighbours neighbours{};      ///< listener: who may be there; both: what a certificate has to say
    Limits limits{};
    Duration hold = std::chrono::seconds{30};  ///< how long stanzas wait for a link that is down; 0: bounced at once
    std::shared_ptr<const io::TlsContext> tls{};
    routing::Router* router = nullptr;  ///< for stanzas that arrive
    /// Section 7: may the far side send this? Without it, everything.
    std::function<Admission(const Session&, const xmpp::Stanza&)> admission{};
    /// Where a stanza may go. Without it a listener sends to those who serve the stanza's domain, a dialler to all.
    std::function<Way(const xmpp::Stanza&)> way{};
    std::function<void(const xmpp::Stanza&, const xmpp::StanzaError&, const routing::Ticket&)> bounce{};
    std::function<void(bool held)> on_hold{};  ///< back-pressure to those who feed the link: it takes no more
    bool leads_inwards = false;  ///< budgets are of those who send: whoever is inside is everybody's recipient
    std::function<void(const Partner&)> on_pace{};  ///< back-pressure to those who write to one domain
    std::function<void(const std::string& far_realm, const PeerFacts&)> on_facts{};
    std::function<void()> on_change{};  ///< a link came up or went down, or its far side bound names
    std::function<void(const Session&)> on_bound{};
    std::function<void()> on_connection_joined{};  ///< from another shard
    std::function<void()> on_connection_closed{};  ///< or has left for another shard
    record::Histogram* delivery = nullptr;         ///< how long stanzas take to be done at the far side; of the shard
    /// Edge: a connection resumes a session of that shard.
    std::function<void(std::uint32_t shard, std::shared_ptr<MovedConnection>)> hand_over{};
    /// Edge: the far side has given up a session of that shard for one of this shard.
    std::function<void(std::uint32_t shard, const std::string& id, const std::string& far_realm)> give_up_elsewhere{};
    /// Edge: gives the stanza to `shard`, or else to one that has a link which serves its domain; which one took it.
    std::function<std::optional<std::uint32_t>(const xmpp::Stanza&, const routing::Ticket&,
                                               std::optional<std::uint32_t> shard)>
        send_elsewhere{};
    /// Edge: another shard has a link to another process of that realm.
    std::function<bool(const FarNode& dead)> successor_elsewhere{};
};

class Hub {
public:
    static constexpr std::size_t most_facts = 20000;  ///< pairs and directions told to cores; of more nothing is told

    explicit Hub(HubContext context);
    ~Hub();
    Hub(const Hub&) = delete;
    Hub& operator=(const Hub&) = delete;

    /// Edge: a connection placed on this shard.
    void accept(std::unique_ptr<io::Stream> stream);
    /// Core: keeps links to `target` from now on.
    void dial(const DialTarget& target);
    /// What this side serves and reaches; told to every far side, now and on each new link. Nothing is told before.
    void serve(Serves serves);
    /// Edge: what was learned of a peer; told to every core, now and on each link that opens. `up` false: a stream of
    /// the pair ended; with the last of them it is forgotten.
    void tell(const PeerFacts& facts, bool up);

    /// Takes a stanza for the far side. `may_forward` false: it came from another shard for a link here.
    void send(const xmpp::Stanza& stanza, const routing::Ticket& ticket, bool may_forward = true);
    /// Edge: a link of this shard serves `domain`. Thread-safe: other shards ask when they have none.
    [[nodiscard]] bool advertises(std::string_view domain) const;
    /// Edge: a link of this shard leads to a process of the same realm that is not `dead`. Thread-safe.
    [[nodiscard]] bool has_successor(const FarNode& dead) const;
    /// What is held may have a way now.
    void look_again() { flush_held(); }
    [[nodiscard]] std::size_t connections() const { return connections_.size(); }
    /// Far realms with an open link, each once.
    [[nodiscard]] std::vector<std::string> open_realms() const;
    /// What far sides with an open link serve and reach, each name once.
    [[nodiscard]] Serves reached() const;
    /// Ends every connection; sessions stay and are resumed.
    void restart();
    /// The node is going to stop: nothing is taken from far sides any more; what has no link and no sender that keeps
    /// it is returned; what is under way may still be done.
    void quiesce();
    /// Nothing is under way over a link that is open.
    [[nodiscard]] bool quiet() const;
    /// Ends every connection. What has not arrived at the far side and no sender keeps is returned.
    void shut();

    /// Edge: another shard's connection resumes a session that lives here.
    void join(MovedConnection moved);
    /// Edge: the node of that realm has given up a session that lives here.
    void give_up(const std::string& id, const std::string& far_realm);

    void replace_tls(std::shared_ptr<const io::TlsContext> tls) { context_.tls = std::move(tls); }
    /// For connections from now on.
    void replace_identity(std::string realm, std::string secret, Neighbours neighbours);
    [[nodiscard]] std::vector<SessionStatus> sessions() const;
    struct DialStatus {
        std::string address, name, role, state, why;
        Duration next_attempt{0};
    };
    [[nodiscard]] std::vector<DialStatus> dials() const;
    [[nodiscard]] std::size_t held() const { return held_.size(); }
    void tables(TableFills& all) const;
    /// Partners that take what they get too slowly, or whose stanzas are refused.
    [[nodiscard]] std::vector<PartnerStatus> slow_partners() const;
    /// The last stanzas at which links ended.
    [[nodiscard]] const std::deque<Culprit>& culprits() const { return culprits_; }

private:
    friend class Connection;

    struct Waiting {
        xmpp::OwnedStanza stanza;
        Carried carried;
        TimePoint since{};
        std::uint8_t strikes = 0;
    };
    /// With another shard, which has not said yet that it is done.
    struct Elsewhere {
        Carried carried;
        std::uint64_t weight = 0;
    };
    /// To be returned as soon as nothing is being walked through.
    struct Returned {
        xmpp::OwnedStanza stanza;
        routing::Ticket ticket;
        xmpp::StanzaError error;
    };
    struct Dialling {
        DialTarget target;
        unsigned index = 0;
        std::unique_ptr<io::Lookup> lookup;
        std::unique_ptr<io::Dial> dial;
        std::unique_ptr<io::Timer> retry;
        Connection* connection = nullptr;
        std::string session_id;
        std::string given_up;  ///< the session before, until the far side knows that it is over
        unsigned failures = 0;
        TimePoint retry_at{};
        std::string why;
    };

    // from connections
    void log_stranger(const Endpoint& remote, const std::string& why);
    void session_wanted(Connection& connection, const SessionWanted& wanted);
    void session_open(Connection& connection, const SessionOpen& open);
    void bound(Connection& connection, Serves serves);
    void tell_served(Connection& connection);
    void tell_facts(Connection& connection);
    void done(Connection& connection, const std::vector<Range>& ranges);
    void counted(Connection& connection, std::uint32_t h);
    void stanza(Connection& connection, const xmpp::Stanza& stanza);
    /// One that came and is not to be passed on: counted, and its sender told where that is possible.
    void refused(Connection& connection, const xmpp::Stanza& stanza, const xmpp::StanzaProblem& problem);
    [[nodiscard]] Admission judge(const Session& session, const xmpp::Stanza& stanza);
    routing::Ticket received(Session& session);
    void drained();
    void closed(Connection& connection);

    void add_dialling(const DialTarget& target, unsigned index);
    void connect(Dialling& dialling);
    void dialled(Dialling& dialling, Result<std::unique_ptr<io::Stream>> result);
    void retry_later(Dialling& dialling, const std::string& why);
    void move(Connection& connection, std::uint32_t shard, const SessionWanted& wanted);
    void resume(Connection& connection, Session& session, std::uint32_t h);
    /// False: the far side's count cannot be; connection and session have ended.
    [[nodiscard]] bool go_on(Connection& connection, Session& session, std::uint32_t h);
    Session& open_session(Connection& connection, const std::string& id);
    void begin(Connection& connection, Session& session);
    [[nodiscard]] Session* find_session(const std::string& id);
    /// The shard that made the session; nothing: this one, or nobody.
    [[nodiscard]] std::optional<std::uint32_t> home(const std::string& id) const;
    [[nodiscard]] bool is_here(const std::string& far_realm) const;
    [[nodiscard]] Way way(const xmpp::Stanza& stanza) const;
    [[nodiscard]] Session* choose(const xmpp::Stanza& stanza, const Lane& lane) const;
    void transmit(Session& session, Waiting waiting);
    /// Writes what the session may write now.
    void pump(Session& session);
    [[nodiscard]] bool send_elsewhere(const xmpp::Stanza& stanza, const Carried& carried, std::uint64_t weight);
    void done_elsewhere(std::uint64_t sequence);
    void flush_held();
    void flush_done();
    void send_done();
    void replace_dead(const Session& fresh);
    void replace_given_up(Session& fresh);
    void detach(Session& session);
    /// Ends the session: what was taken over after `too_old` waits for another, what is older is bounced.
    void give_up(Session& session, TimePoint too_old);
    void close_session(Session& session);
    [[nodiscard]] bool others_can_carry(const Session& broken) const;
    [[nodiscard]] Returned culprit(const Session& session, Window::Entry entry);
    /// At the end of the node: returned, unless its sender keeps it.
    void leave_or_return(std::vector<Returned>& returned, xmpp::OwnedStanza stanza, const Carried& carried);
    void bounce_all(const std::vector<Returned>& returned);
    void sweep();
    void arm_sweep();
    void weigh();
    void advertise();
    [[nodiscard]] MachineSettings machine_settings(const DialTarget* target) const;

    HubContext context_;
    Logger log_;
    Doorway doorway_;  ///< listener
    std::vector<std::unique_ptr<Connection>> connections_;
    std::vector<std::unique_ptr<Connection>> dead_;
    std::vector<std::unique_ptr<Session>> sessions_;
    std::vector<std::unique_ptr<Dialling>> diallings_;
    std::optional<Serves> served_;
    struct Known {
        PeerFacts facts;
        std::size_t streams = 0;  ///< of the pair in that direction, on all shards
    };
    std::map<std::pair<xmpp::DomainPair, std::string>, Known> facts_;
    Lanes lanes_;
    std::deque<Waiting> held_;
    std::map<std::uint64_t, Elsewhere> elsewhere_;  ///< by sequence of tickets of elsewhere_source_
    routing::Ticket elsewhere_source_;
    std::deque<Culprit> culprits_;
    std::uint64_t serials_ = 0;
    std::uint64_t looks_ = 0;  ///< at what is held
    std::unique_ptr<io::Timer> sweeper_;
    mutable std::mutex advertised_mutex_;  ///< what other shards read that have no link (rare)
    std::vector<std::string> advertised_;  ///< domains behind the links that are open
    std::vector<FarNode> open_nodes_;      ///< at the ends of the links that are open
    bool sweeping_ = false, done_deferred_ = false, holding_ = false, stopping_ = false, shutting_ = false;
};

}  // namespace sallyport::link
