// Deadlines of one loop, earliest first; equal ones in the order of arming. Moving a deadline later costs nothing: the
// old entry stays and is looked at again when it comes up, which suits idle timers that move with every stanza.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "io/loop/loop.h"

namespace sallyport::io {

/// Held by a shared_ptr; timers may outlive it and then do nothing.
class TimerQueue : public std::enable_shared_from_this<TimerQueue> {
public:
    /// `on_earlier` is called when the earliest entry has moved forward.
    explicit TimerQueue(std::function<void()> on_earlier) : on_earlier_{std::move(on_earlier)} {}

    [[nodiscard]] std::unique_ptr<Timer> timer(std::function<void()> on_expiry);
    /// The earliest entry; `never` when there is none.
    [[nodiscard]] TimePoint earliest() const;
    /// Calls what is due at `now`. A timer armed meanwhile waits for the next call, so this ends.
    void expire(TimePoint now);

private:
    struct Entry;
    class Handle;
    using Key = std::pair<TimePoint, std::uint64_t>;

    void schedule(const std::shared_ptr<Entry>& entry, TimePoint when);
    void forget(Entry& entry);

    std::map<Key, std::shared_ptr<Entry>> entries_;
    std::uint64_t next_ = 0;
    std::function<void()> on_earlier_;
};

}  // namespace sallyport::io
