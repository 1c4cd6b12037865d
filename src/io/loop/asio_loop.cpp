// Turns over io_context: one blocking wait, then what else is ready (bounded), then timers, then deferred work.
#include "io/loop/asio_loop.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <mutex>
#include <vector>

#include "io/loop/timer_queue.h"

namespace sallyport::io {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// Events handled in one turn, and time spent on them, before deferred work gets its share. Writes are deferred: many
/// small events fill one TLS record, but behind a handshake the other side would stand still.
constexpr int events_per_turn = 256;
constexpr Duration turn_time = std::chrono::microseconds{300};

class DescriptorReadiness final : public Readiness {
public:
    DescriptorReadiness(asio::io_context& context, int descriptor, ReadinessCallbacks callbacks)
        : core_{std::make_shared<Core>(context, descriptor, std::move(callbacks))} {}
    ~DescriptorReadiness() override { core_->end(); }
    DescriptorReadiness(const DescriptorReadiness&) = delete;
    DescriptorReadiness& operator=(const DescriptorReadiness&) = delete;

    void want_read() override { want(Core::Wait::wait_read, core_->reading, core_->callbacks.on_readable); }
    void want_write() override { want(Core::Wait::wait_write, core_->writing, core_->callbacks.on_writable); }

private:
    /// Outlives the interest while a wait is under way or a callback runs.
    struct Core {
        using Wait = asio::posix::stream_descriptor;

        Core(asio::io_context& context, int fd, ReadinessCallbacks calls)
            : descriptor{context, fd}, callbacks{std::move(calls)} {}
        void end() {
            ended = true;
            descriptor.release();
        }

        asio::posix::stream_descriptor descriptor;
        ReadinessCallbacks callbacks;
        bool reading = false;
        bool writing = false;
        bool ended = false;
    };

    void want(Core::Wait::wait_type type, bool& waiting, const std::function<void()>& callback) {
        if (waiting) return;
        waiting = true;
        core_->descriptor.async_wait(type, [core = core_, &waiting, &callback](const error_code&) {
            waiting = false;
            if (!core->ended) callback();
        });
    }

    std::shared_ptr<Core> core_;
};

}  // namespace

struct AsioLoop::State {
    State() : context{1}, clock{context}, work{asio::make_work_guard(context)} {}

    void rearm() {
        const TimePoint earliest = timers->earliest();
        clock.expires_at(earliest == never
                             ? std::chrono::steady_clock::time_point::max()
                             : std::chrono::time_point_cast<std::chrono::steady_clock::duration>(earliest));
        clock.async_wait([this](const error_code& problem) {
            if (problem) return;
            timers->expire(std::chrono::steady_clock::now());
            if (timers->earliest() != never) rearm();
        });
    }

    void drain_posted() {
        std::vector<std::function<void()>> batch;
        {
            const std::lock_guard hold{mutex};
            batch.swap(posted);
        }
        for (const auto& item : batch) item();
    }

    void drain_deferred() {
        running.swap(deferred);
        for (const auto& item : running) item();
        running.clear();
    }

    void turn() {
        if (deferred.empty()) context.run_one();
        const TimePoint end = std::chrono::steady_clock::now() + turn_time;
        for (int i = 0; i < events_per_turn && context.poll_one() > 0; ++i) {
            if (std::chrono::steady_clock::now() > end) break;
        }
        drain_deferred();
    }

    asio::io_context context;
    std::shared_ptr<TimerQueue> timers = std::make_shared<TimerQueue>([this] { rearm(); });
    asio::steady_timer clock;
    asio::executor_work_guard<asio::io_context::executor_type> work;
    std::unique_ptr<asio::signal_set> signals;
    std::function<void(int)> on_signal;
    std::vector<std::function<void()>> deferred;
    std::vector<std::function<void()>> running;
    std::mutex mutex;
    std::vector<std::function<void()>> posted;
    bool stopped = false;

    void wait_signal() {
        signals->async_wait([this](const error_code& problem, int number) {
            if (problem) return;
            wait_signal();
            on_signal(number);
        });
    }
};

AsioLoop::AsioLoop() : state_{std::make_shared<State>()} {}

AsioLoop::~AsioLoop() {
    // Posted and deferred work may hold streams and timers; they go before the context does.
    state_->posted.clear();
    state_->deferred.clear();
}

void AsioLoop::run() {
    run_until([] { return false; });
}

void AsioLoop::run_until(const std::function<bool()>& done) {
    state_->stopped = false;
    while (!state_->stopped && !done()) state_->turn();
}

void AsioLoop::stop() {
    post([state = state_.get()] { state->stopped = true; });
}

void AsioLoop::on_signals(std::initializer_list<int> signals, std::function<void(int)> on_signal) {
    state_->signals = std::make_unique<asio::signal_set>(state_->context);
    for (const int number : signals) state_->signals->add(number);
    state_->on_signal = std::move(on_signal);
    state_->wait_signal();
}

std::unique_ptr<Readiness> AsioLoop::readiness(int descriptor, ReadinessCallbacks callbacks) {
    return std::make_unique<DescriptorReadiness>(state_->context, descriptor, std::move(callbacks));
}

TimePoint AsioLoop::now() const { return std::chrono::steady_clock::now(); }

WallTime AsioLoop::wall() const {
    return std::chrono::time_point_cast<WallTime::duration>(std::chrono::system_clock::now());
}

std::unique_ptr<Timer> AsioLoop::timer(std::function<void()> on_expiry) {
    return state_->timers->timer(std::move(on_expiry));
}

void AsioLoop::post(std::function<void()> work) {
    bool first = false;
    {
        const std::lock_guard hold{state_->mutex};
        first = state_->posted.empty();
        state_->posted.push_back(std::move(work));
    }
    if (first) asio::post(state_->context, [state = state_.get()] { state->drain_posted(); });
}

void AsioLoop::defer(std::function<void()> work) { state_->deferred.push_back(std::move(work)); }

}  // namespace sallyport::io
