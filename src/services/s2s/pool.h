// The outbound streams of one shard: one destination a domain pair that this shard owns, with its bounded queue and its
// retries; pairs to one remote domain share a stream where the peer allows it (decision record 0011). Signs of life are
// the stream's (XEP-0198, XEP-0199). Its place is in ARCHITECTURE.md, Journeys: a stanza from inside.
//
// What becomes of a pair is decided by its machine (proto/s2s/pair.h). The pool has the stanzas and the streams: it
// tells the machine what has happened and what holds (`tell`), and does what comes of it. A stanza for a pair that is
// ready passes the machine by.
//
// In ten files: pool.cpp (stanzas and queues), pool_time.cpp (what time does to them), pool_status.cpp (what status
// knows), pool_table.cpp (which destinations are known, and for how long), pool_life.cpp (the machines of the pairs),
// pool_streams.cpp (our streams), pool_reverse.cpp (streams of the peer that carry ours, XEP-0288), pool_endings.cpp
// (what becomes of what a stream held), pool_suspended.cpp (while it can be resumed), pool_pings.cpp (signs of life).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "services/s2s/carrier.h"

namespace sallyport::s2s {

class InboundStream;

class Pool final : public OutboundOwner {
public:
    explicit Pool(S2sContext& context);
    ~Pool() override;

    /// Takes a stanza from pair.local to pair.remote (`from` and `to` of the stanza). Bounces when it cannot be queued.
    void send(const xmpp::Stanza& stanza, const routing::Ticket& ticket);
    /// What send() would return `stanza` with at once, by its bounds and by what has failed; nothing: it would be
    /// taken. Does not ask the rules, and changes nothing. For `why`.
    [[nodiscard]] std::optional<xmpp::StanzaError> refusal(const xmpp::Stanza& stanza) const;
    /// Answers `stanza` with an error, if it may be answered, and settles the ticket.
    void bounce(const xmpp::Stanza& stanza, const xmpp::StanzaError& error, const routing::Ticket& ticket);
    /// True: the stanza answered one of our pings and goes no further.
    [[nodiscard]] bool take_pong(const xmpp::Stanza& stanza, const routing::Ticket& ticket);
    /// An answer that came in on another shard.
    void pong(const std::string& id, const std::string& from, const std::string& to);

    /// XEP-0288: the pair may be served on the peer's own stream.
    void offer(const xmpp::DomainPair& pair, InboundStream& stream);
    /// The stream is gone: what it held goes on elsewhere, or is returned.
    void withdraw(InboundStream& stream, const xmpp::Failure& failure);
    /// The peer acknowledged `count` more stanzas of those that were sent to it on the stream, 0 or more; or it takes
    /// more again.
    void reverse_acknowledged(InboundStream& stream, std::uint64_t count);
    void reverse_drained(InboundStream& stream);
    /// An inbound stream of this shard carries the pair of a stanza that goes out.
    [[nodiscard]] bool reverses(const xmpp::Stanza& stanza);
    /// What waited on another shard, for a stream that is gone: it goes before what came later.
    void take_over(const xmpp::DomainPair& pair, std::deque<Waiting> waiting);
    /// What waits for the pair, to go another way; nothing while a stream of ours carries it.
    [[nodiscard]] std::deque<Waiting> take_waiting(const xmpp::DomainPair& pair);
    /// A stream of ours carries the pair, or will, for stanzas that wait.
    [[nodiscard]] bool carries(const xmpp::Stanza& stanza);
    /// Something of the pair waits here, or is not acknowledged.
    [[nodiscard]] bool holds(const xmpp::Stanza& stanza);

    using OnPinged = std::function<void(Result<Duration>)>;
    /// The operator's ping: opens a stream if need be, sends XEP-0199 to the domain and waits for any answer.
    void ping(const xmpp::DomainPair& pair, OnPinged on_pinged);
    /// Closes streams to `remote`; 0 when there was none.
    unsigned close(const xmpp::Domain& remote, const std::string& why);

    void tables(TableFills& all) const;
    /// Destinations that a node has at most.
    [[nodiscard]] static std::uint64_t most_destinations(const Limits& limits);
    /// The domain is there: its pairs that have failed are tried at once, if it is not our streams that fail to be of
    /// use there.
    void alive(const xmpp::Domain& remote, Sign sign);
    /// The same for all shards.
    void tell_alive(const xmpp::Domain& remote, Sign sign);

