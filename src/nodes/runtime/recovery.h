// What the disk does not let happen (a full one, one that is mounted read-only) is tried again until it works; an alarm
// tells of it meanwhile. Control thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "io/loop/loop.h"
#include "services/alarms/alarm_board.h"

namespace sallyport::nodes {

class Recovery {
public:
    static constexpr auto interval = std::chrono::seconds{5};
    using OnTried = std::function<void(const Result<void>& outcome)>;
    /// Tries, and tells how that ended: at once, or later on the loop's thread.
    using Try = std::function<void(OnTried on_tried)>;

    /// `loop` and `alarms` must outlive it.
    Recovery(io::Loop& loop, services::AlarmBoard& alarms, services::AlarmCode code, std::string key, Try attempt);
    Recovery(const Recovery&) = delete;
    Recovery& operator=(const Recovery&) = delete;

    /// The alarm is raised, and the first try is one interval away.
    void begin(const Error& why);
    [[nodiscard]] bool is_under_way() const { return under_way_; }
    /// The same for what answers at once.
    static Try at_once(std::function<Result<void>()> attempt);

private:
    void attempt();
    void tried(const Result<void>& outcome);

    io::Loop& loop_;
    services::AlarmBoard& alarms_;
    services::AlarmCode code_;
    std::string key_;
    Try try_;
    std::unique_ptr<io::Timer> timer_;
    bool under_way_ = false;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sallyport::nodes
