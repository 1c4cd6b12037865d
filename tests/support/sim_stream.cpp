// A window of 64 KiB, latency of the path, order kept; a path that is blocked holds bytes back and breaks after 30 s.
#include "support/sim_stream.h"

#include <algorithm>

namespace sallyport::test {

namespace {

constexpr std::size_t window = 65536;
constexpr std::size_t segment = 16384;
constexpr auto unacknowledged = std::chrono::seconds{30};
constexpr auto try_again = std::chrono::milliseconds{200};

class SimStream final : public io::Stream {
public:
    explicit SimStream(std::shared_ptr<SimEnd> end) : end_{std::move(end)} {}
    ~SimStream() override {
        if (end_) end_->detach();
    }
    SimStream(const SimStream&) = delete;
    SimStream& operator=(const SimStream&) = delete;

    void set_owner(io::StreamOwner* owner) override { end_->set_owner(owner); }
    void write(std::string_view bytes) override { end_->write(bytes); }
    [[nodiscard]] std::size_t pending() const override { return end_->pending(); }
    [[nodiscard]] std::size_t in_flight() const override { return end_->pending(); }
    void follow() override { end_->follow(); }
    [[nodiscard]] std::uint64_t written() const override { return end_->written(); }
    [[nodiscard]] std::uint64_t taken() const override { return end_->taken(); }
    [[nodiscard]] std::uint64_t received() const override { return end_->received(); }
    void pause(bool paused) override { end_->pause(paused); }
    void start_tls(std::shared_ptr<const io::TlsContext> context, io::TlsRole role, const std::string& name) override {
        end_->start_tls(std::move(context), role, name);
    }
    void close(Duration linger) override { end_->close(linger); }
    void abort() override { end_->abort(); }
    [[nodiscard]] Endpoint local() const override { return end_->local(); }
    [[nodiscard]] Endpoint remote() const override { return end_->remote(); }
    [[nodiscard]] std::string channel_binding(std::string_view type) const override {
        return end_->channel_binding(type);
    }
    [[nodiscard]] std::unique_ptr<io::MovingStream> leave() override {
        if (!end_->may_move()) return nullptr;
        set_owner(nullptr);
        auto moving = std::make_unique<SimMoving>();
        moving->stream = std::make_unique<SimStream>(std::exchange(end_, nullptr));
        return moving;
    }

private:
    std::shared_ptr<SimEnd> end_;
};

}  // namespace

SimEnd::SimEnd(SimFabric& fabric, const Endpoint& local, const Endpoint& remote)
    : fabric_{fabric}, local_{local}, remote_{remote} {}

std::pair<std::unique_ptr<io::Stream>, std::unique_ptr<io::Stream>> SimEnd::connect(SimFabric& fabric,
                                                                                    const Endpoint& from,
                                                                                    const Endpoint& to) {
    auto one = std::make_shared<SimEnd>(fabric, from, to);
    auto other = std::make_shared<SimEnd>(fabric, to, from);
    one->peer_ = other;
    other->peer_ = one;
    fabric.add_end(one);
    fabric.add_end(other);
    return {std::make_unique<SimStream>(one), std::make_unique<SimStream>(other)};
}

void SimEnd::set_owner(io::StreamOwner* owner) {
    owner_ = owner;
    if (owner != nullptr) schedule();
}

void SimEnd::write(std::string_view bytes) {
    written_ += bytes.size();
    if (phase_ != Phase::open || bytes.empty()) return;
    out_ += bytes;
    if (pending() >= io::Stream::high_water) above_high_ = true;
    schedule();
}

void SimEnd::pause(bool paused) {
    paused_ = paused;
    if (!paused) schedule();
}

void SimEnd::start_tls(std::shared_ptr<const io::TlsContext> context, io::TlsRole role, const std::string& name) {
    if (phase_ != Phase::open || tls_) return;
    transmit(std::exchange(out_, {}));
    passage_.passed(written_, wire_bytes_);
    Result<std::unique_ptr<SimSession>> session = make_sim_session(std::move(context), role, name, *this);
    if (session) {
        tls_ = std::move(*session);
    } else {
        tls_problem_ = session.error().text;
    }
    schedule();
}

void SimEnd::close(Duration linger) {
    if (phase_ != Phase::open) return;
    phase_ = Phase::closing;
    linger_ = fabric_.loop().timer([self = weak_from_this()] {
        if (const auto here = self.lock()) here->finish(io::CloseReason::local, {});
    });
    linger_->arm(fabric_.loop().now() + linger);
    schedule();
}

void SimEnd::abort() {
    if (phase_ != Phase::open && phase_ != Phase::closing) return;
    phase_ = Phase::ending;
    freeze();
    send({}, Mark::rst);
    schedule();
}

void SimEnd::detach() {
    owner_ = nullptr;
    if (phase_ == Phase::closing) {
        fabric_.keep(shared_from_this());
        return;
    }
    // What a kernel does when a descriptor is closed: RST when received bytes were not read, otherwise FIN.
    if (phase_ == Phase::open && !fin_sent_) send({}, inbox_.empty() ? Mark::fin : Mark::rst);
    phase_ = Phase::closed;
}

void SimEnd::break_off(const std::string& text) {
    broken_ = text;
    schedule();
}

std::string SimEnd::channel_binding(std::string_view type) const {
    return tls_ ? tls_->channel_binding(type) : std::string{};
}

std::size_t SimEnd::receive(char* into, std::size_t room) {
    const std::size_t size = std::min(room, inbox_.size());
    std::copy_n(inbox_.begin(), size, into);
    inbox_.erase(0, size);
    received_ += size;
    if (const auto peer = peer_.lock(); peer && size > 0) peer->schedule();  // its window has opened
    return size;
}

void SimEnd::schedule() {
    if (scheduled_ || phase_ == Phase::closed) return;
    scheduled_ = true;
    fabric_.loop().defer([self = weak_from_this()] {
        const auto here = self.lock();
        if (!here) return;
        here->scheduled_ = false;
        here->work();
    });
}

void SimEnd::work() {
    const auto self = shared_from_this();
    if (phase_ == Phase::closed) return;
    if (phase_ == Phase::ending) return finish(io::CloseReason::local, {});
    if (!broken_.empty()) {
        return finish(phase_ == Phase::closing ? io::CloseReason::local : io::CloseReason::reset, broken_);
    }
    if (!tls_problem_.empty()) return finish(io::CloseReason::tls_failed, tls_problem_);
    if (phase_ == Phase::closing) {
        inbox_.clear();
    } else {
        read_some();
    }
    if (phase_ == Phase::open || phase_ == Phase::closing) flush();
}

bool SimEnd::may_read() const {
    if (owner_ == nullptr || phase_ != Phase::open || !tls_problem_.empty()) return false;
    return !paused_ || (tls_ && tls_->state() == io::TlsState::handshaking);
}

void SimEnd::read_some() {
    while (may_read()) {
        if (tls_ && tls_->state() == io::TlsState::handshaking) {
            step_handshake();
            if (!may_read() || tls_->state() == io::TlsState::handshaking) return;
            continue;
        }
        std::string bytes;
        if (tls_) {
            bytes = tls_->read();
        } else {
            bytes.resize(std::min(inbox_.size(), fabric_.read_size(local_.address, window)));
            bytes.resize(receive(bytes.data(), bytes.size()));
        }
        if (!bytes.empty()) {
            owner_->on_bytes(bytes);
            continue;
        }
        static_cast<void>(ended());
        return;
    }
}

void SimEnd::step_handshake() {
    const io::TlsState state = tls_->handshake();
    if (state == io::TlsState::open) {
        schedule();
        owner_->on_tls(tls_->take_facts());
    } else if (state == io::TlsState::failed) {
        finish(io::CloseReason::tls_failed, tls_->failure());
    } else if (fin_arrived_) {
        finish(io::CloseReason::tls_failed, "the peer closed the connection during the TLS handshake");
    }
}

bool SimEnd::ended() {
    if (tls_ && tls_->state() == io::TlsState::failed) {
        finish(io::CloseReason::tls_failed, tls_->failure());
    } else if (tls_ && tls_->state() == io::TlsState::closed) {
        finish(io::CloseReason::peer_closed, {});
    } else if (fin_arrived_) {
        finish(tls_ ? io::CloseReason::truncated : io::CloseReason::peer_closed, {});
    } else {
        return false;
    }
    return true;
}

void SimEnd::flush() {
    const bool handshaking = tls_ && tls_->state() == io::TlsState::handshaking;
    if (!out_.empty() && !handshaking) {
        const std::string bytes = std::exchange(out_, {});
        if (tls_) {
            tls_->write(bytes);
        } else {
            transmit(bytes);
        }
        passage_.passed(written_, wire_bytes_);
    }
    const auto peer = peer_.lock();
    while (!wire_.empty()) {
        const std::size_t used = in_flight_ + (peer ? peer->inbox_.size() : 0);
        const std::size_t size = std::min({wire_.size(), segment, window - std::min(window, used)});
        if (size == 0) break;
        send(wire_.substr(0, size), Mark::none);
        wire_.erase(0, size);
    }
    if (above_high_ && pending() <= io::Stream::low_water && phase_ == Phase::open && owner_ != nullptr) {
        above_high_ = false;
        owner_->on_drained();
    }
    if (phase_ != Phase::closing || fin_sent_ || !wire_.empty()) {
        if (phase_ == Phase::closing && fin_sent_ && fin_arrived_) finish(io::CloseReason::local, {});
        return;
    }
    if (tls_) tls_->shut_down();
    fin_sent_ = true;
    send(std::exchange(wire_, {}), Mark::fin);
    if (fin_arrived_) finish(io::CloseReason::local, {});
}

void SimEnd::send(std::string bytes, Mark mark) {
    SimLoop& loop = fabric_.loop();
    in_flight_ += bytes.size();
    last_arrival_ = std::max(last_arrival_, loop.now() + fabric_.latency(local_.address, remote_.address));
    // The peer is held, not this end: bytes sent before a close arrive although the sender has gone.
    loop.at(last_arrival_, [sender = weak_from_this(), peer = peer_, &fabric = fabric_, bytes = std::move(bytes), mark,
                            local = local_, remote = remote_] {
        if (const auto here = sender.lock()) return here->deliver(bytes, mark, never);
        const auto there = peer.lock();
        if (there && !fabric.blocked(local.address, remote.address)) there->arrive(bytes, mark);
    });
}

void SimEnd::deliver(const std::string& bytes, Mark mark, TimePoint held_since) {
    SimLoop& loop = fabric_.loop();
    if (fabric_.blocked(local_.address, remote_.address)) {
        if (held_since == never) held_since = loop.now();
        if (loop.now() - held_since >= unacknowledged) return break_off("Connection timed out");
        last_arrival_ = std::max(last_arrival_, loop.now() + try_again);
        loop.at(loop.now() + try_again, [self = weak_from_this(), bytes, mark, held_since] {
            if (const auto here = self.lock()) here->deliver(bytes, mark, held_since);
        });
        return;
    }
    const auto peer = peer_.lock();
    if (!bytes.empty() && (!peer || peer->phase_ == Phase::closed || peer->phase_ == Phase::ending)) {
        // Nobody takes it: RST comes back.
        loop.at(loop.now() + fabric_.latency(local_.address, remote_.address), [self = weak_from_this()] {
            if (const auto here = self.lock()) here->break_off("Connection reset by peer");
        });
        return;
    }
    in_flight_ -= bytes.size();
    if (peer) peer->arrive(bytes, mark);
}

void SimEnd::arrive(const std::string& bytes, Mark mark) {
    if (phase_ == Phase::closed || phase_ == Phase::ending) return;
    inbox_ += bytes;
    if (mark == Mark::fin) fin_arrived_ = true;
    if (mark == Mark::rst) broken_ = "Connection reset by peer";
    schedule();
}

void SimEnd::freeze() {
    if (!frozen_) frozen_wire_ = acknowledged_wire();
    frozen_ = true;
}

void SimEnd::finish(io::CloseReason reason, const std::string& text) {
    if (phase_ == Phase::closed) return;
    const auto self = shared_from_this();
    const std::string words = text;
    freeze();
    if (follows_ && frozen_wire_ < wire_bytes_ && phase_ != Phase::ending && broken_.empty()) {
        send({}, Mark::rst);  // what is not taken is not sent on
    } else if (phase_ == Phase::open || phase_ == Phase::closing) {
        const bool writable =
            !tls_ || (tls_->state() != io::TlsState::handshaking && tls_->state() != io::TlsState::failed);
        if (writable && broken_.empty() && !fin_sent_) {
            if (tls_ && !out_.empty()) tls_->write(out_);
            if (!tls_) wire_ += out_;
            if (tls_) tls_->shut_down();
        }
        if (!fin_sent_ && broken_.empty()) send(std::exchange(wire_, {}), Mark::fin);
    }
    phase_ = Phase::closed;
    out_.clear();
    wire_.clear();
    tls_.reset();
    linger_.reset();
    fabric_.let_go(self);
    if (io::StreamOwner* owner = std::exchange(owner_, nullptr)) owner->on_closed(reason, words);
}

}  // namespace sallyport::test
