// Whether a stream is read on: bytes a second (threat T50), back-pressure from the next hop, answers that the peer does
// not take (threat T61). The same for both directions of the dial; no I/O.
#pragma once

#include "services/s2s/token_bucket.h"

namespace sallyport::s2s {

class ReadingGate {
public:
    ReadingGate(std::uint64_t rate, std::uint64_t burst, TimePoint now) : bucket_{rate, burst, now} {}

    void configure(std::uint64_t rate, std::uint64_t burst) { bucket_.configure(rate, burst); }
    /// Bytes came. Once too many, what comes next waits until deadline().
    void take(std::size_t bytes, TimePoint now) {
        const Duration wait = bucket_.take(bytes, now);
        if (wait != Duration{0}) until_ = now + wait;
    }
    /// The time may be over.
    void look(TimePoint now) {
        if (until_ <= now) until_ = never;
    }
    [[nodiscard]] TimePoint deadline() const { return until_; }
    void hold(bool held) { held_ = held; }
    void unread(bool unread) { unread_ = unread; }
    [[nodiscard]] bool is_unread() const { return unread_; }
    /// Not because of the peer's own doing: its time to finish a stanza does not run.
    [[nodiscard]] bool closed_by_us() const { return held_ || until_ != never; }
    [[nodiscard]] bool closed() const { return closed_by_us() || unread_; }

private:
    TokenBucket bucket_;
    TimePoint until_ = never;
    bool held_ = false;
    bool unread_ = false;  ///< the peer does not read our answers: its questions wait
};

}  // namespace sallyport::s2s
