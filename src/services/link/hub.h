// The router links of one shard to nodes of one role: accepts them (edge, presence) or keeps them dialled (core),
// carries stanzas over them in sessions that survive broken connections, and holds or bounces what cannot leave
// (ARCHITECTURE.md, Link sessions; docs/protocol/link.md). What becomes of a session is decided by its machine
// (proto/link/session_life.h). hub.cpp: connections; opening.cpp: which session they carry; living.cpp: what the
// machines are told and decide; sending.cpp: the way of a stanza; receiving.cpp: what comes; siblings.cpp: other
// shards; ending.cpp: what becomes of that which a session carried, and the end of the node; dialling.cpp; serving.cpp.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/doorway.h"
#include "base/tables.h"
#include "io/dns/resolver.h"
#include "proto/link/processes.h"
#include "services/link/advertised.h"
#include "services/link/connection.h"
#include "services/link/held_queue.h"
#include "services/link/hub_context.h"
#include "services/link/known_peers.h"
#include "services/link/nodes_told.h"
#include "services/link/session.h"
#include "services/routing/shard.h"

namespace sallyport::link {

/// Where a core dials.
struct DialTarget {
    HostPort address;
    std::string name;
    std::string realm;
    std::string secret{};  ///< of this link; empty: that of the context
};

/// What a stanza that another shard is to carry has with it.
struct Lent {
    routing::Ticket ticket;
    TimePoint since{};         ///< it waits since then, whoever has it
    std::uint8_t strikes = 0;  ///< as in the window (proto/link/send_window.h)
    bool apart = false;
};

/// One that another shard was given and cannot carry.
struct GivenBack {
    xmpp::OwnedStanza stanza;
    Lent lent;
};

/// A connection on its way to the shard where the session lives that it resumes.
struct MovedConnection {
    std::unique_ptr<Connection> connection;
    std::unique_ptr<io::MovingStream> stream;
    SessionWanted wanted;
};

class Hub final : public ConnectionOwner {
public:
    /// Largest ones, beside link_bytes (docs/protocol/link.md, section 9).
    static constexpr std::uint64_t newcomers_stanzas = 8;
    /// Names of each kind that are taken of one node: of a core, and by a core of a node that it dials. What a core
    /// takes of presence nodes it names to its edges.
    static constexpr std::size_t most_names_of_core = 50'000, most_names_dialled = 1000;
    /// Of elements that have begun and are not complete, on all links of one node together.
    static constexpr std::size_t most_unfinished = 8 * passed_on_bytes;
    static constexpr std::size_t facts_burst = 64 << 10;  ///< unsent bytes of a link from which on facts wait

    explicit Hub(HubContext context);
    ~Hub() override;
    Hub(const Hub&) = delete;
    Hub& operator=(const Hub&) = delete;

    /// Edge: the hubs of all shards of the node, by their numbers, this one included; once, before anything runs.
    void stand_beside(std::vector<Hub*> all);
    /// Edge: a connection placed on this shard.
    void accept(std::unique_ptr<io::Stream> stream);
    /// Core: keeps links to `target` from now on.
    void dial(const DialTarget& target);
    /// What this side serves and reaches; told to every far side, now and on each new link. Nothing is told before.
    void serve(Serves serves);
    /// Edge: what was learned of a peer; told to every core, now and on each link that opens. `up` false: a stream of
    /// the pair ended; with the last of them it is forgotten.
    void tell(const PeerFacts& facts, bool up);

    /// How this node is, and those that it knows; told to far sides when it changes and on each new link, to nobody
    /// about himself.
    /// `again`: what has not changed too.
    void tell_nodes(std::vector<NodeNews> nodes, bool again);

    /// Takes a stanza for the far side.
    void send(const xmpp::Stanza& stanza, const routing::Ticket& ticket);
    /// Edge: the same of another shard, for a link here. It does not travel on: without a link it is given back.
    void borrow(const routing::Forwarded& message);
    /// Edge: calls `then` once the far side has received what this shard has of the stanzas from `from` to `to`, or
    /// nothing of them is under way here any more; after five seconds at the latest, or at once.
    void when_received(std::string_view from, std::string_view to, std::function<void()> then);
    /// Edge: a link of this shard serves `domain`. Thread-safe: other shards ask when they have none.
    [[nodiscard]] bool advertises(std::string_view domain) const { return advertised_.serves(domain); }
    /// The node of that realm has given up a session that lives here.
    void give_up(const std::string& id, const std::string& far_realm);
    /// Core: somebody who is dialled is not there yet, or has not said what it serves.
    [[nodiscard]] bool awaits() const;
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
    /// After quiesce(), when the far sides have had time to answer: ends connections whose far side has said nothing
    /// since, if they carry what is not known to have arrived there; it goes back as by shut().
    void end_silent();
    /// Ends every connection. What has not arrived at the far side and no sender keeps is returned.
    void shut();

