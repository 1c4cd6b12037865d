// The status of a node for all who ask for it. Gathering costs every shard a copy of what it has, so those who ask
// while one is under way, or soon after one, share the next: what anybody is told was gathered after he asked, and the
// shards spend a bounded part of their time on it, however many ask. One thread.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "admin/api/node_control.h"
#include "base/clock.h"
#include "io/loop/loop.h"

namespace sallyport::admin {

class SharedStatus {
public:
    /// From the begin of one gathering to the begin of the next, at least; and so many times as long as one took.
    static constexpr Duration interval = std::chrono::milliseconds{100};
    static constexpr unsigned rest = 10;
    /// A shard that hangs for a while does not keep status away for ten times as long.
    static constexpr Duration longest_rest = std::chrono::seconds{2};

    using Gather = std::function<void(std::function<void(NodeStatus)> then)>;
    /// `loop` must outlive it; `gather` is called from it and may be answered when this is gone.
    SharedStatus(io::Loop& loop, Gather gather);
    SharedStatus(const SharedStatus&) = delete;
    SharedStatus& operator=(const SharedStatus&) = delete;

    void ask(NodeControl::OnStatus on_status);

private:
    void begin();
    void gathered(const NodeStatus& status);

    io::Loop& loop_;
    Gather gather_;
    std::unique_ptr<io::Timer> timer_;
    std::vector<NodeControl::OnStatus> waiting_;  ///< for the next; one a request under way
    std::vector<NodeControl::OnStatus> served_;   ///< by the one under way
    bool busy_ = false;                           ///< one is under way, or the next is due at a known time
    TimePoint began_{}, next_{};
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sallyport::admin
