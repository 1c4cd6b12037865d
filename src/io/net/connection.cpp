// One stream's life. Owner callbacks happen only in work(), read_some() and the lingering timer, all called by the
// loop; after each the code looks again at whether the stream still exists. RFC 6120 4.4 (closing), RFC 8446 6.1
// (truncation).
#include "io/net/connection.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <cerrno>

namespace sallyport::io {

namespace {

/// Off the wire in one wake-up, so that no stream starves another, be there little to deliver or nothing.
constexpr std::size_t read_budget = 4 * receive_buffer_bytes;
constexpr std::size_t encrypt_at_once = 8 * 16384;  ///< full TLS records handed to one send

}  // namespace

Connection::Connection(std::shared_ptr<NetworkShared> shared, Socket socket, const Ends& ends)
    : shared_{std::move(shared)}, socket_{std::move(socket)}, ends_{ends} {}

Connection::Connection(std::shared_ptr<NetworkShared> shared, MovingConnection& moving)
    : shared_{std::move(shared)},
      socket_{std::move(moving.socket)},
      tls_{std::move(moving.tls)},
      ends_{moving.ends},
      out_{std::move(moving.out)},
      wire_{std::move(moving.wire)},
      received_{moving.received},
      touched_{true},
      read_again_{true},  // the TLS session may hold what it has read
      above_high_{moving.above_high} {
    if (tls_) tls_->rewire(*this);
}

Connection::~Connection() { drop_socket(); }

void Connection::set_owner(StreamOwner* owner) {
    owner_ = owner;
    touched_ = true;
    if (owner == nullptr || !socket_.valid()) return;
    readiness().want_read();
    if (read_again_) schedule();
}

/// Made on first use, so that a stream can be released to another loop before.
Readiness& Connection::readiness() {
    if (!readiness_) {
        readiness_ = shared_->loop.readiness(socket_.get(), {[self = weak_from_this()] {
                                                                 if (const auto here = self.lock()) here->read_some();
                                                             },
                                                             [self = weak_from_this()] {
                                                                 if (const auto here = self.lock()) here->work();
                                                             }});
    }
    return *readiness_;
}

void Connection::write(std::string_view bytes) {
    written_ += bytes.size();
    if (phase_ != Phase::open || bytes.empty()) return;
    touched_ = true;
    if (out_.capacity() < bytes.size()) {
        if (out_.empty()) out_ = shared_->take_buffer();
    }
    out_.append(bytes);
    if (pending() >= Stream::high_water) above_high_ = true;
    schedule();
}

/// Nobody is called back from here: nothing is told of a queue that was never long, or of a stream that is not closing.
void Connection::push() {
    if (phase_ == Phase::open && !tls_ && tls_problem_.empty() && !above_high_) flush();
}

std::size_t Connection::pending() const { return out_.size() - out_head_ + wire_.size() - wire_head_; }

std::size_t Connection::in_flight() const { return pending() + unacknowledged(); }

std::size_t Connection::unacknowledged() const {
    int bytes = 0;
    if (socket_.get() < 0 || ioctl(socket_.get(), SIOCOUTQ, &bytes) != 0 || bytes < 0) return 0;
    return static_cast<std::size_t>(fin_sent_ && bytes > 0 ? bytes - 1 : bytes);  // the FIN counts as a byte
}

std::uint64_t Connection::acknowledged_wire() const {
    if (frozen_) return frozen_wire_;
    return wire_bytes_ - std::min<std::uint64_t>(wire_bytes_, wire_.size() - wire_head_ + unacknowledged());
}

std::uint64_t Connection::taken() { return passage_.taken(acknowledged_wire()); }

void Connection::passed() {
    if (follows_) passage_.passed(written_ - (out_.size() - out_head_), wire_bytes_);
}

void Connection::freeze() {
    if (frozen_) return;
    frozen_wire_ = acknowledged_wire();
    frozen_ = true;
}

void Connection::pause(bool paused) {
    paused_ = paused;
    if (paused || phase_ != Phase::open) return;
    read_again_ = true;
    schedule();
}

void Connection::start_tls(std::shared_ptr<const TlsContext> context, TlsRole role, const std::string& name) {
    if (phase_ != Phase::open || tls_) return;
    touched_ = true;
    wire_.append(out_, out_head_);  // plain text that goes out before the handshake
    wire_bytes_ += out_.size() - out_head_;
    shared_->give_back(out_);
    out_head_ = 0;
    passed();
    Result<std::unique_ptr<TlsSession>> session = TlsSession::make(std::move(context), role, name, *this);
    if (session) {
        tls_ = std::move(*session);
    } else {
        tls_problem_ = session.error().text;
    }
    read_again_ = true;
    schedule();
}

void Connection::close(Duration linger) {
    if (phase_ != Phase::open) return;
    phase_ = Phase::closing;
    linger_ = shared_->loop.timer([self = weak_from_this()] {
        if (const auto here = self.lock()) here->finish(CloseReason::local, {});
    });
    linger_->arm(shared_->loop.now() + linger);
    schedule();
}

void Connection::abort() {
    if (phase_ != Phase::open && phase_ != Phase::closing) return;
    reset_on_close(socket_.get());
    drop_socket();
    phase_ = Phase::ending;
    schedule();
}

void Connection::detach() {
    owner_ = nullptr;
    if (phase_ == Phase::closing) {
        shared_->lingering.insert(shared_from_this());
        return;
    }
    phase_ = Phase::closed;
    drop_socket();
}

int Connection::release() {
    if (touched_ || phase_ != Phase::open) return -1;
    phase_ = Phase::closed;
    return socket_.release();
}

std::unique_ptr<MovingConnection> Connection::leave() {
    // Who cannot go keeps its owner, who has still to hear of the end.
    if (phase_ != Phase::open || error_ != 0 || !tls_problem_.empty()) return nullptr;
    owner_ = nullptr;
    phase_ = Phase::closed;
    readiness_.reset();
    auto moving = std::make_unique<MovingConnection>();
    moving->ends = ends_;
    moving->tls = std::move(tls_);
    moving->out = out_.substr(out_head_);
    moving->wire = wire_.substr(wire_head_);
    moving->received = received_;
    moving->above_high = above_high_;
    moving->socket = std::move(socket_);
    drop_socket();
    return moving;
}

std::string Connection::channel_binding(std::string_view type) const {
    return tls_ ? tls_->channel_binding(type) : std::string{};
}

std::size_t Connection::receive(char* into, std::size_t room) {
    if (end_of_input_ || error_ != 0 || !socket_.valid()) return 0;
    room = std::min(room, may_receive_);
    if (room == 0) return 0;
    for (;;) {
        const ssize_t got = ::recv(socket_.get(), into, room, MSG_DONTWAIT);
        if (got > 0) {
            received_ += static_cast<std::size_t>(got);
            may_receive_ -= static_cast<std::size_t>(got);
            return static_cast<std::size_t>(got);
        }
        if (got == 0) {
            end_of_input_ = true;
        } else if (errno == EINTR) {
            continue;
        } else if (errno != EAGAIN && errno != EWOULDBLOCK) {
            error_ = errno;
        }
        return 0;
    }
}

void Connection::transmit(std::string_view bytes) {
    if (wire_.empty() && wire_.capacity() < bytes.size()) wire_ = shared_->take_buffer();
    wire_.append(bytes);
    wire_bytes_ += bytes.size();
}

void Connection::schedule() {
    if (scheduled_ || phase_ == Phase::closed) return;
    scheduled_ = true;
    shared_->loop.defer([self = weak_from_this()] {
        const auto here = self.lock();
        if (!here) return;
        here->scheduled_ = false;
        here->work();
    });
}

void Connection::work() {
    const auto self = shared_from_this();
    if (phase_ == Phase::ending) return finish(CloseReason::local, {});
    if (phase_ == Phase::closed) return;
    if (!tls_problem_.empty()) return finish(CloseReason::tls_failed, tls_problem_);
    if (read_again_) {
        read_again_ = false;
        read_some();
    }
    flush();
}

bool Connection::may_read() const {
    if (!socket_.valid() || owner_ == nullptr || phase_ != Phase::open || !tls_problem_.empty()) return false;
    return !paused_ || (tls_ && tls_->state() == TlsState::handshaking);
}

void Connection::read_some() {
    const auto self = shared_from_this();
    if (phase_ == Phase::closing) return discard_input();
    may_receive_ = read_budget;
    while (may_read()) {
        if (tls_ && tls_->state() == TlsState::handshaking) {
            if (step_handshake()) continue;
            if (may_receive_ == 0 && may_read()) return read_on_later();
            break;
        }
        const std::size_t size = receive_plain_text();
        if (size > 0 && !deliver(size)) break;
        if (size < receive_buffer_bytes && may_read() && ended()) return;
        if (may_receive_ == 0) return read_on_later();
        // A short read left nothing behind, unless start_tls was called meanwhile.
        if (size < receive_buffer_bytes && (!tls_ || tls_->state() != TlsState::handshaking)) break;
    }
    if (may_read()) readiness().want_read();
}

void Connection::read_on_later() {
    read_again_ = true;
    schedule();
}

bool Connection::step_handshake() {
    const TlsState state = tls_->handshake();
    if (state == TlsState::open) {
        schedule();  // the last flight, and what was queued meanwhile
        owner_->on_tls(tls_->take_facts());
        return true;
    }
    if (state == TlsState::failed) {
        finish(CloseReason::tls_failed, tls_->failure());
    } else if (end_of_input_) {
        finish(CloseReason::tls_failed, "the peer closed the connection during the TLS handshake");
    } else if (error_ != 0) {
        finish(CloseReason::tls_failed, "the connection broke during the TLS handshake: " + error_words(error_));
    } else {
        schedule();
    }
    return false;
}

std::size_t Connection::receive_plain_text() {
    char* buffer = shared_->received.data();
    return tls_ ? tls_->read(buffer, receive_buffer_bytes) : receive(buffer, receive_buffer_bytes);
}

/// False when the stream has been closed or detached by its owner.
bool Connection::deliver(std::size_t size) {
    owner_->on_bytes({shared_->received.data(), size});
    return phase_ == Phase::open && owner_ != nullptr;
}

/// Looks at how reading went; true when that was the end.
bool Connection::ended() {
    if (tls_ && tls_->state() == TlsState::handshaking) return false;
    if (tls_ && tls_->state() == TlsState::failed) {
        finish(CloseReason::tls_failed, tls_->failure());
    } else if (tls_ && tls_->state() == TlsState::closed) {
        finish(CloseReason::peer_closed, {});
    } else if (error_ != 0) {
        finish(CloseReason::reset, error_words(error_));
    } else if (end_of_input_) {
        finish(tls_ ? CloseReason::truncated : CloseReason::peer_closed, {});
    } else {
        return false;
    }
    return true;
}

/// After close(): what still comes is not wanted, only the peer's FIN is.
void Connection::discard_input() {
    may_receive_ = read_budget;
    for (;;) {
        const std::size_t size = receive(shared_->received.data(), receive_buffer_bytes);
        if (end_of_input_ || error_ != 0) {
            if (fin_sent_ || error_ != 0) {
                return finish(CloseReason::local, error_ == 0 ? std::string{} : error_words(error_));
            }
            return;
        }
        if (size < receive_buffer_bytes) break;
    }
    readiness().want_read();
}

void Connection::flush() {
    if (!socket_.valid()) return;
    for (;;) {
        if (!send_wire()) break;
        const bool handshaking = tls_ && tls_->state() == TlsState::handshaking;
        if (out_head_ == out_.size() || handshaking) {
            if (phase_ == Phase::closing) finish_sending();
            break;
        }
        if (tls_) {
            encrypt_some();
        } else {
            wire_bytes_ += out_.size() - out_head_;
            wire_.swap(out_);
            wire_head_ = std::exchange(out_head_, 0);
            passed();
        }
    }
    tell_drained();
}

/// Gives the kernel what it takes; true when all of it is gone.
bool Connection::send_wire() {
    while (wire_head_ < wire_.size()) {
        const ssize_t sent =
            ::send(socket_.get(), wire_.data() + wire_head_, wire_.size() - wire_head_, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent >= 0) {
            wire_head_ += static_cast<std::size_t>(sent);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            readiness().want_write();
            return false;
        } else if (errno != EINTR) {
            error_ = errno;
            freeze();
            // What the peer said before it went away is still to be read.
            read_again_ = true;
            wire_head_ = wire_.size();
            out_head_ = out_.size();
            schedule();
        }
    }
    if (!wire_.empty()) shared_->give_back(wire_);
    wire_head_ = 0;
    return true;
}

void Connection::encrypt_some() {
    const std::string_view rest = std::string_view{out_}.substr(out_head_, encrypt_at_once);
    if (!tls_->write(rest)) {
        freeze();
        out_head_ = out_.size();
        read_again_ = true;
        schedule();
        return;
    }
    out_head_ += rest.size();
    passed();
    if (out_head_ == out_.size()) {
        shared_->give_back(out_);
        out_head_ = 0;
    } else if (out_head_ > out_.size() / 2) {
        out_.erase(0, out_head_);  // a queue that is never quite empty must not keep what it has sent
        out_head_ = 0;
    }
}

void Connection::finish_sending() {
    if (fin_sent_) return;
    fin_sent_ = true;
    if (tls_) {
        tls_->shut_down();
        static_cast<void>(send_wire());
    }
    ::shutdown(socket_.get(), SHUT_WR);
    discard_input();
}

void Connection::tell_drained() {
    if (!above_high_ || pending() > Stream::low_water || phase_ != Phase::open || owner_ == nullptr) return;
    above_high_ = false;
    owner_->on_drained();
}

void Connection::drop_socket() {
    freeze();
    readiness_.reset();
    socket_.close();
    shared_->give_back(out_);
    shared_->give_back(wire_);
    out_head_ = wire_head_ = 0;
}

void Connection::finish(CloseReason reason, const std::string& text) {
    if (phase_ == Phase::closed) return;
    const auto self = shared_from_this();
    const std::string words = text;  // may live in what is about to be destroyed
    const bool shaking = tls_ && (tls_->state() == TlsState::handshaking || tls_->state() == TlsState::failed);
    if (follows_ && !shaking && socket_.valid() && (acknowledged_wire() < wire_bytes_ || out_head_ < out_.size())) {
        freeze();
        reset_on_close(socket_.get());  // what is not taken is not sent on
    } else if (socket_.valid() && error_ == 0) {
        // Last words: replies to the peer's last bytes, an alert, our close_notify.
        if (tls_ && !shaking) {
            if (out_head_ < out_.size()) encrypt_some();
            tls_->shut_down();
        }
        if (send_wire() && !tls_ && out_head_ < out_.size()) {
            wire_.swap(out_);
            static_cast<void>(send_wire());
        }
    }
    phase_ = Phase::closed;
    drop_socket();
    tls_.reset();
    linger_.reset();
    shared_->lingering.erase(self);
    if (StreamOwner* owner = std::exchange(owner_, nullptr)) owner->on_closed(reason, words);
}

}  // namespace sallyport::io