    void replace_tls(std::shared_ptr<const io::TlsContext> tls) { context_.tls = std::move(tls); }
    /// For connections from now on.
    /// Links to whom `neighbours` no longer name end; what they carried goes another way.
    void replace_identity(std::string realm, std::string secret, Neighbours neighbours);
    [[nodiscard]] std::vector<SessionStatus> sessions() const;
    struct DialStatus {
        std::string address, name;
        Role role = Role::edge;
        DialState state = DialState::connecting;
        std::string why;
        Duration next_attempt{0};
        DialCause cause = DialCause::other;
    };
    /// Who connected and got no session: a known node, or one whose certificate is not accepted.
    struct Refused {
        /// A node that is refused comes again within seconds: older than that is over, and so long one is told of
        /// before another takes its place.
        static constexpr Duration told = std::chrono::seconds{30};
        std::string far_realm;  ///< empty: it did not get so far as to say it
        IpAddress address;
        std::string why;
        TimePoint since{};  ///< the latest time
        DialCause cause = DialCause::other;
        bool by_far_side = false;  ///< it was we who were refused, as far as TLS tells
        bool proven = false;       ///< its certificate is that of a known node
        TimePoint first{};
    };
    /// Listener: one of those of late, proven ones before others; nothing: there was none.
    [[nodiscard]] const std::optional<Refused>& refused() const { return refused_; }
    [[nodiscard]] std::vector<DialStatus> dials() const;
    [[nodiscard]] std::size_t held() const { return held_.size(); }
    void tables(TableFills& all) const;
    /// Domains of which something is under way, so that HubContext::on_pace can be told of them.
    [[nodiscard]] std::uint64_t most_partners() const;
    /// Partners that take what they get too slowly, or whose stanzas are refused.
    [[nodiscard]] std::vector<PartnerStatus> slow_partners() const;
    /// The last stanzas at which links ended.
    [[nodiscard]] const std::deque<Culprit>& culprits() const { return culprits_; }
    /// Copies of a linked node that were turned away.
    [[nodiscard]] const std::vector<Copy>& copies() const { return copies_.all(); }

private:
    /// Of one shard: a node has as many links as the larger number of shards, and 256 are the most.
    static constexpr std::size_t most_connections = 4 * most_shards;
    static constexpr std::size_t most_culprits = 16;
    /// Streams of peers that wait for what this shard has to be received; and how long they do at most.
    static constexpr std::size_t most_waiting_streams = 10'000;
    static constexpr Duration most_awaited = std::chrono::seconds{5};

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
        DialCause cause = DialCause::other;
        bool surplus = false;  ///< the far node has fewer shards than it had: nothing is dialled
    };

    /// Somebody who waits for what is under way of a lane to have been received.
    struct Receipt {
        std::string from, to;
        std::uint64_t session = 0;  ///< serial of the one that had it all; 0: none
        std::uint64_t last = 0;     ///< of that, in the session's window
        TimePoint until{};
        std::function<void()> then;
    };

    /// What an event for a session brings with it.
    struct News {
        Connection* connection = nullptr;  ///< that has come
        std::uint32_t h = 0;               ///< what the far side has received
        std::string_view id{};             ///< of the session that it has opened
        SessionLife::Facts more{};
    };

    // from connections
    void session_wanted(Connection& connection, const SessionWanted& wanted) override;
    void session_open(Connection& connection, const SessionOpen& open) override;
    void bound(Connection& connection, Serves serves) override;
    void done(Connection& connection, const std::vector<Range>& ranges) override;
    void counted(Connection& connection, std::uint32_t h) override;
    void told(Connection& connection, const NodeNews& news) override;
    void stanza(Connection& connection, const xmpp::Stanza& stanza) override;
    void refused(Connection& connection, const xmpp::Stanza& stanza, const xmpp::StanzaProblem& problem) override;
    void drained() override {
        weigh();
        flush_done();
    }
    void closed(Connection& connection) override;
    [[nodiscard]] bool has_much_unfinished(const std::string& far_realm) const override {
        return unfinished_of(far_realm) > most_unfinished;
    }
    [[nodiscard]] bool stopping() const override { return stopping_; }

