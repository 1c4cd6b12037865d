// The end of a shard, in order and bounded: nothing new is taken, what is under way has a moment to be done, links end
// and give back what did not arrive, and only then the streams that carry it are closed. A link whose far side says
// nothing ends before that: what it gives back may need a new stream, which takes several round trips. The shards of a
// node go together.
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
        std::function<void()> quiesce;           ///< takes nothing new
        std::function<bool()> quiet;             ///< nothing is under way
        std::function<bool()> others_quiet;      ///< on the other shards
        std::function<void()> end_silent_links;  ///< those that have said nothing since `quiesce`
        std::function<void()> end_links;
        std::function<void()> end_streams;
    };
    /// For what is under way to be done.
    static constexpr Duration patience = std::chrono::seconds{1};
    /// For a far side to say anything at all.
    static constexpr Duration silence = std::chrono::milliseconds{400};
    /// For what links gave back when they ended, beyond the patience.
    static constexpr Duration grace = std::chrono::milliseconds{200};

    explicit OrderedStop(io::Loop& loop) : loop_{loop}, timer_{loop.timer([this] { look(); })} {}

    void begin(Steps steps) {
        if (steps_.quiesce) return;
        steps_ = std::move(steps);
        begun_ = loop_.now();
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
        const Duration since = loop_.now() - begun_;
        // Before it is asked what is under way: the other shards must not believe that what is given back has left.
        if (since >= silence && !std::exchange(silent_ended_, true)) steps_.end_silent_links();
        quiet_ = steps_.quiet();
        const bool all_quiet = quiet_ && steps_.others_quiet();
        if (links_ended_ && (all_quiet || since >= patience + grace)) {
            over_ = true;
            quiet_ = true;  // nobody waits for this shard
            return steps_.end_streams();
        }
        if (!links_ended_ && (all_quiet || since >= patience)) {
            links_ended_ = true;
            steps_.end_links();
        }
        timer_->arm(loop_.now() + look_every);
    }

    io::Loop& loop_;
    Steps steps_;
    TimePoint begun_{};
    std::unique_ptr<io::Timer> timer_;
    std::atomic<bool> quiet_ = false;
    bool silent_ended_ = false, links_ended_ = false, over_ = false;
};

}  // namespace sallyport::nodes
