// The working part of a stream: socket, TLS session, queues. It lives as long as its Stream handle, a callback that is
// running, or (after close) until its lingering end. Only for .cpp files of io/net.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "io/net/passage.h"
#include "io/net/proxy_header.h"
#include "io/net/shared.h"
#include "io/net/socket.h"
#include "io/net/stream.h"
#include "io/tls/session.h"

namespace sallyport::io {

/// What goes with a connection from one loop to another.
struct MovingConnection final : MovingStream {
    Socket socket;
    Ends ends;
    std::unique_ptr<TlsSession> tls;
    std::string out, wire;
    std::uint64_t received = 0;
    bool above_high = false;
};

class Connection final : public std::enable_shared_from_this<Connection>, private TlsWire {
public:
    /// `ends`: as its owner is to see them, which are the socket's own or those that a proxy told.
    Connection(std::shared_ptr<NetworkShared> shared, Socket socket, const Ends& ends);
    Connection(std::shared_ptr<NetworkShared> shared, MovingConnection& moving);
    ~Connection() override;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void set_owner(StreamOwner* owner);
    void write(std::string_view bytes);
    void push();
    [[nodiscard]] std::size_t pending() const;
    [[nodiscard]] std::size_t in_flight() const;
    void follow() { follows_ = true; }
    [[nodiscard]] std::uint64_t written() const { return written_; }
    [[nodiscard]] std::uint64_t taken();
    [[nodiscard]] std::uint64_t received() const { return received_; }
    void pause(bool paused);
    void start_tls(std::shared_ptr<const TlsContext> context, TlsRole role, const std::string& name);
    void close(Duration linger);
    void abort();
    /// The handle has gone: no more callbacks. A stream that is closing finishes by itself.
    void detach();
    /// The socket, when nothing has happened on it yet; otherwise -1.
    [[nodiscard]] int release();
    /// All of it, to go on elsewhere; null when it is ending.
    [[nodiscard]] std::unique_ptr<MovingConnection> leave();

    [[nodiscard]] const Endpoint& local() const { return ends_.local; }
    [[nodiscard]] const Endpoint& remote() const { return ends_.remote; }
    [[nodiscard]] std::string channel_binding(std::string_view type) const;

private:
    enum class Phase {
        open,
        closing,  ///< close() was called: sending the rest, then waiting for the peer's FIN
        ending,   ///< the socket is gone, on_closed is still to be called
        closed,
    };

    std::size_t receive(char* into, std::size_t room) override;
    void transmit(std::string_view bytes) override;

    [[nodiscard]] Readiness& readiness();
    void schedule();
    void work();
    void read_some();
    [[nodiscard]] bool may_read() const;
    [[nodiscard]] bool step_handshake();
    [[nodiscard]] std::size_t receive_plain_text();
    [[nodiscard]] bool deliver(std::size_t size);
    [[nodiscard]] bool ended();
    void read_on_later();
    void discard_input();
    void flush();
    /// Bytes that the kernel has and the peer has not acknowledged.
    [[nodiscard]] std::size_t unacknowledged() const;
    [[nodiscard]] std::uint64_t acknowledged_wire() const;
    /// The queue has gone to the wire.
    void passed();
    /// Nothing more is known of the peer from here on.
    void freeze();
    [[nodiscard]] bool send_wire();
    void encrypt_some();
    void finish_sending();
    void tell_drained();
    void drop_socket();
    void finish(CloseReason reason, const std::string& text);

    std::shared_ptr<NetworkShared> shared_;
    Socket socket_;
    std::unique_ptr<Readiness> readiness_;
    std::unique_ptr<TlsSession> tls_;
    std::unique_ptr<Timer> linger_;
    StreamOwner* owner_ = nullptr;
    Ends ends_;
    std::string out_;  ///< plain text from the owner
    std::size_t out_head_ = 0;
    std::string wire_;  ///< bytes as they go out
    std::size_t wire_head_ = 0;
    Passage passage_;                ///< of a stream that is followed
    std::uint64_t written_ = 0;      ///< by the owner
    std::uint64_t wire_bytes_ = 0;   ///< that were put into wire_
    std::uint64_t frozen_wire_ = 0;  ///< of those, acknowledged when the socket went
    std::uint64_t received_ = 0;     ///< off the wire
    std::size_t may_receive_ = 0;    ///< in this wake-up
    bool frozen_ = false;
    bool follows_ = false;
    std::string tls_problem_;  ///< start_tls could not begin
    int error_ = 0;            ///< errno of the socket
    Phase phase_ = Phase::open;
    bool touched_ = false;
    bool paused_ = false;
    bool scheduled_ = false;
    bool read_again_ = false;  ///< bytes may be left although the socket will not say so
    bool above_high_ = false;
    bool end_of_input_ = false;
    bool fin_sent_ = false;
};

}  // namespace sallyport::io
