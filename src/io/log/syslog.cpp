// A lane a receiver: lines wait in it, and its thread sends them.
#include "io/log/syslog.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace sallyport::io {

namespace {

constexpr auto patience_at_end = std::chrono::seconds{1};

}  // namespace

class SyslogSender::Lane {
public:
    Lane(SyslogAddress at, const LossLine& loss_line, std::chrono::milliseconds patience)
        : state_{at.name, {}, 0, 0}, loss_line_{loss_line}, receiver_{std::move(at), patience}, thread_{[this] {
              run();
          }} {}
    ~Lane() {
        end();
        thread_.join();
    }
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;

    void send(std::shared_ptr<const std::string> line) {
        {
            const std::lock_guard hold{mutex_};
            if (waiting_.size() >= most_waiting) {
                ++state_.lost;
                ++untold_;
                return;
            }
            waiting_.push_back(std::move(line));
        }
        changed_.notify_one();
    }

    [[nodiscard]] State state() const {
        const std::lock_guard hold{mutex_};
        return state_;
    }

    /// Returns when all has been sent, or at `until`.
    void drain(std::chrono::steady_clock::time_point until) {
        std::unique_lock hold{mutex_};
        drained_.wait_until(hold, until, [this] { return waiting_.empty() && !busy_; });
    }

    /// The line under way is the last.
    void end() {
        {
            const std::lock_guard hold{mutex_};
            ending_ = true;
        }
        changed_.notify_one();
    }

private:
    void run() {
        std::unique_lock hold{mutex_};
        for (;;) {
            busy_ = false;
            if (waiting_.empty()) drained_.notify_all();
            const auto is_news = [this] { return ending_ || !waiting_.empty(); };
            if (state_.trouble.empty() || untold_ == 0 || !loss_line_) {
                changed_.wait(hold, is_news);
            } else if (!changed_.wait_for(hold, SyslogReceiver::pause, is_news)) {
                tell_of_loss(hold);
                continue;
            }
            if (ending_) return;
            busy_ = true;
            const auto line = std::move(waiting_.front());
            waiting_.pop_front();
            const std::uint64_t untold = untold_;
            hold.unlock();
            Outcome outcome = put(*line, untold);
            hold.lock();
            untold_ -= outcome.told;
            if (outcome.trouble.empty()) {
                ++state_.sent;
            } else {
                ++state_.lost;
                ++untold_;
            }
            state_.trouble = std::move(outcome.trouble);
        }
    }

    /// Who is back is told at once how much he has missed, not when there is something new.
    void tell_of_loss(std::unique_lock<std::mutex>& hold) {
        const std::uint64_t untold = untold_;
        hold.unlock();
        std::string trouble = receiver_.send(loss_line_(untold));
        hold.lock();
        if (trouble.empty()) untold_ -= untold;
        state_.trouble = std::move(trouble);
    }

    struct Outcome {
        std::string trouble;     ///< empty: the line went out
        std::uint64_t told = 0;  ///< of the lost lines
    };
    [[nodiscard]] Outcome put(const std::string& line, std::uint64_t untold) {
        if (untold > 0 && loss_line_) {
            if (std::string trouble = receiver_.send(loss_line_(untold)); !trouble.empty()) return {trouble, 0};
        }
        Outcome outcome{receiver_.send(line), 0};
        if (outcome.trouble.empty() || receiver_.is_sure()) outcome.told = untold;
        return outcome;
    }

    mutable std::mutex mutex_;  ///< guards what follows, up to `busy_`
    std::condition_variable changed_, drained_;
    std::deque<std::shared_ptr<const std::string>> waiting_;
    State state_;
    std::uint64_t untold_ = 0;  ///< lost lines that the receiver was not told of
    bool ending_ = false, busy_ = false;
    const LossLine loss_line_;
    SyslogReceiver receiver_;  ///< the thread's own
    std::thread thread_;
};

SyslogSender::SyslogSender(std::vector<SyslogAddress> receivers, LossLine loss_line,
                           std::chrono::milliseconds patience) {
    for (SyslogAddress& at : receivers) lanes_.push_back(std::make_unique<Lane>(std::move(at), loss_line, patience));
}

SyslogSender::~SyslogSender() {
    const auto until = std::chrono::steady_clock::now() + patience_at_end;
    for (const auto& lane : lanes_) lane->drain(until);
    // All at once, before the first is waited for.
    for (const auto& lane : lanes_) lane->end();
}

void SyslogSender::send(std::string line) {
    const auto shared = std::make_shared<const std::string>(std::move(line));
    for (const auto& lane : lanes_) lane->send(shared);
}

std::vector<SyslogSender::State> SyslogSender::states() const {
    std::vector<State> states;
    for (const auto& lane : lanes_) states.push_back(lane->state());
    return states;
}

}  // namespace sallyport::io