    void note_refused(const Connection& connection);
    void keep(Refused refused);
    void log_stranger(const Endpoint& remote, const std::string& why);
    /// Bytes of elements that have begun and are not complete, on all links of that node.
    [[nodiscard]] std::size_t unfinished_of(std::string_view far_realm) const;
    /// Leaves what is more than may be taken of one node.
    void cut(const Session& session, Serves& serves) const;
    /// Takes what came too soon after the one before.
    void take_latest();
    void arm_binder();
    void tell_served(Connection& connection);
    void tell_facts(Connection& connection);
    static void tell_nodes(Connection& connection, const std::vector<NodeNews>& nodes);
    /// News of peers that far sides have not been told yet.
    [[nodiscard]] std::size_t untold() const;
    /// Writes of what the far side is to be told about peers as much as does not stand in the way of stanzas.
    void tell_more();
    [[nodiscard]] bool tell_more(Connection& connection);
    [[nodiscard]] Admission judge(const Session& session, const xmpp::Stanza& stanza);
    routing::Ticket received(Session& session);

    void add_dialling(const DialTarget& target, unsigned index);
    /// Dials as many links as the node of the target has shards, and no more.
    void dial_shards(const DialTarget& target, unsigned links);
    void connect(Dialling& dialling);
    void dialled(Dialling& dialling, Result<std::unique_ptr<io::Stream>> result);
    /// `unwanted`: the far side has another process of our name, so there is no hurry.
    void retry_later(Dialling& dialling, const std::string& why, DialCause cause, bool unwanted = false);
    void count_load(int more);

    // other shards: what they ask of this one, and this one of them
    void join(MovedConnection moved);
    void take_back(std::vector<GivenBack> all);
    [[nodiscard]] bool is_over(const Receipt& receipt, TimePoint now);
    void look_at_receipts();
    /// A link of this shard leads to that process. Thread-safe, as advertises().
    [[nodiscard]] bool links(const FarNode& node) const { return advertised_.links(node); }
    void drop_unlisted();
    /// The process `alive` is linked: sessions of any other of its realm are over, whatever TCP believes of them.
    void replace(const FarNode& alive);
    void move(Connection& connection, std::uint32_t shard, const SessionWanted& wanted);
    void hand_back(std::uint32_t shard, std::vector<GivenBack> stanzas);
    /// What that shard gave back is here.
    void confirm_return(std::uint32_t shard);
    /// Gives the stanza to `shard`, or else to one that has a link which serves its domain; which one took it.
    [[nodiscard]] std::optional<std::uint32_t> lend(const xmpp::Stanza& stanza, const Lent& with,
                                                    std::optional<std::uint32_t> shard);
    void give_up_at(std::uint32_t shard, const std::string& id, const std::string& far_realm);
    [[nodiscard]] bool is_linked_elsewhere(const FarNode& node) const;
    void replace_elsewhere(const FarNode& alive);

    void resume(Connection& connection, Session& session, std::uint32_t h);
    void came_up();
    Session& open_session(Connection& connection, const std::string& id);
    void begin(Connection& connection, Session& session);
    [[nodiscard]] Session* find_session(const std::string& id);
    /// The same, if it is the far side's of that connection.
    [[nodiscard]] Session* session_of(Connection& connection, const std::string& id);
    [[nodiscard]] Intake& intake_of(const std::string& far_realm);
    /// The shard that made the session; nothing: this one, or nobody.
    [[nodiscard]] std::optional<std::uint32_t> home(const std::string& id) const;
    [[nodiscard]] bool is_here(const std::string& far_realm) const;
    [[nodiscard]] Way way(const xmpp::Stanza& stanza) const;
    [[nodiscard]] Session* session_with(const Lane& lane) const;
    [[nodiscard]] Session* choose(const xmpp::Stanza& stanza, const Lane& lane) const;
    void transmit(Session& session, Waiting waiting);
    /// Writes what the session may write now.
    void pump(Session& session);
    /// Something in its window goes only where its domain is served, or its realm reached.
    [[nodiscard]] bool hangs_on_names(const Session& session) const;
    void take(const xmpp::Stanza& stanza, const Lent& with, bool lent);
    [[nodiscard]] bool send_elsewhere(const xmpp::Stanza& stanza, const Carried& carried, const Lent& with,
                                      std::uint64_t weight);
    /// Puts what was under way before what came later.
    void hold_again(std::deque<Waiting> waiting);
    void look_at_lanes(TimePoint now);
    void return_old(TimePoint now, std::vector<Returned>& returned);
    void done_elsewhere(const Elsewhere& there);
    void flush_held();
    void flush_done();
    void send_done();
    /// The node of that realm has given up the session, wherever it lives.
    void replace_given_up(const std::string& id, const std::string& far_realm);
    static void shut(Connection& connection);

