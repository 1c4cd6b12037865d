// The driver of one client's stream: joins a connection, an XML reader and the machine, and hands stanzas to the
// service.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "io/net/stream.h"
#include "proto/c2s/machine.h"
#include "proto/xml/reader.h"
#include "services/im/account.h"
#include "services/routing/ledger.h"
#include "services/s2s/token_bucket.h"

namespace sallyport::im {

class Inside;

class ClientStream final : public io::StreamOwner {
public:
    /// `serial` is never given twice: what comes back later asks by it.
    ClientStream(Inside& inside, std::uint64_t serial, std::unique_ptr<io::Stream> stream,
                 routing::Ledger::Entry counted);
    ~ClientStream() override;
    ClientStream(const ClientStream&) = delete;
    ClientStream& operator=(const ClientStream&) = delete;

    // Answers of the service
    void verified(const c2s::sasl::Verifier& verifier);
    void login_refused();
    void bound(Session& session);
    void bind_refused(xmpp::StanzaCondition condition);
    void resumed(Session& session, std::uint32_t h);
    void resume_refused();

    /// What a stanza of this client makes the node write: so many stanzas of so many bytes each. It goes off what the
    /// client may send, in part; beyond that nothing more is read for a while, not even what has arrived already.
    void pay_for(std::size_t stanzas, std::size_t bytes);
    void hold(bool held);
    void write(std::string_view bytes) { stream_->write(bytes); }
    /// As io::Stream.
    [[nodiscard]] std::uint64_t written() const { return stream_->written(); }
    [[nodiscard]] std::uint64_t taken() const { return stream_->taken(); }
    /// What its session held: until it has ended, and then to Inside::rescue_rest. False: it has ended.
    [[nodiscard]] bool keep_rest(const xmpp::Jid& bare, std::deque<Unacknowledged>& window);
    /// Room for more: the client reads what it gets.
    [[nodiscard]] bool has_room() const { return stream_->pending() < io::Stream::high_water; }
    /// Ends the stream; the session is no longer its business.
    void end(xmpp::StreamCondition condition, const std::string& why);
    void end(xmpp::StreamError error, const std::string& why);
    /// The node stops: who has not logged in goes at once, anybody else has at most `linger` for his own end.
    void stop(Duration linger);

    [[nodiscard]] std::uint64_t serial() const { return serial_; }
    [[nodiscard]] const c2s::Machine& machine() const { return machine_; }
    [[nodiscard]] Session* session() const { return session_; }
    void let_go() { session_ = nullptr; }
    [[nodiscard]] const Endpoint& remote() const { return remote_; }
    [[nodiscard]] bool authenticated() const { return authenticated_; }
    [[nodiscard]] routing::Ledger::Entry& counted() { return counted_; }

    void on_bytes(std::string_view bytes) override;
    void on_tls(const TlsFacts& facts) override;
    void on_drained() override;
    void on_closed(io::CloseReason reason, const std::string& text) override;

private:
    void read_on();
    void element();
    bool excess();
    [[nodiscard]] bool is_stanza() const;
    void answered(c2s::Actions& actions);
    void carry_out(c2s::Actions& actions);
    void close(const c2s::Close& close);
    void pause_or_go_on();
    void throttle(std::size_t bytes);
    void arm();
    void expire();
    [[nodiscard]] TimePoint now() const;

    Inside& inside_;
    std::uint64_t serial_;
    std::unique_ptr<io::Stream> stream_;
    routing::Ledger::Entry counted_;
    Endpoint remote_;
    c2s::Machine machine_;
    xml::Reader reader_;
    std::unique_ptr<io::Timer> timer_;
    TimePoint armed_ = never;
    TimePoint abort_at_ = never;  ///< the node stops
    s2s::TokenBucket bucket_;
    std::uint64_t charged_ = 0;  ///< of what came off the wire
    Session* session_ = nullptr;
    xmpp::Jid rest_of_;  ///< whose session has left `rest_`
    std::deque<Unacknowledged> rest_;
    TimePoint closing_until_ = never;  ///< when it gives up closing in order
    std::string held_;                 ///< bytes of before the stream was open: read on when an answer of ours has come
    std::string later_;                ///< arrived while that answer was due
    bool reading_ = false;
    bool has_rest_ = false;  ///< the reader has what may not be read now
    bool switching_ = false;
    bool authenticated_ = false, throttled_ = false, held_back_ = false, unread_ = false, finished_ = false;
    bool took_leave_ = false, complained_ = false;  ///< the client, by a closing tag, or a stream error
};

}  // namespace sallyport::im