    void rules_changed();
    /// Back-pressure has changed: what partners send back on streams of ours (XEP-0288) is left lying, or read on.
    void hold_reading();
    void shut(const xmpp::StreamError& error);
    /// Nothing waits, and nothing is unacknowledged.
    [[nodiscard]] bool idle() const;
    [[nodiscard]] std::vector<StreamStatus> streams() const;
    [[nodiscard]] std::vector<DestinationStatus> destinations() const;
    /// Of those, for at most `most` remote domains, the pair that failed last and the one that worked last.
    [[nodiscard]] std::vector<DestinationStatus> latest(std::size_t most) const;

    void outbound_ready(OutboundStream& stream, const PairReady& pair) override;
    void outbound_failed(OutboundStream& stream, const PairFailed& failure) override;
    void outbound_verified(OutboundStream&, const Verified&) override {}
    void outbound_acknowledged(OutboundStream& stream, std::uint64_t count) override;
    void outbound_drained(OutboundStream& stream) override;
    void outbound_limits(OutboundStream& stream, const PeerLimits& limits) override;
    [[nodiscard]] bool outbound_answered(const xmpp::Stanza& stanza, const routing::Ticket& ticket) override {
        return take_pong(stanza, ticket);
    }
    void outbound_refused(const xmpp::Stanza& stanza, const xmpp::StanzaError& error,
                          const routing::Ticket& ticket) override {
        bounce(stanza, error, ticket);
    }
    void outbound_resumed(OutboundStream& stream, std::uint64_t count) override;
    void outbound_not_resumed(OutboundStream& stream, std::uint64_t count) override;
    void outbound_gone(OutboundStream& stream, const xmpp::Failure& failure, bool was_ready) override;

private:
    struct Ping {
        xmpp::DomainPair pair;
        TimePoint since{};
        OnPinged on_pinged;  ///< null: a liveness probe
    };
    /// A stream that is gone, and why.
    struct Ended {
        const Carrier& carrier;
        const xmpp::Failure& failure;
        const Ending& ending;
        std::uint64_t taken;  ///< of its bytes, by the peer's TCP
    };
    /// What its caller knows of an event in the life of a pair.
    struct News {
        const xmpp::Failure* failure = nullptr;  ///< why
        const Carrier* about = nullptr;          ///< null: the stream that the pair is on
        Pair::Facts more{};
    };
    /// What holds around a pair.
    struct Around {
        Pair::Facts facts{};
        Carrier* place = nullptr;                ///< on a stream of ours to the same domain
        std::optional<xmpp::Failure> refused{};  ///< by our rules
    };
    /// Peers choose domain names (threat T63).
    struct KeyedHash {
        SipKey key;
        std::size_t operator()(const xmpp::DomainPair& pair) const {
            return sip_hash(key, pair.local.text()) * 31 + sip_hash(key, pair.remote.text());
        }
        std::size_t operator()(const xmpp::Domain& domain) const { return sip_hash(key, domain.text()); }
    };

    // pool_status.cpp
    [[nodiscard]] DestinationStatus status_of(const Destination& to) const;

    // pool.cpp
    [[nodiscard]] Destination* find(const xmpp::Stanza& stanza) const;
    [[nodiscard]] Destination* find(const xmpp::DomainPair& pair) const;
    void set_bounds(Destination& to) const;
    static void set_bounds(Carrier& carrier, const Destination& to);
    void flush(Destination& to);
    /// Why the peer would not take it.
    [[nodiscard]] static std::optional<xmpp::StanzaError> too_large(const Destination& to, const xmpp::Stanza& stanza);
    /// It need not be queued.
    [[nodiscard]] bool goes_at_once(const Destination& to) const;
    /// Why it may not be queued.
    [[nodiscard]] std::optional<xmpp::StanzaError> no_room(const Destination& to, const xmpp::Stanza& stanza) const;
    void write(Destination& to, Waiting waiting);
    /// The remote domain has no room for `more` bytes, over all of its pairs.
    [[nodiscard]] bool is_full(const Remote& remote, std::size_t more = 0) const;
    void ask_for_acknowledgement(WayOut& stream);
    void enqueue(Destination& to, const xmpp::Stanza& stanza, const routing::Ticket& ticket);
    [[nodiscard]] Waiting take_first(Destination& to);
    void refuse_all(Destination& to, const xmpp::Failure& failure);
    void hurts(Destination& to, const xmpp::Stanza& stanza);
    void hurts_waiting(Destination& to);
    /// The pair works and nothing waits: nobody is hurt any longer.
    static void heal(Destination& to) { to.hurt.reset(); }
    /// Why nothing goes to a domain that the operator's rules no longer admit.
    [[nodiscard]] static xmpp::Failure stopping();
    /// It has waited for longer than queue_seconds.
    void return_old(Destination& to, const Waiting& old);
    void sweep();
    void sweep_one(Destination& to, TimePoint now);
    void arm_sweep();
    /// A stream whose window waits for the peer's TCP is looked at soon.
    void look_soon();
    void look();
    void look_at(Carrier& carrier);

