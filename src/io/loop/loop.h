// The event loop of one shard, as a seam: timers and work posted from other threads. Real over Asio (asio_loop.cpp),
// simulated in tests/support. A Loop belongs to one thread; only post() may be called from others.
#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"

namespace sallyport::io {

/// One armed or idle deadline. Destroying it disarms it; the callback never runs afterwards.
class Timer {
public:
    virtual ~Timer() = default;
    /// (Re)arms; an earlier deadline is replaced. `never` disarms.
    virtual void arm(TimePoint when) = 0;
    virtual void disarm() = 0;
};

class Loop : public Clock {
public:
    /// A disarmed timer that calls `on_expiry` on this loop's thread.
    [[nodiscard]] virtual std::unique_ptr<Timer> timer(std::function<void()> on_expiry) = 0;
    /// Runs `work` on this loop's thread, in order of posting from any one thread. Thread-safe.
    virtual void post(std::function<void()> work) = 0;
    /// Runs `work` once after the events of this turn (before the next wait): gathering writes. Own thread only.
    virtual void defer(std::function<void()> work) = 0;
};

}  // namespace sallyport::io
