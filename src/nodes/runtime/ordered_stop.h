// The end of a shard, in order and bounded: nothing new is taken, what is under way has a moment to be done, links end
// and give back what did not arrive, and only then the streams that carry it are closed. The shards of a node go
// together.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "io/loop/loop.h"

namespace sallyport::nodes {

class OrderedStop {
public:
    struct Steps {
        std::function<void()> quiesce;       ///< takes nothing new
        std::function<bool()> quiet;         ///< nothing is under way
        std::function<bool()> others_quiet;  ///< on the other shards
        std::function<void()> end_links;
        std::function<void()> end_streams;
    };
    /// For what is under way to be done.
    static constexpr Duration patience = std::chrono::seconds{1};

    explicit OrderedStop(io::Loop& loop) : loop_{loop}, timer_{loop.timer([this] { look(); })} {}

    void begin(Steps steps) {
        if (steps_.quiesce) return;
        steps_ = std::move(steps);
        until_ = loop_.now() + patience;
        steps_.quiesce();
        // What other shards have sent here comes first.
        timer_->arm(loop_.now() + look_every);
    }
    /// Thread-safe.
    [[nodiscard]] bool quiet() const { return quiet_; }
    /// Streams and links have been told to end.
    [[nodiscard]] bool over() const { return over_; }

private:
    static constexpr Duration look_every = std::chrono::milliseconds{20};

    void look() {
        const TimePoint now = loop_.now();
        if (links_ended_) {
            over_ = true;
            return steps_.end_streams();
        }
        quiet_ = steps_.quiet();
        if (now >= until_ || (quiet_ && steps_.others_quiet())) {
            links_ended_ = true;
            steps_.end_links();
        }
        timer_->arm(now + look_every);
    }

    io::Loop& loop_;
    Steps steps_;
    TimePoint until_{};
    std::unique_ptr<io::Timer> timer_;
    std::atomic<bool> quiet_ = false;
    bool links_ended_ = false, over_ = false;
};

}  // namespace sallyport::nodes
