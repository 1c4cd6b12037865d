// One end of a simulated TCP connection; behaves towards its owner as io/net's Connection does.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "io/net/passage.h"
#include "io/net/stream.h"
#include "support/sim_network.h"
#include "support/sim_tls.h"

namespace sallyport::test {

/// All loops of the world are one: a stream that moves is the same one.
struct SimMoving final : io::MovingStream {
    std::unique_ptr<io::Stream> stream;
};

class SimEnd final : public std::enable_shared_from_this<SimEnd>, private io::TlsWire {
public:
    SimEnd(SimFabric& fabric, const Endpoint& local, const Endpoint& remote);

    /// Two connected streams.
    static std::pair<std::unique_ptr<io::Stream>, std::unique_ptr<io::Stream>> connect(SimFabric& fabric,
                                                                                       const Endpoint& from,
                                                                                       const Endpoint& to);
    void set_owner(io::StreamOwner* owner);
    void write(std::string_view bytes);
    [[nodiscard]] std::size_t pending() const { return out_.size() + wire_.size(); }
    void follow() { follows_ = true; }
    [[nodiscard]] std::uint64_t received() const { return received_; }
    [[nodiscard]] std::uint64_t written() const { return written_; }
    [[nodiscard]] std::uint64_t taken() { return passage_.taken(frozen_ ? frozen_wire_ : acknowledged_wire()); }
    void pause(bool paused);
    void start_tls(std::shared_ptr<const io::TlsContext> context, io::TlsRole role, const std::string& name);
    void close(Duration linger);
    void abort();
    void detach();
    [[nodiscard]] bool may_move() const { return phase_ == Phase::open && broken_.empty() && tls_problem_.empty(); }
    /// What the peer gets in place of a record of TLS.
    void write_beside_tls(std::string_view bytes) {
        transmit(bytes);
        schedule();
    }
    /// The connection breaks; both ends hear of a reset.
    void break_off(const std::string& text);
    [[nodiscard]] const Endpoint& local() const { return local_; }
    [[nodiscard]] const Endpoint& remote() const { return remote_; }
    [[nodiscard]] std::string channel_binding(std::string_view type) const;

private:
    enum class Phase { open, closing, ending, closed };
    enum class Mark { none, fin, rst };

    std::size_t receive(char* into, std::size_t room) override;
    void transmit(std::string_view bytes) override {
        wire_ += bytes;
        wire_bytes_ += bytes.size();
    }
    [[nodiscard]] std::uint64_t acknowledged_wire() const { return wire_bytes_ - wire_.size() - in_flight_; }
    void freeze();

    void schedule();
    void work();
    void read_some();
    [[nodiscard]] bool may_read() const;
    void step_handshake();
    [[nodiscard]] bool ended();
    void flush();
    void send(std::string bytes, Mark mark);
    void deliver(const std::string& bytes, Mark mark, TimePoint held_since);
    void arrive(const std::string& bytes, Mark mark);
    void finish(io::CloseReason reason, const std::string& text);

    SimFabric& fabric_;
    Endpoint local_;
    Endpoint remote_;
    std::weak_ptr<SimEnd> peer_;
    io::StreamOwner* owner_ = nullptr;
    std::unique_ptr<SimSession> tls_;
    std::unique_ptr<io::Timer> linger_;
    std::string inbox_;  ///< arrived and not yet read
    std::string out_;
    std::string wire_;
    std::string tls_problem_;
    std::string broken_;
    std::size_t in_flight_ = 0;
    io::Passage passage_;
    std::uint64_t received_ = 0, written_ = 0, wire_bytes_ = 0, frozen_wire_ = 0;
    bool follows_ = false, frozen_ = false;
    TimePoint last_arrival_{};
    Phase phase_ = Phase::open;
    bool paused_ = false;
    bool scheduled_ = false;
    bool above_high_ = false;
    bool fin_arrived_ = false;
    bool fin_sent_ = false;
};

}  // namespace sallyport::test
