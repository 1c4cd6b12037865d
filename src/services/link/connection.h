// The driver of one connection of the router link: joins a byte stream, an XML reader and the link's machine. What it
// carries belongs to the session of its hub. A connection that resumes a session of another shard moves to that shard's
// hub before it is answered.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/doorway.h"
#include "io/net/stream.h"
#include "proto/link/machine.h"
#include "proto/xml/reader.h"
#include "proto/xmpp/stanza.h"
#include "services/link/session.h"
#include "services/routing/shard.h"

namespace sallyport::link {

class Hub;

class Connection final : public io::StreamOwner {
public:
    /// As listener `expected_name` is empty; as dialler it must be among the certificate's dNSNames.
    Connection(Hub& hub, std::unique_ptr<io::Stream> stream, MachineSettings settings, std::string expected_name,
               std::shared_ptr<const io::TlsContext> tls, std::size_t dial_index);
    ~Connection() override = default;

    /// As listener with the place that it takes until the far side has shown who it is.
    void start(std::unique_ptr<Doorway::Place> place = nullptr);
    /// Reads nothing further: it is about to leave this hub.
    void prepare_to_move() {
        moving_ = true;
        reader_.own_rest();  // what came behind lies in a buffer of this loop
    }
    /// Takes the connection off this hub's loop; null when it is ending.
    [[nodiscard]] std::unique_ptr<io::MovingStream> leave();
    /// Goes on with another hub. `answer` is called before anything further is read.
    void join(Hub& hub, std::unique_ptr<io::MovingStream> moving, const std::function<void()>& answer);
    void attach(Session* session);
    [[nodiscard]] Session* session() const { return session_; }
    [[nodiscard]] Machine& machine() { return machine_; }
    [[nodiscard]] std::size_t dial_index() const { return dial_index_; }
    /// The far side's certificate is that of a neighbour.
    [[nodiscard]] bool proven() const { return proven_ || !expected_name_.empty(); }
    [[nodiscard]] bool open() const { return !finished_ && machine_.open(); }
    [[nodiscard]] std::size_t pending() const { return stream_->pending(); }
    [[nodiscard]] const std::string& why_closed() const { return why_closed_; }
    [[nodiscard]] Blame blame() const { return blame_; }
    [[nodiscard]] const TlsFacts& tls() const { return tls_facts_; }
    /// How far the far side's clock is ahead of ours; nothing: it has not told.
    [[nodiscard]] const std::optional<Duration>& clock_skew() const { return clock_skew_; }
    [[nodiscard]] Endpoint local() const { return stream_->local(); }
    [[nodiscard]] Endpoint remote() const { return stream_->remote(); }

    void write(std::string_view bytes) { stream_->write(bytes); }
    void carry_out(Actions& actions);
    void close(std::optional<xmpp::StreamError> error, const std::string& why);
    void abort();

    void on_bytes(std::string_view bytes) override;
    void on_tls(const TlsFacts& facts) override;
    void on_drained() override;
    void on_closed(io::CloseReason reason, const std::string& text) override;

private:
    [[nodiscard]] std::string objection(const TlsFacts& facts);
    void read_on();
    void element();
    void excess();
    void stanza();
    void make_timer();
    void arm();
    [[nodiscard]] TimePoint now() const;

    Hub* hub_;
    std::unique_ptr<io::Stream> stream_;
    Machine machine_;
    std::string expected_name_;
    std::shared_ptr<const io::TlsContext> tls_;
    std::size_t dial_index_;
    xml::Reader reader_;
    xmpp::StanzaIntake intake_;
    std::unique_ptr<io::Timer> timer_;
    TimePoint armed_ = never;
    Session* session_ = nullptr;
    TlsFacts tls_facts_;
    std::string why_closed_;
    Blame blame_ = Blame::loss;  ///< until somebody says why
    std::optional<Duration> clock_skew_;
    std::unique_ptr<Doorway::Place> place_;
    bool proven_ = false, finished_ = false, moving_ = false;
};

}  // namespace sallyport::link
