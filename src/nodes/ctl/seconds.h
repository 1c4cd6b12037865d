// Calls somebody every second, as long as it lives: for a command that waits for its answer.
#pragma once

#include <functional>
#include <memory>

#include "io/loop/loop.h"

namespace sallyport::ctl {

class Seconds {
public:
    using OnSecond = std::function<void(Duration since_begin)>;

    /// `loop` must outlive it. `on_second` may be empty.
    Seconds(io::Loop& loop, OnSecond on_second)
        : loop_{loop}, on_second_{std::move(on_second)}, begin_{loop.now()}, timer_{loop.timer([this] {
              on_second_(loop_.now() - begin_);
              arm();
          })} {
        if (on_second_) arm();
    }
    Seconds(const Seconds&) = delete;
    Seconds& operator=(const Seconds&) = delete;

private:
    void arm() { timer_->arm(loop_.now() + std::chrono::seconds{1}); }

    io::Loop& loop_;
    OnSecond on_second_;
    TimePoint begin_;
    std::unique_ptr<io::Timer> timer_;
};

}  // namespace sallyport::ctl
