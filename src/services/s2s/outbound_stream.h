// The driver of one outbound stream: dials, joins the connection, an XML reader and the Outbound machine, and tells its
// owner (the pool, or the dialback desk) what becomes of it. All I/O of the initiating side is in its files:
// outbound_stream.cpp, outbound_targets.cpp (which server), outbound_reading.cpp (what comes).
//
// A server that was of no use before authentication is followed by the next one of the domain (RFC 6120 3.2.1), or by
// the same without SASL EXTERNAL, or without our certificate, when that is what it ended at; the owner hears of the
// last only.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "io/net/stream.h"
#include "proto/s2s/outbound.h"
#include "proto/xml/reader.h"
#include "proto/xmpp/stanza.h"
#include "services/s2s/context.h"
#include "services/s2s/detail_text.h"
#include "services/s2s/dialer.h"
#include "services/s2s/reading_gate.h"
#include "services/s2s/stream_end.h"
#include "services/s2s/stream_record.h"
#include "services/s2s/way_out.h"

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
    /// An earlier stream goes on over this one, before any pair is ready: the peer has had `count` stanzas more of what
    /// was not acknowledged there.
    virtual void outbound_resumed(OutboundStream&, std::uint64_t /*count*/) {}
    /// It does not.
    virtual void outbound_not_resumed(OutboundStream&, std::uint64_t /*count*/) {}
    virtual void outbound_limits(OutboundStream& stream, const PeerLimits& limits) = 0;
    /// Nothing follows. `failure` says why when it never became of use. The owner may destroy the stream from a later
    /// turn.
    virtual void outbound_gone(OutboundStream& stream, const xmpp::Failure& failure, bool was_ready) = 0;
};

class OutboundStream final : public io::StreamOwner, public WayOut {
public:
    OutboundStream(S2sContext& context, OutboundOwner& owner, xmpp::DomainPair pair, bool verify_only);
    ~OutboundStream() override;
    OutboundStream(const OutboundStream&) = delete;
    OutboundStream& operator=(const OutboundStream&) = delete;

    /// Who draws on the log's budget for it (threat T81), unless it is the owner of the domain; before start().
    void log_for(std::string source) { log_source_ = std::move(source); }
    /// For whom it looks for a server; before start().
    void ask_for(io::Asker::Kind kind, std::string who) {
        asker_.kind = kind;
        asker_.who = std::move(who);
    }
    /// It is to go on with an earlier stream; before start().
    void resume(Resumption stream) { resumption_ = std::move(stream); }
    /// As in Outbound; on this connection and on those to further servers.
    [[nodiscard]] bool forget_resumption();
    /// After its end: what there is to go on with; nothing when it was closed, or cannot be resumed.
    [[nodiscard]] const std::optional<Resumption>& left() const { return left_; }
    void start();
    void verify(const Verify& request);
    /// As in Outbound.
    [[nodiscard]] bool shareable() const;
    [[nodiscard]] bool add_pair(const xmpp::DomainPair& pair);
    [[nodiscard]] bool ready(const xmpp::DomainPair& pair) const;
    [[nodiscard]] bool has_room() const override;
    void send(const xmpp::Stanza& stanza, Use use) override;
    [[nodiscard]] std::uint64_t written() const override { return stream_ ? stream_->written() : 0; }
    [[nodiscard]] std::uint64_t taken() const override { return stream_ ? stream_->taken() : 0; }
    void progressed() override;
    [[nodiscard]] const Ending& ending() const override { return end_.ending(); }
    [[nodiscard]] bool counting() const override;
    [[nodiscard]] bool bidi() const;
    [[nodiscard]] bool probe() override;
    [[nodiscard]] TimePoint heard() const override { return heard_; }
    /// Back-pressure from the next hop: holds what the peer sends back (XEP-0288), and nothing else.
    void hold(bool held);
    /// The pairs that are ready on it.
    [[nodiscard]] std::vector<xmpp::DomainPair> carries() const;
    [[nodiscard]] bool left_unread() const override { return bidi() && (gate_.is_held() || machine_->crowded()); }
    void rules_changed();
    void shut(std::optional<xmpp::StreamError> error, const std::string& why);
    void presume_dead() override;
    [[nodiscard]] const xmpp::DomainPair& pair() const override { return pair_; }
    [[nodiscard]] bool finished() const { return finished_; }
    [[nodiscard]] StreamStatus status() const;

