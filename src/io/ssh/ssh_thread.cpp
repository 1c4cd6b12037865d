// Turns: wait for sockets or a wake-up, run what was posted, let every session go on, bury those that are over.
//
// What libssh does for one session polls all of them, and the wake-up too. So nothing may wait for an event that a step
// has already taken: work that was posted meanwhile, and bytes that arrived for anybody during the steps, make the next
// turn begin at once.
#include "io/ssh/ssh_thread.h"

#include <libssh/libssh.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

#include "io/ssh/ssh_session.h"

namespace sallyport::io {

SshThread::SshThread() : event_{ssh_event_new()}, wake_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
    ssh_event_add_fd(event_, wake_, POLLIN, woken, this);
    thread_ = std::thread{[this] { run(); }};
}

SshThread::~SshThread() {
    stop();
    ssh_event_remove_fd(event_, wake_);
    ssh_event_free(event_);
    close(wake_);
}

void SshThread::stop() {
    if (!thread_.joinable()) return;
    ending_ = true;
    post([] {});
    thread_.join();
}

void SshThread::post(std::function<void()> work) {
    {
        const std::lock_guard hold{mutex_};
        posted_.push_back(std::move(work));
    }
    const std::uint64_t one = 1;
    // A full counter wakes as well, so a short write does not matter.
    [[maybe_unused]] const auto written = write(wake_, &one, sizeof one);
}

int SshThread::woken(int descriptor, int, void*) {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = read(descriptor, &count, sizeof count);
    return 0;
}

void SshThread::drain() {
    std::vector<std::function<void()>> batch;
    {
        const std::lock_guard hold{mutex_};
        batch.swap(posted_);
    }
    for (const auto& item : batch) item();
}

void SshThread::run() {
    while (!ending_) {
        ssh_event_dopoll(event_, patience());
        drain();
        const std::uint64_t before = received();
        for (const auto& session : sessions_) session->step();
        eager_ = received() != before;
        std::erase_if(sessions_, [](const auto& session) { return session->over(); });
    }
    sessions_.clear();
}

std::uint64_t SshThread::received() const {
    std::uint64_t sum = 0;
    for (const auto& session : sessions_) sum += session->received();
    return sum;
}

int SshThread::patience() {
    if (eager_) return 0;
    {
        const std::lock_guard hold{mutex_};
        if (!posted_.empty()) return 0;
    }
    constexpr auto longest = std::chrono::milliseconds{60'000};
    auto until = SshSession::Clock::now() + longest;
    for (const auto& session : sessions_) until = std::min(until, session->deadline());
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - SshSession::Clock::now());
    return static_cast<int>(std::clamp(left, std::chrono::milliseconds{0}, longest).count());
}

void SshThread::add(std::unique_ptr<SshSession> session) { sessions_.push_back(std::move(session)); }

SshSession* SshThread::find(std::uint64_t number) const {
    const auto at = std::find_if(sessions_.begin(), sessions_.end(),
                                 [number](const auto& session) { return session->number() == number; });
    return at == sessions_.end() || (*at)->over() ? nullptr : at->get();
}

}  // namespace sallyport::io
