// The outbound streams of one shard: one destination a domain pair that this shard owns, with its bounded queue and its
// retries; pairs to one remote domain share a stream where the peer allows it (decision record 0011). Signs of life are
// the stream's (design, section 7; XEP-0198, XEP-0199).
//
// In three files: pool.cpp (stanzas, queues, status), pool_streams.cpp (which stream carries a pair, and what becomes
// of it), pool_pings.cpp (signs of life).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "services/s2s/carrier.h"

namespace sallyport::s2s {

class Pool final : public OutboundOwner {
public:
    explicit Pool(S2sContext& context);
    ~Pool() override;

    /// Takes a stanza from pair.local to pair.remote (`from` and `to` of the stanza). Bounces when it cannot be queued.
    void send(const xmpp::Stanza& stanza, const routing::Ticket& ticket);
    /// Answers `stanza` with an error, if it may be answered, and settles the ticket.
    void bounce(const xmpp::Stanza& stanza, const xmpp::StanzaError& error, const routing::Ticket& ticket);
    /// True: the stanza answered one of our pings and goes no further.
    [[nodiscard]] bool take_pong(const xmpp::Stanza& stanza, const routing::Ticket& ticket);
    /// An answer that came in on another shard.
    void pong(const std::string& id, const std::string& from, const std::string& to);

    /// XEP-0288: pairs of an inbound stream may be served on it.
    void offer(const xmpp::DomainPair& pair, InboundStream* stream);
    void withdraw(InboundStream* stream);
    void reverse_drained(InboundStream* stream);
    /// An inbound stream of this shard carries the pair of a stanza that goes out.
    [[nodiscard]] bool reverses(const xmpp::Stanza& stanza);
    /// What waits for the pair, to go another way; nothing while a stream of ours carries it.
    [[nodiscard]] std::deque<Waiting> take_waiting(const xmpp::DomainPair& pair);
    /// A stream of ours carries the pair, or will, for stanzas that wait.
    [[nodiscard]] bool busy(const xmpp::Stanza& stanza);

    using OnPinged = std::function<void(Result<Duration>)>;
    /// The operator's ping: opens a stream if need be, sends XEP-0199 to the domain and waits for any answer.
    void ping(const xmpp::DomainPair& pair, OnPinged on_pinged);
    /// Closes streams to `remote`; 0 when there was none.
    unsigned close(const xmpp::Domain& remote, const std::string& why);

    void tables(TableFills& all) const;
    /// Destinations that a shard has at most, and bytes that wait for one.
    [[nodiscard]] static std::uint64_t most_destinations(const Limits& limits);
    [[nodiscard]] static std::uint64_t most_queue_bytes(const Limits& limits);

    void rules_changed();
    void shut(const xmpp::StreamError& error);
    /// Nothing waits, and nothing is unacknowledged.
    [[nodiscard]] bool idle() const;
    [[nodiscard]] std::vector<StreamStatus> streams() const;
    [[nodiscard]] std::vector<DestinationStatus> destinations() const;

    void outbound_ready(OutboundStream& stream, const PairReady& pair) override;
    void outbound_failed(OutboundStream& stream, const PairFailed& failure) override;
    void outbound_verified(OutboundStream&, const Verified&) override {}
    void outbound_acknowledged(OutboundStream& stream, std::uint64_t count) override;
    void outbound_drained(OutboundStream& stream) override;
    void outbound_limits(OutboundStream& stream, const PeerLimits& limits) override;
    [[nodiscard]] bool outbound_answered(const xmpp::Stanza& stanza, const routing::Ticket& ticket) override {
        return take_pong(stanza, ticket);
    }
    void outbound_gone(OutboundStream& stream, const DialFailure& failure, bool was_ready) override;

private:
    struct Ping {
        xmpp::DomainPair pair;
        TimePoint since{};
        OnPinged on_pinged;  ///< null: a liveness probe
    };
    /// The streams to one remote domain.
    struct Remote {
        std::vector<Carrier*> carriers;
        bool unshared = false;  ///< the peer takes one pair a stream
    };
    /// What a pair was on a stream that is gone.
    struct Left {
        Destination* to = nullptr;
        enum Was { ready, opening, asked, waiting, before } was = ready;
    };
    /// Peers choose domain names (threat T63).
    struct KeyedHash {
        SipKey key;
        std::size_t operator()(const xmpp::DomainPair& pair) const {
            return sip_hash(key, pair.local.text()) * 31 + sip_hash(key, pair.remote.text());
        }
        std::size_t operator()(const xmpp::Domain& domain) const { return sip_hash(key, domain.text()); }
    };

