// Whether a stream is read on: bytes a second (threat T50), back-pressure from the next hop, answers that the peer does
// not take (threat T61). The same for both directions of the dial; no I/O.
#pragma once

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
    [[nodiscard]] bool is_unread() const { return unread_; }
    /// Not because of the peer's own doing: its time to finish a stanza does not run.
    [[nodiscard]] bool closed_by_us() const { return held_ || until_ != never; }
    [[nodiscard]] bool closed() const { return closed_by_us() || unread_; }

private:
    TokenBucket bucket_;
    TimePoint until_ = never;
    std::uint64_t charged_ = 0;
    bool held_ = false;
    bool unread_ = false;  ///< the peer does not read our answers: its questions wait
};

}  // namespace sallyport::s2s
