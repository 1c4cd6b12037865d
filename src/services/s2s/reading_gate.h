// Whether a stream is read on: bytes a second (threat T50), back-pressure from the next hop, answers that the peer does
// not take (threat T61). The same for both directions of the dial; no I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "services/s2s/token_bucket.h"

namespace sallyport::s2s {

class ReadingGate {
public:
    ReadingGate(std::uint64_t rate, std::uint64_t burst, TimePoint now) : bucket_{rate, burst, now} {}

    void configure(std::uint64_t rate, std::uint64_t burst) { bucket_.configure(rate, burst); }
    /// So many bytes have come off the wire since the stream began. Once too many, what comes next waits until
    /// deadline(). With TLS that is more than there is to read, much more where records are small.
    void take(std::uint64_t received, TimePoint now) {
        const Duration wait = bucket_.take(received - std::exchange(charged_, received), now);
        if (wait != Duration{0}) until_ = now + wait;
    }
    /// What has come so far is not charged: it was a TLS handshake, which the bounds of connections pay for, or it came
    /// on another connection.
    void begin_at(std::uint64_t received) { charged_ = received; }
    /// The time may be over.
    void look(TimePoint now) {
        if (until_ <= now) until_ = never;
    }
    [[nodiscard]] TimePoint deadline() const { return until_; }
    void hold(bool held) { held_ = held; }
    void unread(bool unread) { unread_ = unread; }
    [[nodiscard]] bool is_held() const { return held_; }
    /// What came before the stream was held, and is read when it no longer is: before what is to be read next, the end
    /// of the connection included.
    void leave_rest(bool left) { has_rest_ = left; }
    [[nodiscard]] bool has_rest() const { return has_rest_; }
    /// Not because of the peer's own doing: its time to finish a stanza does not run. `left_unread`: what it says has
    /// no way at present.
    [[nodiscard]] bool closed_by_us(bool left_unread) const { return until_ != never || left_unread || has_rest_; }
    /// What the stream is to be told, when that is another thing than before: pause, or go on.
    [[nodiscard]] std::optional<bool> pause(bool left_unread) {
        const bool pause = unread_ || closed_by_us(left_unread);
        if (pause == paused_) return std::nullopt;
        return paused_ = pause;
    }
    [[nodiscard]] bool is_paused() const { return paused_; }
    /// Another connection takes the place of the one before: nothing of it is here, and it is being read.
    void begin_again(std::uint64_t received) {
        begin_at(received);
        paused_ = has_rest_ = unread_ = false;
    }

private:
    TokenBucket bucket_;
    TimePoint until_ = never;
    std::uint64_t charged_ = 0;
    bool held_ = false;
    bool paused_ = false;
    bool has_rest_ = false;
    bool unread_ = false;  ///< the peer does not read our answers: its questions wait
};

}  // namespace sallyport::s2s