    void on_bytes(std::string_view bytes) override;
    void on_tls(const TlsFacts& facts) override;
    void on_drained() override;
    void on_closed(io::CloseReason reason, const std::string& text) override;

private:
    void dialled(Dialled dialled);
    void dial_failed(const xmpp::Failure& failure);
    void carry_out(Actions& actions);
    void of_use();
    void begin_tls(const std::string& name);
    void close(const Close& close);
    void work_off();
    void read_on();
    void resume_reading();
    void element();
    void stanza();
    void set_limits();
    void pause_or_go_on();
    void note(const Note& note);
    void count_bytes();
    void arm();
    void expire();
    void finish(xmpp::Failure failure);
    [[nodiscard]] StreamName name() const;
    [[nodiscard]] std::string connection_text() const;
    void answered(const Verified& answer);
    void failed(xmpp::Failure failure);
    [[nodiscard]] bool go_on_with_dialback() const;
    [[nodiscard]] bool go_on_without_identity() const;
    [[nodiscard]] bool has_identity() const;
    [[nodiscard]] xmpp::Failure tls_failure(std::string why) const;
    void got_through_without_identity();
    [[nodiscard]] const std::shared_ptr<const io::TlsContext>& tls_context() const {
        return target_.direct_tls ? context_.direct_client_tls : context_.client_tls;
    }
    [[nodiscard]] bool goes_on() const;
    void go_on();

    S2sContext& context_;
    OutboundOwner& owner_;
    xmpp::DomainPair pair_;
    bool verify_only_;
    std::unique_ptr<DialJob> job_;
    std::unique_ptr<io::Stream> stream_;
    std::unique_ptr<Outbound> machine_;
    std::unique_ptr<xml::Reader> reader_;
    xmpp::StanzaIntake intake_;
    std::vector<Verify> verifies_;  ///< that have no answer yet
    Logger log_;
    std::string log_source_;
    io::Asker asker_;
    StreamRecord record_;
    std::string xcoder_;  ///< what the log calls the connection
    std::unique_ptr<io::Timer> timer_;
    std::unique_ptr<io::Timer> next_;  ///< armed: the connection is of no use, another is dialled from the loop
    TimePoint armed_ = never;
    TimePoint certificate_check_ = never;
    TimePoint heard_{};
    routing::Ticket source_;
    route::Target target_;
    Endpoint local_, remote_;
    bool was_ready_ = false;  ///< a pair became ready, or an authoritative server answered
    bool switching_ = false;
    bool finished_ = false;
    std::optional<Resumption> resumption_;  ///< wanted
    Resumption resumable_;  ///< its name and time, should the connection break; no name: it ends with it
    std::optional<Resumption> left_;
    StreamEnd end_;
    bool final_ = false;            ///< by us: no other server would do better
    bool going_on_ = false;         ///< next_ is armed
    bool external_ = true;          ///< false: SASL EXTERNAL is left out
    bool identity_ = true;          ///< false: TLS is done without our certificate
    bool external_after_ = true;    ///< what external_ is with another server, if ...
    bool trial_ = false;            ///< ... the certificate is left out to see whether it is to blame
    bool unheard_in_tls_ = false;   ///< the peer has said nothing in TLS so far
    bool identity_failed_ = false;  ///< so it was when TLS failed
    bool failed_here_ = false;      ///< failure_ is of this connection
    ReadingGate gate_;
    std::optional<xmpp::Failure> failure_;
    std::string said_;  ///< what the latest warning gave as its reason
    std::uint64_t stanzas_out_ = 0, bytes_out_ = 0, bytes_in_ = 0, stanzas_in_ = 0;
    TimePoint since_{}, last_stanza_{};
};

}  // namespace sallyport::s2s
