// The driver of one connection of the router link: joins a byte stream, an XML reader and the link's machine. What it
// carries belongs to the session of its hub. A connection that resumes a session of another shard moves to that shard's
// hub before it is answered.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/doorway.h"
#include "io/net/stream.h"
#include "proto/link/machine.h"
#include "proto/xml/reader.h"
#include "proto/xmpp/stanza.h"
#include "services/link/hub_context.h"
#include "services/link/known_peers.h"
#include "services/link/session.h"

namespace sallyport::link {

class Connection;

/// Whose connections they are: what comes over them.
class ConnectionOwner {
public:
    virtual ~ConnectionOwner() = default;
    /// The far side has shown who it is.
    virtual void session_wanted(Connection& connection, const SessionWanted& wanted) = 0;
    virtual void session_open(Connection& connection, const SessionOpen& open) = 0;
    virtual void bound(Connection& connection, Serves serves) = 0;
    virtual void done(Connection& connection, const std::vector<Range>& ranges) = 0;
    virtual void counted(Connection& connection, std::uint32_t h) = 0;
    virtual void told(Connection& connection, const NodeNews& news) = 0;
    virtual void stanza(Connection& connection, const xmpp::Stanza& stanza) = 0;
    /// One that came and is not to be passed on: counted, and its sender told where that is possible.
    virtual void refused(Connection& connection, const xmpp::Stanza& stanza, const xmpp::StanzaProblem& problem) = 0;
    virtual void drained() = 0;
    /// Nothing follows. The owner may destroy the connection from a later turn.
    virtual void closed(Connection& connection) = 0;
    /// Of elements that have begun, the links to that node have more than they may.
    [[nodiscard]] virtual bool has_much_unfinished(const std::string& far_realm) const = 0;
    /// The node is going to stop.
    [[nodiscard]] virtual bool stopping() const = 0;
};

class Connection final : public io::StreamOwner {
public:
    /// As listener `expected_name` is empty; as dialler it must be among the certificate's dNSNames.
    Connection(ConnectionOwner& owner, const HubContext& context, std::unique_ptr<io::Stream> stream,
               MachineSettings settings, std::string expected_name, std::size_t dial_index);
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
    void join(ConnectionOwner& owner, const HubContext& context, std::unique_ptr<io::MovingStream> moving,
              const std::function<void()>& answer);
    void attach(Session* session);
    [[nodiscard]] Session* session() const { return session_; }
    [[nodiscard]] Machine& machine() { return machine_; }
    [[nodiscard]] Untold& untold() { return untold_; }
    [[nodiscard]] const Untold& untold() const { return untold_; }
    [[nodiscard]] std::size_t dial_index() const { return dial_index_; }
    /// The far side's certificate is that of a neighbour.
    [[nodiscard]] bool proven() const { return proven_ || !expected_name_.empty(); }
    [[nodiscard]] bool open() const { return !finished_ && machine_.open(); }
    [[nodiscard]] std::size_t pending() const { return stream_->pending(); }
    /// Bytes that have come.
    [[nodiscard]] std::uint64_t received() const { return stream_->received(); }
    /// More `<done/>` may be written: the last one has left, or little waits (threat T61).
    [[nodiscard]] bool takes_done() const;
    void told_done() { done_at_ = stream_->written(); }
    /// Bytes of an element that has begun and is not complete.
    [[nodiscard]] std::size_t unfinished() const { return unfinished_; }
    [[nodiscard]] const std::string& why_closed() const { return why_closed_; }
    /// The far side's certificate was not accepted.
    [[nodiscard]] bool is_objected() const { return objected_; }
    /// TLS failed, whoever ended it.
    [[nodiscard]] bool broke_off() const { return broke_off_; }
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
    /// An element has its time and its share of the memory, on whichever of the links of a node it comes.
    void watch_element(bool is_another);
    void stanza();
    void make_timer();
    void tell_count();
    void arm();
    [[nodiscard]] TimePoint now() const;

    ConnectionOwner* owner_;
    const HubContext* context_;  ///< of the owner
    std::unique_ptr<io::Stream> stream_;
    Machine machine_;
    std::string expected_name_;
    std::size_t dial_index_;
    xml::Reader reader_;
    xmpp::StanzaIntake intake_;
    std::unique_ptr<io::Timer> timer_;
    TimePoint armed_ = never;
    TimePoint element_due_ = never;  ///< what has begun has to be complete by then
    std::size_t unfinished_ = 0;
    Session* session_ = nullptr;
    Untold untold_;
    TlsFacts tls_facts_;
    std::string why_closed_;
    bool objected_ = false, broke_off_ = false;
    Blame blame_ = Blame::loss;  ///< until somebody says why
    std::optional<Duration> clock_skew_;
    std::unique_ptr<Doorway::Place> place_;
    bool proven_ = false, finished_ = false, moving_ = false;
    /// So much waits for the far side to read it that answers wait as well.
    [[nodiscard]] bool is_unread() const;
    std::uint64_t done_at_ = 0;  ///< bytes up to the last `<done/>`
    bool count_owed_ = false;    ///< the far side asked and does not read
};

}  // namespace sallyport::link
