// Lazily moved deadlines in an ordered map.
#include "io/loop/timer_queue.h"

namespace sallyport::io {

struct TimerQueue::Entry {
    std::function<void()> on_expiry;
    TimePoint deadline = never;  ///< what the owner asked for last
    Key key{never, 0};           ///< where the entry stands in the map; `never`: it does not
};

class TimerQueue::Handle final : public Timer {
public:
    Handle(std::weak_ptr<TimerQueue> queue, std::shared_ptr<Entry> entry)
        : queue_{std::move(queue)}, entry_{std::move(entry)} {}
    ~Handle() override {
        entry_->deadline = never;
        if (const auto queue = queue_.lock()) queue->forget(*entry_);
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;

    void arm(TimePoint when) override {
        entry_->deadline = when;
        if (when >= entry_->key.first) return;
        if (const auto queue = queue_.lock()) queue->schedule(entry_, when);
    }
    void disarm() override { entry_->deadline = never; }

private:
    std::weak_ptr<TimerQueue> queue_;
    std::shared_ptr<Entry> entry_;
};

std::unique_ptr<Timer> TimerQueue::timer(std::function<void()> on_expiry) {
    auto entry = std::make_shared<Entry>();
    entry->on_expiry = std::move(on_expiry);
    return std::make_unique<Handle>(weak_from_this(), std::move(entry));
}

TimePoint TimerQueue::earliest() const { return entries_.empty() ? never : entries_.begin()->first.first; }

void TimerQueue::schedule(const std::shared_ptr<Entry>& entry, TimePoint when) {
    const TimePoint before = earliest();
    forget(*entry);
    entry->key = {when, next_++};
    entries_.emplace(entry->key, entry);
    if (when < before) on_earlier_();
}

void TimerQueue::forget(Entry& entry) {
    if (entry.key.first == never) return;
    entries_.erase(entry.key);
    entry.key = {never, 0};
}

void TimerQueue::expire(TimePoint now) {
    const std::uint64_t limit = next_;
    while (!entries_.empty()) {
        const auto [when, number] = entries_.begin()->first;
        if (when > now || number >= limit) return;
        const std::shared_ptr<Entry> entry = entries_.begin()->second;  // its callback may destroy its own timer
        forget(*entry);
        if (entry->deadline > now) {
            if (entry->deadline != never) schedule(entry, entry->deadline);
            continue;
        }
        entry->deadline = never;
        entry->on_expiry();
    }
}

}  // namespace sallyport::io
