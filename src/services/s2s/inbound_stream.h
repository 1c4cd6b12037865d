// The driver of one inbound stream: joins a connection, an XML reader and the Inbound machine, and hands stanzas to the
// router. All I/O of the receiving side is in this file.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "io/net/stream.h"
#include "proto/s2s/inbound.h"
#include "proto/xml/reader.h"
#include "proto/xmpp/stanza.h"
#include "services/s2s/context.h"
#include "services/s2s/stream_record.h"
#include "services/s2s/token_bucket.h"

namespace sallyport::s2s {

class DialbackDesk;
class Pool;

class InboundStream final : public io::StreamOwner {
public:
    using OnGone = std::function<void(InboundStream&)>;

    InboundStream(S2sContext& context, DialbackDesk& desk, Pool& pool, std::unique_ptr<io::Stream> stream,
                  bool direct_tls, routing::Ledger::Entry counted, OnGone on_gone);
    ~InboundStream() override;
    InboundStream(const InboundStream&) = delete;
    InboundStream& operator=(const InboundStream&) = delete;

    void start();
    /// The answer of the desk, by pair.
    void verified(const xmpp::DomainPair& pair, Verified::Outcome outcome, xmpp::StanzaCondition error,
                  const std::string& text);
    void rules_changed();
    void shut(xmpp::StreamError error);
    /// Back-pressure from the next hop.
    void hold(bool held);
    /// With XEP-0288: a stanza for the peer travels on its own stream.
    [[nodiscard]] bool carries(const xmpp::DomainPair& pair) const;
    /// Below the high-water mark of its connection.
    [[nodiscard]] bool has_room() const { return stream_->pending() < io::Stream::high_water; }
    void send(const xmpp::Stanza& stanza);

    [[nodiscard]] StreamStatus status() const;
    [[nodiscard]] bool concerns(const xmpp::Domain& remote) const;
    [[nodiscard]] bool authenticated() const { return authenticated_; }
    /// The domains to which it may carry stanzas.
    [[nodiscard]] std::vector<xmpp::Domain> leads_to() const;

    void on_bytes(std::string_view bytes) override;
    void on_tls(const TlsFacts& facts) override;
    void on_drained() override;
    void on_closed(io::CloseReason reason, const std::string& text) override;

private:
    void read_on();
    void element();
    void stanza();
    void carry_out(Actions& actions);
    void ready(const PairReady& pair);
    void set_limits();
    void verify(const Verify& request);
    void note(const Note& note);
    void arm();
    void expire();
    void throttle(std::size_t bytes);
    void pause_or_go_on();
    [[nodiscard]] std::string connection_text() const;

    S2sContext& context_;
    DialbackDesk& desk_;
    Pool& pool_;
    std::unique_ptr<io::Stream> stream_;
    bool direct_tls_;
    routing::Ledger::Entry counted_;
    OnGone on_gone_;
    Inbound machine_;
    xml::Reader reader_;
    xmpp::StanzaIntake intake_;
    Logger log_;
    StreamRecord record_;
    std::unique_ptr<io::Timer> timer_;
    TimePoint armed_ = never;
    TimePoint certificate_check_ = never;
    routing::Ticket source_;
    TokenBucket bucket_;
    Endpoint remote_, local_;
    std::vector<xmpp::DomainPair> told_;  ///< pairs that were told to be up
    bool authenticated_ = false;
    xmpp::Domain limited_as_;
    bool switching_ = false;  ///< TLS or a new XML stream begins: what is left of the bytes is not ours to read
    bool finished_ = false;
    bool held_ = false, throttled_ = false;
    bool unread_ = false;  ///< the peer does not read our answers: its questions wait
    std::uint64_t stanzas_in_ = 0, stanzas_out_ = 0, bytes_in_ = 0, bytes_out_ = 0;
    TimePoint since_{}, last_stanza_{};
};

}  // namespace sallyport::s2s
