// One thread beside a loop for work that takes long and touches nothing of the loop's: hashing passwords, waiting for a
// disk. What is waiting is bounded; results come back on the loop (docs/decisions/0013-hashing-thread.md,
// 0014-nothing-waits.md).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <thread>

#include "io/loop/asio_loop.h"

namespace sallyport::io {

class WorkThread {
public:
    /// `home` must outlive it; at most `most` pieces of work are under way.
    WorkThread(Loop& home, std::size_t most);
    /// Waits for the piece that is being worked on; no `then` runs afterwards.
    ~WorkThread();
    WorkThread(const WorkThread&) = delete;
    WorkThread& operator=(const WorkThread&) = delete;

    /// Runs `work` on the thread, and then `then` on the loop. False: too much is under way, and neither runs. Own
    /// thread of the loop only.
    [[nodiscard]] bool run(std::function<void()> work, std::function<void()> then);
    /// The thread's own, for those who bound what they post.
    [[nodiscard]] Loop& loop() { return loop_; }

private:
    Loop& home_;
    std::size_t most_;
    std::shared_ptr<std::size_t> under_way_;  ///< touched on the loop's thread only; gone: nobody waits any more
    AsioLoop loop_;
    std::thread thread_;
};

}  // namespace sallyport::io
