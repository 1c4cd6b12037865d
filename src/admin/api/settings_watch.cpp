// One alarm and one timer.
#include "admin/api/settings_watch.h"

namespace sallyport::admin {

SettingsWatch::SettingsWatch(NodeControl& node)
    : node_{node}, retry_{node.loop().timer([this] {
          retry_->arm(node_.loop().now() + interval);
          node_.settings().retry();
      })} {
    node_.settings().on_trouble([this] { judge(); });
    judge();
}

SettingsWatch::~SettingsWatch() { node_.settings().on_trouble(nullptr); }

void SettingsWatch::judge() {
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