    // pool_table.cpp
    Destination& destination(const xmpp::DomainPair& pair);
    /// Why `stanza` may not open a destination; nothing when it may.
    [[nodiscard]] std::optional<xmpp::StanzaError> no_place(const xmpp::DomainPair& pair,
                                                            const xmpp::Stanza& stanza) const;
    /// Why one more pair may not have a place; nothing when it may. What is `unsolicited` has a part of the table, and
    /// not the last places.
    [[nodiscard]] std::optional<std::string> table_full(const xmpp::DomainPair& pair, bool unsolicited) const;
    /// One more pair wants a place: room is made where there is little.
    void look_for_room(bool unsolicited);
    /// Somebody of ours has written to it of his own accord.
    void solicit(Destination& to, const xmpp::Stanza& stanza);
    /// Destinations that this shard may have unsolicited.
    [[nodiscard]] std::uint64_t most_unsolicited() const;
    Destination& open_for(const xmpp::DomainPair& pair, const xmpp::Stanza& stanza);
    [[nodiscard]] std::uint64_t sponsor_of(const xmpp::Stanza& stanza) const;
    /// Who draws on the log's budget for what becomes of a stanza (threat T81).
    [[nodiscard]] static std::string log_source_of(const xmpp::Stanza& stanza);
    void acquit(Destination& to);
    void forget(Destination& to);
    void forget_unused(TimePoint now);
    void make_room(std::uint64_t most = unlimited);
    [[nodiscard]] std::size_t forget_idle(std::size_t wanted, bool all, TimePoint now);
    [[nodiscard]] std::size_t end_resting(std::size_t wanted, bool all, TimePoint now);
    [[nodiscard]] bool nearly_full() const;
    void keep_to_share(TimePoint now);
    [[nodiscard]] const xmpp::Domain& theirs(const xmpp::DomainPair& pair) const;
    [[nodiscard]] std::map<std::string_view, std::size_t> crowd() const;

    // pool_life.cpp
    void tell(Destination& to, Pair::On on) { tell(to, on, {}); }
    void tell(Destination& to, Pair::On on, const News& news);
    /// A timer of the machine has run out.
    void tell_time(Destination& to, TimePoint now);
    [[nodiscard]] Around around(const Destination& to, const Carrier* about) const;
    void carry_out(Destination& to, const Pair::Actions& actions, const Around& around, const News& news);
    [[nodiscard]] xmpp::Failure why_returned(const Around& around, const News& news) const;
    [[nodiscard]] Carrier* place_for(const Destination& to) const;
    [[nodiscard]] std::uint32_t owner_of(const Destination& to) const;
    void open(Destination& to);
    void join(Destination& to, Carrier& carrier);
    void ask(Destination& to);
    void give_away(Destination& to);
    void became_ready(Destination& to);
    void up(const Destination& to);
    void down(Destination& to);
    void lost(Destination& to, const xmpp::Failure& failure);

    // pool_streams.cpp
    [[nodiscard]] Carrier* carrier_of(const WayOut& stream);
    void acknowledged(Carrier& carrier, std::uint64_t count);
    void drained(Carrier& carrier);
    void ask_waiting(Carrier& carrier);
    /// Something on it was acknowledged, or taken for good.
    void carried(Carrier& carrier);
    /// The peer of a stream of ours has acknowledged something.
    void heard(Carrier& carrier);
    void end(Carrier& carrier, std::optional<xmpp::StreamError> error, const std::string& why);