    // what the machines of sessions are told, and decide
    void tell(Session& session, SessionLife::On on) { tell(session, on, {}); }
    void tell(Session& session, SessionLife::On on, const News& news);
    /// What comes back of it waits in `returned`.
    void tell(Session& session, SessionLife::On on, const News& news, std::vector<Returned>& returned);
    void tell_time(Session& session, TimePoint now);
    [[nodiscard]] SessionLife::Facts around(const Session& session) const;
    void carry_out(Session& session, const SessionLife::Actions& actions, const News& news,
                   std::vector<Returned>& returned);
    void go_on(Session& session, const News& news, std::vector<Returned>& returned);
    void begin_anew(Session& session, const News& news, std::vector<Returned>& returned);
    void write_again(Session& session, std::vector<Returned>& returned);
    void detach(Session& session, Blame blame);
    static void refuse_count(Session& session);
    void ask(Session& session);
    void learn(Session& session);
    /// What the far side does not serve waits for another session.
    void sort(Session& session);
    void succeed(Session& session);
    /// What was taken over after `too_old` waits for another session, what is older is returned.
    void pass_on(Session& session, TimePoint too_old, std::vector<Returned>& returned);
    void give_back(Session& session, std::vector<Returned>& returned);
    void give_missing(Session& session, std::vector<Returned>& returned);
    void close_session(Session& session);

    [[nodiscard]] bool others_can_carry(const Session& broken) const;
    [[nodiscard]] Returned culprit(const Session& session, Window::Entry entry);
    /// At the end of the node: returned, unless its sender keeps it.
    void leave_or_return(std::vector<Returned>& returned, xmpp::OwnedStanza stanza, const Carried& carried,
                         TimePoint since);
    void bounce_all(const std::vector<Returned>& returned);
    void sweep();
    void arm_sweep();
    void weigh();
    [[nodiscard]] bool is_copy(Connection& connection);
    void turn_away(Connection& connection);
    [[nodiscard]] bool is_linked(const FarNode& node) const;
    void advertise();
    [[nodiscard]] MachineSettings machine_settings(const DialTarget* target) const;

    HubContext context_;
    std::vector<Hub*> siblings_;  ///< by shard, this one included; empty: this one has none
    Logger log_;
    Doorway doorway_;  ///< listener
    std::vector<std::unique_ptr<Connection>> connections_;
    std::vector<std::unique_ptr<Connection>> dead_;
    std::map<std::string, std::unique_ptr<Intake>, std::less<>> intakes_;  ///< by far realm
    SessionLife::Settings life_;
    std::vector<std::unique_ptr<Session>> sessions_;
    std::vector<std::unique_ptr<Dialling>> diallings_;
    std::optional<Serves> served_;
    KnownPeers peers_;
    NodesTold nodes_;
    Lanes lanes_;
    HeldQueue held_;
    std::map<std::uint32_t, std::uint64_t> giving_back_;  ///< to which shards, so often without a confirmation
    Advertised advertised_;
    std::deque<Receipt> receipts_;
    std::deque<Culprit> culprits_;
    Processes processes_;
    Copies copies_;
    std::optional<Refused> refused_;
    std::uint64_t serials_ = 0;
    std::uint64_t arrivals_ = 0;
    std::unique_ptr<io::Timer> sweeper_, teller_, binder_, receiver_;
    Pace heaviness_ = Pace::free;  ///< of what is unsent on all links together
    TimePoint heavy_since_{};
    bool sweeping_ = false, done_deferred_ = false, stopping_ = false, shutting_ = false;
};

}  // namespace sallyport::link
