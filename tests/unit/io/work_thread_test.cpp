// Work beside a loop: its result comes home, and so does all that was given with it.
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "io/loop/work_thread.h"

namespace sallyport::io {
namespace {

/// A loop whose thread is so quick that posted work has been done, and is gone, before post() returns.
class QuickLoop final : public Loop {
public:
    [[nodiscard]] TimePoint now() const override { return {}; }
    [[nodiscard]] WallTime wall() const override { return {}; }
    [[nodiscard]] std::unique_ptr<Timer> timer(std::function<void()>) override { return nullptr; }
    void defer(std::function<void()>) override {}
    void post(std::function<void()> work) override {
        std::unique_lock lock{mutex_};
        posted_ = std::move(work);
        changed_.notify_all();
        changed_.wait(lock, [&] { return done_; });
        done_ = false;
    }
    /// The next piece of posted work, on the thread that calls.
    void take_one() {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [&] { return posted_.has_value(); });
        (*posted_)();
        posted_.reset();
        done_ = true;
        changed_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<std::function<void()>> posted_;
    bool done_ = false;
};

/// Writes down the thread that destroys it.
struct Held {
    explicit Held(std::thread::id& at) : ended_at{at} {}
    ~Held() { ended_at = std::this_thread::get_id(); }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    std::thread::id& ended_at;
};

TEST(WorkThread, DestroysWhatItWasGivenOnTheThreadThatGaveIt) {
    std::thread::id work_ended, then_ended, worked_at, answered_at;
    {
        QuickLoop home;
        WorkThread thread{home, 1};
        ASSERT_TRUE(thread.run(
            [held = std::make_shared<Held>(work_ended), &worked_at] { worked_at = std::this_thread::get_id(); },
            [held = std::make_shared<Held>(then_ended), &answered_at] { answered_at = std::this_thread::get_id(); }));
        home.take_one();
    }
    EXPECT_NE(worked_at, std::this_thread::get_id());
    EXPECT_EQ(answered_at, std::this_thread::get_id());
    EXPECT_EQ(work_ended, std::this_thread::get_id());
    EXPECT_EQ(then_ended, std::this_thread::get_id());
}

}  // namespace
}  // namespace sallyport::io
