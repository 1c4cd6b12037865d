// The driver of one inbound stream: joins a connection, an XML reader and the Inbound machine, and hands stanzas to the
// router. All I/O of the receiving side is in its files: inbound_stream.cpp, inbound_reading.cpp (what comes),
// inbound_resumption.cpp (XEP-0198 section 5).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "io/net/stream.h"
#include "proto/s2s/inbound.h"
#include "proto/xml/reader.h"
#include "proto/xmpp/stanza.h"
#include "services/s2s/context.h"
#include "services/s2s/detail_text.h"
#include "services/s2s/inbound_sessions.h"
#include "services/s2s/reading_gate.h"
#include "services/s2s/stream_end.h"
#include "services/s2s/stream_record.h"
#include "services/s2s/way_out.h"

namespace sallyport::s2s {

class DialbackDesk;
class Pool;

/// A stream on its way to the shard on which the one lives that it is to resume (decision record 0015).
struct MovedInbound {
    std::unique_ptr<io::MovingStream> stream;
    Inbound machine;
    xml::Reader reader;
    routing::Ledger::Entry counted;
    xmpp::Domain limited_as;
    std::string wanted;  ///< the name of the one to resume
    std::string xcoder;
    bool direct_tls = false;
    std::uint64_t stanzas_in = 0, bytes_in = 0, bytes_out = 0;
    TimePoint since{};
};

class InboundStream final : public io::StreamOwner, public WayOut {
public:
    using OnGone = std::function<void(InboundStream&)>;

    InboundStream(S2sContext& context, DialbackDesk& desk, Pool& pool, InboundSessions& sessions,
                  std::unique_ptr<io::Stream> stream, bool direct_tls, routing::Ledger::Entry counted, OnGone on_gone);
    /// From another shard.
    InboundStream(S2sContext& context, DialbackDesk& desk, Pool& pool, InboundSessions& sessions, MovedInbound moved,
                  OnGone on_gone);
    ~InboundStream() override;
    InboundStream(const InboundStream&) = delete;
    InboundStream& operator=(const InboundStream&) = delete;

    void start();
    /// One that has come from another shard: it is told whether it resumes.
    void go_on();
    /// What its peer has proved on it.
    [[nodiscard]] ProvedIdentity identity() const;
    /// As in Inbound.
    [[nodiscard]] bool resumable() const { return machine_.resumable(); }
    /// Another connection resumes it: this one is closed.
    [[nodiscard]] ReceivedCounter give_up_session();
    /// It can no longer be resumed.
    void lose_session();
    /// A stanza that it brought is done with.
    void handled(std::uint64_t number);
    /// The answer of the desk, by pair.
    void verified(const xmpp::DomainPair& pair, Verified::Outcome outcome, xmpp::StanzaCondition error,
                  const std::string& text);
    void rules_changed();
    void shut(xmpp::StreamError error);
    /// Ends it at once, without a word: nobody has shown who he is.
    void drop();
    /// Back-pressure from the next hop.
    void hold(bool held);
    /// Others want its place.
    void make_way();
    // With XEP-0288: what goes to the peer travels on its own stream.
    [[nodiscard]] const xmpp::DomainPair& pair() const override { return machine_.peer(); }
    [[nodiscard]] bool has_room() const override;
    void send(const xmpp::Stanza& stanza, Use use) override;
    [[nodiscard]] bool counting() const override { return machine_.managed(); }
    [[nodiscard]] bool probe() override;
    [[nodiscard]] std::uint64_t written() const override { return stream_->written(); }
    [[nodiscard]] std::uint64_t taken() const override { return stream_->taken(); }
    void progressed() override {}
    [[nodiscard]] TimePoint heard() const override { return heard_; }
    [[nodiscard]] bool left_unread() const override { return gate_.is_held() || machine_.crowded(); }
    void presume_dead() override;
    [[nodiscard]] const Ending& ending() const override { return end_.ending(); }
    /// XEP-0478: of a stanza that goes to the peer; 0: not said.
    [[nodiscard]] std::uint64_t peer_max_bytes() const { return peer_max_bytes_; }

    [[nodiscard]] StreamStatus status() const;
    [[nodiscard]] bool concerns(const xmpp::Domain& remote) const;
    [[nodiscard]] bool authenticated() const { return authenticated_; }
    /// The pairs of which it may carry stanzas.
    [[nodiscard]] std::vector<xmpp::DomainPair> carries() const;

    void on_bytes(std::string_view bytes) override;
    void on_tls(const TlsFacts& facts) override;
    void on_drained() override;
    void on_closed(io::CloseReason reason, const std::string& text) override;

private:
    [[nodiscard]] std::function<void()> leaver();
    void work_off();
    void read_on();
    void resume_reading();
    void element();
    void stanza();
    [[nodiscard]] routing::Ticket ticket_of(std::uint64_t number);
    void carry_out(Actions& actions);
    void ready(const PairReady& pair);
    void await_earlier(const xmpp::DomainPair& pair);
    void set_limits();
    void verify(const Verify& request);
    void resume(const Resume& wanted);
    void part_with_session();
    void answer_resumption(const std::string& wanted);
    void leave_for(std::uint32_t shard, const std::string& wanted);
    [[nodiscard]] static InboundSettings settings_of(S2sContext& context, InboundSessions& sessions, bool direct_tls);
    void tell_up(const PairReady& pair);
    /// To the pools: the domains of the stream are there.
    void give_sign(TimePoint now);
    void close(const Close& close);
    void note(const Note& note);
    void arm();
    void expire();
    void pause_or_go_on();
    [[nodiscard]] StreamName name() const;
    [[nodiscard]] std::string connection_text() const;

    S2sContext& context_;
    DialbackDesk& desk_;
    Pool& pool_;
    InboundSessions& sessions_;
    InboundSessions::Session* session_ = nullptr;  ///< should the connection break; null: it ends with it
    std::unique_ptr<io::Stream> stream_;
    bool direct_tls_;
    routing::Ledger::Entry counted_;
    OnGone on_gone_;
    std::shared_ptr<InboundStream*> here_ = std::make_shared<InboundStream*>(this);  ///< for who comes from elsewhere
    Inbound machine_;
    xml::Reader reader_;
    xmpp::StanzaIntake intake_;
    Logger log_;
    StreamRecord record_;
    std::string xcoder_;  ///< what the log calls the stream
    std::unique_ptr<io::Timer> timer_;
    TimePoint armed_ = never;
    TimePoint certificate_check_ = never;
    routing::Ticket source_;
    ReadingGate gate_;
    Endpoint remote_, local_;
    std::vector<xmpp::DomainPair> told_;  ///< pairs that were told to be up
    unsigned awaited_ = 0;                ///< pairs of which something earlier may be overtaken: nothing is read
    bool authenticated_ = false;
    xmpp::Domain limited_as_;
    std::string wanted_;      ///< of one that has come from another shard: the name of the stream to resume
    bool switching_ = false;  ///< TLS or a new XML stream begins: what is left of the bytes is not ours to read
    bool leaving_ = false;    ///< for another shard: nothing more is read here
    bool finished_ = false;
    StreamEnd end_;
    std::uint64_t peer_max_bytes_ = 0;  ///< of a stanza that goes to the peer on this stream (XEP-0478)
    std::uint64_t stanzas_in_ = 0, stanzas_out_ = 0, bytes_in_ = 0, bytes_out_ = 0;
    TimePoint since_{}, last_stanza_{}, heard_{};
    TimePoint sign_due_{};  ///< when a stanza counts as a sign of life again
};

}  // namespace sallyport::s2s