    // pool.cpp
    [[nodiscard]] Destination* find(const xmpp::Stanza& stanza);
    [[nodiscard]] bool reversed(const Destination& to) const;
    void flush_reversed(Destination& to);
    Destination& destination(const xmpp::DomainPair& pair);
    void set_bounds(Destination& to) const;
    [[nodiscard]] Destination* find(const xmpp::DomainPair& pair);
    void flush(Destination& to);
    void write(Destination& to, Waiting waiting);
    void ask_for_acknowledgement(OutboundStream& stream);
    void enqueue(Destination& to, const xmpp::Stanza& stanza, const routing::Ticket& ticket);
    void refuse_all(Destination& to, const DialFailure& failure);
    /// At the end of the node: what no sender keeps is returned.
    void return_waiting(Destination& to);
    void hurts(Destination& to, const xmpp::Stanza& stanza);
    void hurts_waiting(Destination& to);
    /// The pair works and nothing waits: nobody is hurt any longer.
    static void heal(Destination& to) { to.hurt.reset(); }
    /// Why nothing goes to a domain that the operator's rules no longer admit.
    [[nodiscard]] static DialFailure refused_by(const Admission& admission);
    void sweep();
    void sweep_one(Destination& to, TimePoint now);
    void forget_unused(TimePoint now);
    void arm_sweep();

    // pool_streams.cpp
    [[nodiscard]] Carrier* carrier_of(const OutboundStream& stream);
    void connect(Destination& to);
    [[nodiscard]] bool share(Destination& to);
    void ask_waiting(Carrier& carrier);
    void go_alone(Destination& to);
    void became_ready(Destination& to);
    void down(Destination& to);
    void returned(const Left& left, bool was_open, const DialFailure& failure);
    void lost(Destination& to, const DialFailure& failure);
    void end(Carrier& carrier, std::optional<xmpp::StreamError> error, const std::string& why);

    // pool_pings.cpp
    void watch(Carrier& carrier, TimePoint now);
    void send_ping(Destination& to, const std::string& id);
    void answer_late_pings(TimePoint now);
    /// The attempt to open a stream for them has failed.
    void answer_pings(const Destination& to);
    void answer_without_pong(const std::string& id);
    [[nodiscard]] bool take_back(const xmpp::Stanza& stanza, const xmpp::StanzaError& error);
    [[nodiscard]] std::string fresh_ping() const;

    S2sContext& context_;
    Logger log_;
    std::string ping_prefix_;  ///< with the node's own tag: answers to the pings of a gateway behind us are not ours
    KeyedHash hash_;
    std::unordered_map<xmpp::DomainPair, std::unique_ptr<Destination>, KeyedHash> destinations_;
    std::unordered_map<const OutboundStream*, std::unique_ptr<Carrier>> carriers_;
    std::unordered_map<xmpp::Domain, Remote, KeyedHash> remotes_;
    Destination* last_ = nullptr;  ///< of the previous send: most stanzas follow one for the same pair
    std::unordered_map<std::string, Ping> pings_;
    std::vector<std::unique_ptr<Carrier>> dead_;
    std::vector<const OutboundStream*> asking_;  ///< written to in this turn, with XEP-0198
    std::unique_ptr<io::Timer> sweeper_;
    bool sweeping_ = false, shutting_ = false;
};

}  // namespace sallyport::s2s
