// The outbound streams of one shard: one destination a domain pair that this shard owns, with its bounded queue, its
// retries, what is sent and not acknowledged, and its signs of life (design, section 7; XEP-0198, XEP-0199).
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "services/s2s/context.h"
#include "services/s2s/outbound_stream.h"

namespace sallyport::s2s {

class InboundStream;

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

    using OnPinged = std::function<void(Result<Duration>)>;
    /// The operator's ping: opens a stream if need be, sends XEP-0199 to the domain and waits for any answer.
    void ping(const xmpp::DomainPair& pair, OnPinged on_pinged);
    /// Closes streams to `remote`; 0 when there was none.
    unsigned close(const xmpp::Domain& remote, const std::string& why);

    void rules_changed();
    void shut(const xmpp::StreamError& error);
    [[nodiscard]] std::vector<StreamStatus> streams() const;
    [[nodiscard]] std::vector<DestinationStatus> destinations() const;

    void outbound_ready(OutboundStream& stream, const PairReady& pair) override;
    void outbound_failed(OutboundStream& stream, const PairFailed& failure) override;
    void outbound_verified(OutboundStream&, const Verified&) override {}
    void outbound_acknowledged(OutboundStream& stream, std::uint64_t count) override;
    void outbound_drained(OutboundStream& stream) override;
    void outbound_limits(OutboundStream& stream, const PeerLimits& limits) override;
    void outbound_gone(OutboundStream& stream, const DialFailure& failure, bool was_ready) override;

private:
    struct Waiting {
        xmpp::OwnedStanza stanza;
        routing::Ticket ticket;
        TimePoint since{};
    };
    struct Destination {
        xmpp::DomainPair pair;
        std::unique_ptr<OutboundStream> stream;  ///< null while nothing waits for the pair
        InboundStream* reverse = nullptr;        ///< XEP-0288: the peer's own stream carries the pair
        std::deque<Waiting> queue;
        std::deque<Waiting> unacknowledged;
        std::deque<Waiting> unconfirmed;  ///< without XEP-0198: written, not acknowledged by the peer's TCP yet
        std::uint64_t unconfirmed_bytes = 0;
        std::uint64_t queued_bytes = 0;
        bool ready = false;
        unsigned failures = 0;
        TimePoint retry_at{};
        TimePoint failing_since = never;
        std::optional<DialFailure> failure;
        WallTime last_success{}, last_failure{};
        std::uint64_t peer_max_bytes = 0;
        TimePoint probed_at = never;
        TimePoint answered_at{};                 ///< an XEP-0199 answer came on another stream
        std::string ping_id;
    };
    struct Ping {
        xmpp::DomainPair pair;
        TimePoint since{};
        OnPinged on_pinged;  ///< null: a liveness probe
    };

    Destination& destination(const xmpp::DomainPair& pair);
    [[nodiscard]] Destination* find(const xmpp::DomainPair& pair);
    void connect(Destination& to);
    void flush(Destination& to);
    void transmit(Destination& to, const xmpp::Stanza& stanza, const routing::Ticket& ticket, TimePoint since);
    void write(Destination& to, Waiting waiting);
    void ask_for_acknowledgement(const Destination& to);
    void confirm(Destination& to);
    void bounce_unconfirmed(Destination& to);
    void enqueue(Destination& to, const xmpp::Stanza& stanza, const routing::Ticket& ticket);
    void refuse_all(Destination& to, const DialFailure& failure);
    void lost(Destination& to, const DialFailure& failure);
    void bury(std::unique_ptr<OutboundStream> stream);
    void sweep();
    void sweep_one(Destination& to, TimePoint now);
    void watch(Destination& to, TimePoint now);
    void send_ping(Destination& to, const std::string& id);
    void arm_sweep();

    S2sContext& context_;
    Logger log_;
    std::string ping_prefix_;  ///< with the node's own tag: answers to the pings of a gateway behind us are not ours
    std::unordered_map<xmpp::DomainPair, std::unique_ptr<Destination>> destinations_;
    Destination* last_ = nullptr;  ///< of the previous send: most stanzas follow one for the same pair
    std::unordered_map<std::string, Ping> pings_;
    std::vector<std::unique_ptr<OutboundStream>> dead_;
    std::vector<xmpp::DomainPair> asking_;  ///< written to in this turn, with XEP-0198
    std::unique_ptr<io::Timer> sweeper_;
    bool sweeping_ = false;
};

}  // namespace sallyport::s2s
