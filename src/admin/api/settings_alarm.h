// The alarm of settings that cannot be stored: raised at once, and lowered by itself when the database takes changes
// again.
#pragma once

#include <memory>

#include "admin/api/node_control.h"

namespace sallyport::admin {

class SettingsAlarm {
public:
    /// Between two attempts to write, while the alarm is active.
    static constexpr auto interval = std::chrono::seconds{5};

    /// `node` must outlive it; one a node.
    explicit SettingsAlarm(NodeControl& node);
    ~SettingsAlarm();
    SettingsAlarm(const SettingsAlarm&) = delete;
    SettingsAlarm& operator=(const SettingsAlarm&) = delete;

private:
    void judge();

    NodeControl& node_;
    std::unique_ptr<io::Timer> retry_;
};

}  // namespace sallyport::admin
