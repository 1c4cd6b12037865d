// The driver of one outbound stream: dials, joins the connection, an XML reader and the Outbound machine, and tells its
// owner (the pool, or the dialback desk) what becomes of it. All I/O of the initiating side is in this file.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "io/net/stream.h"
#include "proto/s2s/outbound.h"
#include "proto/xml/reader.h"
#include "proto/xmpp/stanza.h"
#include "services/s2s/context.h"
#include "services/s2s/dialer.h"
#include "services/s2s/stream_record.h"

namespace sallyport::s2s {

class OutboundStream;

class OutboundOwner {
public:
    virtual ~OutboundOwner() = default;
    virtual void outbound_ready(OutboundStream& stream, const PairReady& pair) = 0;
    virtual void outbound_failed(OutboundStream& stream, const PairFailed& failure) = 0;
    virtual void outbound_verified(OutboundStream& stream, const Verified& answer) = 0;
    virtual void outbound_acknowledged(OutboundStream& stream, std::uint64_t count) = 0;
    virtual void outbound_drained(OutboundStream& stream) = 0;
    /// A stanza came back on the stream (XEP-0288). True: it answers a ping of the owner's and goes no further.
    [[nodiscard]] virtual bool outbound_answered(const xmpp::Stanza& stanza, const routing::Ticket& ticket) = 0;
    /// A stanza came back that is none to be passed on: its sender is to be told.
    virtual void outbound_refused(const xmpp::Stanza& stanza, const xmpp::StanzaError& error,
                                  const routing::Ticket& ticket) = 0;
    virtual void outbound_limits(OutboundStream& stream, const PeerLimits& limits) = 0;
    /// Nothing follows. `failure` says why when it never became of use. The owner may destroy the stream from a later
    /// turn.
    virtual void outbound_gone(OutboundStream& stream, const DialFailure& failure, bool was_ready) = 0;
};

class OutboundStream final : public io::StreamOwner {
public:
    OutboundStream(S2sContext& context, OutboundOwner& owner, xmpp::DomainPair pair, bool verify_only);
    ~OutboundStream() override;
    OutboundStream(const OutboundStream&) = delete;
    OutboundStream& operator=(const OutboundStream&) = delete;

    void start();
    void verify(const Verify& request);
    /// As in Outbound.
    [[nodiscard]] bool shareable() const;
    [[nodiscard]] bool add_pair(const xmpp::DomainPair& pair);
    [[nodiscard]] bool ready(const xmpp::DomainPair& pair) const;
    /// Open, and below the high-water mark of its connection.
    [[nodiscard]] bool has_room() const;
    void send(const xmpp::Stanza& stanza);
    /// As io::Stream::in_flight; 0 without a connection.
    [[nodiscard]] std::size_t in_flight() const { return stream_ ? stream_->in_flight() : 0; }
    /// What is sent will be acknowledged (XEP-0198), or counts as such when the peer declines.
    [[nodiscard]] bool counting() const;
    [[nodiscard]] bool bidi() const;
    /// Asks for a sign of life in the stream itself. False: XEP-0199 has to do.
    [[nodiscard]] bool probe();
    [[nodiscard]] TimePoint heard() const { return heard_; }
    void rules_changed();
    void shut(std::optional<xmpp::StreamError> error, const std::string& why);
    /// Closes a stream whose peer gives no sign of life.
    void presume_dead();
    [[nodiscard]] const xmpp::DomainPair& pair() const { return pair_; }
    [[nodiscard]] bool finished() const { return finished_; }
    [[nodiscard]] StreamStatus status() const;

    void on_bytes(std::string_view bytes) override;
    void on_tls(const TlsFacts& facts) override;
    void on_drained() override;
    void on_closed(io::CloseReason reason, const std::string& text) override;

private:
    void dialled(Dialled dialled);
    void dial_failed(const DialFailure& failure);
    void carry_out(Actions& actions);
    void begin_tls(const std::string& name);
    void element();
    void stanza();
    void note(const Note& note);
    void count_bytes();
    void arm();
    void expire();
    void finish(DialFailure failure);
    [[nodiscard]] std::string connection_text() const;

    S2sContext& context_;
    OutboundOwner& owner_;
    xmpp::DomainPair pair_;
    bool verify_only_;
    std::unique_ptr<DialJob> job_;
    std::unique_ptr<io::Stream> stream_;
    std::unique_ptr<Outbound> machine_;
    std::unique_ptr<xml::Reader> reader_;
    xmpp::StanzaIntake intake_;
    std::vector<Verify> waiting_verifies_;
    Logger log_;
    std::string log_source_;  ///< a stranger makes us verify what he likes: the domain that he names
    StreamRecord record_;
    std::unique_ptr<io::Timer> timer_;
    TimePoint armed_ = never;
    TimePoint certificate_check_ = never;
    TimePoint heard_{};
    routing::Ticket source_;
    route::Target target_;
    Endpoint local_, remote_;
    bool was_ready_ = false;  ///< a pair became ready, or an authoritative server answered
    bool switching_ = false;
    bool finished_ = false;
    bool presumed_dead_ = false;
    bool unread_ = false;  ///< the peer does not read our answers: its questions wait
    std::optional<DialFailure> failure_;
    std::string said_;  ///< what the latest warning gave as its reason
    std::uint64_t stanzas_out_ = 0, bytes_out_ = 0, bytes_in_ = 0, stanzas_in_ = 0;
    TimePoint since_{}, last_stanza_{};
};

}  // namespace sallyport::s2s
