// One alarm and one timer.
#include "admin/api/settings_alarm.h"

namespace sallyport::admin {

SettingsAlarm::SettingsAlarm(NodeControl& node)
    : node_{node}, retry_{node.loop().timer([this] {
          retry_->arm(node_.loop().now() + interval);
          node_.settings().retry();
      })} {
    node_.settings().on_trouble([this] { judge(); });
    judge();
}

SettingsAlarm::~SettingsAlarm() { node_.settings().on_trouble(nullptr); }

void SettingsAlarm::judge() {
    const std::string key = "the database";
    const std::string& trouble = node_.settings().trouble();
    if (trouble.empty()) {
        retry_->disarm();
        node_.alarms().lower(services::AlarmCode::settings_store, key);
    } else {
        retry_->arm(node_.loop().now() + interval);
        node_.alarms().raise(services::AlarmCode::settings_store, key, trouble);
    }
}

}  // namespace sallyport::admin
