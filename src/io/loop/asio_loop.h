// The real event loop of one thread, over Asio's reactor. A turn is: events that are ready, then work posted by other
// threads, then deferred work (gathered writes), then waiting again.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>

#include "io/loop/loop.h"
#include "io/loop/readiness.h"

namespace sallyport::io {

class AsioLoop final : public Loop {
public:
    AsioLoop();
    ~AsioLoop() override;
    AsioLoop(const AsioLoop&) = delete;
    AsioLoop& operator=(const AsioLoop&) = delete;

    /// Runs until stop(). The calling thread is the loop's own.
    void run();
    /// Runs until `done()` holds (asked once a turn) or stop() is called.
    void run_until(const std::function<bool()>& done);
    /// Makes run() return after the current turn. Thread-safe.
    void stop();

    /// Calls `on_signal` on this loop whenever one of `signals` arrives. One call a loop; one loop a process.
    void on_signals(std::initializer_list<int> signals, std::function<void(int)> on_signal);
    [[nodiscard]] std::unique_ptr<Readiness> readiness(int descriptor, ReadinessCallbacks callbacks);

    [[nodiscard]] TimePoint now() const override;
    [[nodiscard]] WallTime wall() const override;
    [[nodiscard]] std::unique_ptr<Timer> timer(std::function<void()> on_expiry) override;
    void post(std::function<void()> work) override;
    void defer(std::function<void()> work) override;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace sallyport::io
