// Clocks: of this host against itself, of this host against a time service, of this host against linked nodes.
#include <cstdio>

#include "admin/api/clock_skews.h"
#include "admin/api/watch.h"

namespace sallyport::admin {

namespace {

using services::AlarmBoard;
using services::AlarmCode;

double in_seconds(Duration duration) { return std::chrono::duration<double>{duration}.count(); }

std::string seconds_text(Duration duration) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f s", in_seconds(duration < Duration{0} ? -duration : duration));
    return text;
}

}  // namespace

void Watch::judge_clocks(const NodeStatus& status, const Clocks& clocks) {
    judge_jump(clocks);
    judge_synchronisation(clocks);
    const Duration most = std::chrono::seconds{node_.file().limits.clock_skew_seconds};
    std::vector<std::string> keys;
    for (const auto& [realm, skew] : clock_skews(status)) {
        if (std::chrono::abs(skew) <= most) continue;
        keys.push_back(realm);
        // Its amount moves a little with each look, which is no news.
        if (node_.alarms().stands(AlarmCode::clock_skew, realm)) continue;
        node_.alarms().raise(AlarmCode::clock_skew, realm,
                             "it is " + seconds_text(skew) + (skew < Duration{0} ? " behind" : " ahead"));
    }
    node_.alarms().lower_others(AlarmCode::clock_skew, keys);
}

void Watch::judge_jump(const Clocks& clocks) {
    AlarmBoard& board = node_.alarms();
    const std::string& host = node_.file().node.name;
    if (last_clocks_) {
        const Duration jump = (clocks.wall - last_clocks_->wall) - (clocks.steady - last_clocks_->steady);
        if (std::chrono::abs(jump) > std::chrono::seconds{node_.file().limits.clock_jump_seconds}) {
            jumped_at_ = clocks.steady;
            board.raise(AlarmCode::clock_jumped, host,
                        "by " + seconds_text(jump) + (jump < Duration{0} ? " back" : " forward"));
        }
    }
    last_clocks_ = clocks;
    if (jumped_at_ == never || clocks.steady - jumped_at_ < jump_stands) return;
    jumped_at_ = never;
    board.lower(AlarmCode::clock_jumped, host);
}

void Watch::judge_synchronisation(const Clocks& clocks) {
    AlarmBoard& board = node_.alarms();
    const std::string& host = node_.file().node.name;
    if (clocks.synchronised.value_or(true)) {
        unsynchronised_since_ = never;
        return board.lower(AlarmCode::clock_unsynchronised, host);
    }
    if (unsynchronised_since_ == never) unsynchronised_since_ = clocks.steady;
    if (clocks.steady - unsynchronised_since_ < patience_with_clock) return;
    board.raise_once(AlarmCode::clock_unsynchronised, host, "the kernel says that no time service sets it");
}

}  // namespace sallyport::admin
