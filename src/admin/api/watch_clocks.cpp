// The clock of this host, against itself and against a time service.
#include <cstdio>

#include "admin/api/watch.h"
#include "io/log/log_text.h"

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

void Watch::judge_clocks(const Clocks& clocks) {
    judge_jump(clocks);
    judge_date(clocks.wall);
    judge_synchronisation(clocks);
}

void Watch::judge_date(WallTime wall) {
    const std::string& host = node_.file().node.name;
    if (is_sensible(wall)) return node_.alarms().lower(AlarmCode::clock_wrong, host);
    node_.alarms().raise_once(AlarmCode::clock_wrong, host, "it says " + io::log_time(wall).substr(0, 10));
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
    board.raise_once(AlarmCode::clock_unsynchronised, host, "the kernel reports that no time service sets it");
}

}  // namespace sallyport::admin