    // pool_reverse.cpp
    Carrier& reverse_of(InboundStream& stream, const Destination& first);
    void leave_reverse(Destination& to);

    // pool_endings.cpp
    void gone(const WayOut& stream, const xmpp::Failure& failure);
    void settle_held(const Ended& ended, std::deque<SentWindow::Written> held, std::vector<Destination*>& left);
    void blame(const Ended& ended, std::deque<SentWindow::Written>& again);
    void return_written(const SentWindow::Written& written, const xmpp::StanzaError& error);
    void tell_of_end(const Ended& ended, const std::vector<Destination*>& left);

    // pool_suspended.cpp
    [[nodiscard]] bool suspend(const Ended& ended, std::deque<SentWindow::Written>& again,
                               std::vector<Destination*>& left);
    [[nodiscard]] Suspended* suspended_of(const Destination& to) const;
    [[nodiscard]] static Carrier* resumer_of(const Destination& to);
    [[nodiscard]] static std::vector<Destination*> pairs_of(const Suspended& kept);
    [[nodiscard]] static bool called_off(const Suspended& kept);
    [[nodiscard]] std::unique_ptr<Suspended> take_out(Suspended& kept);
    static void count_out(const SentWindow::Written& written);
    void settle_first(Suspended& kept, std::uint64_t count);
    std::vector<Destination*> go_back_to_queues(Suspended& kept);
    void give_up_suspended(Destination& to, bool may_wait = false);
    void go_on_with(Destination& to);
    void go_on_soon(const Destination& to);
    void go_on_elsewhere(const Carrier& carrier, const std::vector<Destination*>& pairs);
    void sweep_suspended(TimePoint now);
    void tell_of(const Suspended& kept, record::Broken what, std::string_view why);

    // pool_pings.cpp
    void watch(Carrier& carrier, TimePoint now);
    void excuse(Carrier& carrier, Duration passed, TimePoint now);
    void probe(Carrier& carrier, TimePoint now);
    void declare_dead(Carrier& carrier, std::string_view why);
    void send_ping(Destination& to, const std::string& id);
    void answer_late_pings(TimePoint now);
    /// The attempt to open a stream for them has failed.
    void answer_pings(const Destination& to);
    void answer_without_pong(const std::string& id);
    [[nodiscard]] bool is_pinged(const Destination& to) const;
    [[nodiscard]] bool is_ping(const xmpp::Stanza& stanza) const;
    [[nodiscard]] bool take_back(const xmpp::Stanza& stanza, const xmpp::StanzaError& error);
    [[nodiscard]] std::string fresh_ping() const;

    /// Questions of operators that wait for an answer, beside those of the streams.
    static constexpr std::uint64_t most_pings_of_operators = 100;

    S2sContext& context_;
    Logger log_;
    const Pair::Settings life_;
    std::string ping_prefix_;  ///< with the node's own tag: answers to the pings of a gateway behind us are not ours
    KeyedHash hash_;
    std::unordered_map<xmpp::DomainPair, std::unique_ptr<Destination>, KeyedHash> destinations_;
    std::unordered_map<const WayOut*, std::unique_ptr<Carrier>> carriers_;
    std::unordered_map<xmpp::Domain, Remote, KeyedHash> remotes_;
    Destination* last_ = nullptr;  ///< of the previous send: most stanzas follow one for the same pair
    std::unordered_map<std::string, Ping> pings_;
    std::vector<std::unique_ptr<Carrier>> dead_;
    std::vector<const WayOut*> asking_;  ///< written to in this turn, with XEP-0198
    std::unique_ptr<io::Timer> sweeper_, looker_;
    std::unordered_map<std::uint64_t, std::uint64_t> sponsors_;  ///< destinations that have not worked yet, by sender
    std::size_t unsolicited_ = 0;                                ///< destinations to which nobody of ours has written
    TimePoint crowded_until_{};                                  ///< no use in looking for room again
    std::set<std::string, std::less<>> crowded_owners_;          ///< who get no further place meanwhile
    bool sweeping_ = false, looking_ = false;
    bool making_room_ = false;
    bool stopping_ = false;
};

}  // namespace sallyport::s2s
