// A loop of its own is the queue.
#include "io/loop/work_thread.h"

namespace sallyport::io {

WorkThread::WorkThread(Loop& home, std::size_t most)
    : home_{home}, most_{most}, under_way_{std::make_shared<std::size_t>(0)}, thread_{[this] { loop_.run(); }} {}

WorkThread::~WorkThread() {
    under_way_.reset();
    loop_.stop();
    thread_.join();
}

bool WorkThread::run(std::function<void()> work, std::function<void()> then) {
    if (*under_way_ >= most_) return false;
    ++*under_way_;
    loop_.post([this, work = std::move(work), then = std::move(then), weak = std::weak_ptr(under_way_)]() mutable {
        work();
        // Moved: what the two hold ends on the thread that gave it.
        home_.post([work = std::move(work), then = std::move(then), weak] {
            const auto count = weak.lock();
            if (!count) return;
            --*count;
            then();
        });
    });
    return true;
}

}  // namespace sallyport::io
