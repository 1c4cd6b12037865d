// The router links of one shard to nodes of one role: accepts them (edge, presence) or keeps them dialled (core),
// carries stanzas over them in sessions that survive broken connections, and holds or bounces what cannot leave
// (design, sections 6 and 7; docs/protocol/link.md).
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
    std::function<void(bool held)> on_hold{};  ///< back-pressure to those who feed the link
    std::function<void(const std::string& far_realm, const PeerFacts&)> on_facts{};
    std::function<void()> on_change{};  ///< a link came up or went down, or its far side bound names
    std::function<void(const Session&)> on_bound{};
    std::function<void()> on_connection_closed{};
    record::Histogram* delivery = nullptr;  ///< how long stanzas take to be done at the far side; of the shard
    /// Edge: looks for a session on the other shards, takes it away from there and answers on this shard.
    std::function<void(const std::string& id, std::function<void(std::unique_ptr<Session>)>)> find_elsewhere{};
    /// Edge: another shard has a link that serves the domain; true: the stanza went there.
    std::function<bool(const xmpp::Stanza&, const routing::Ticket&)> send_elsewhere{};
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
    void shut();

    /// Another shard's connection resumes the session.
    [[nodiscard]] std::unique_ptr<Session> take(const std::string& id,
                                                std::function<void(std::uint64_t)> handled_there);
    /// A stanza received before its session came to this shard is done.
    void handled(const std::string& session_id, std::uint64_t number);

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

private:
    friend class Connection;

    struct Waiting {
        xmpp::OwnedStanza stanza;
        routing::Ticket ticket;
        TimePoint since{};
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
    void resume(Connection& connection, Session& session, std::uint32_t h);
    Session& open_session(Connection& connection, const std::string& id);
    Session& adopt(std::unique_ptr<Session> session);
    void begin(Connection& connection, Session& session);
    [[nodiscard]] Session* find_session(const std::string& id);
    [[nodiscard]] Session* choose(const xmpp::Stanza& stanza);
    void transmit(Session& session, std::string_view bytes, const routing::Ticket& ticket);
    void hold_or_bounce(const xmpp::Stanza& stanza, const routing::Ticket& ticket);
    void flush_held();
    void flush_done();
    void replace_dead(const Session& fresh);
    void replace_given_up(Session& fresh);
    void detach(Session& session);
    /// Ends the session: what was sent after `too_old` waits for another, what is older is bounced.
    void give_up(Session& session, TimePoint too_old);
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
    std::deque<Waiting> held_;
    std::uint64_t held_bytes_ = 0;
    std::unique_ptr<io::Timer> sweeper_;
    mutable std::mutex advertised_mutex_;  ///< what other shards read that have no link (rare)
    std::vector<std::string> advertised_;  ///< domains behind the links that are open
    std::vector<FarNode> open_nodes_;      ///< at the ends of the links that are open
    bool sweeping_ = false, done_deferred_ = false, holding_ = false, shutting_ = false;
};

}  // namespace sallyport::link
