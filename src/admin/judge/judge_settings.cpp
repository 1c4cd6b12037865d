// Settings that leave the node without a task, and a file on which it could pass for another. Whether settings can be
// changed is an alarm of its own (SettingsAlarm).
#include "admin/judge/finding_rows.h"
#include "admin/judge/judges.h"

namespace sallyport::admin {

using diag::Grade;

Findings judge_settings(const Facts& facts) {
    const auto& [status, file, settings, now] = facts;
    Findings found;
    // Good enough to start with, but a node in other hands could pass for another.
    for (const Reason& weakness : file.weak_links) found.push_back({Grade::warning, weakness.why, weakness.remedy});
    if (status.admin_open && !status.has_accounts) {
        found.push_back(say(Says::no_account));
    }
    if (file.role == config::Role::presence) return found;
    if (!status.federation_enabled) {
        found.push_back(say(Says::federation_off));
    }
    if (settings.domains.empty()) {
        found.push_back(say(Says::no_domain));
    }
    const bool routed = settings.use_static_routes && !settings.static_routes.empty();
    if (settings.privacy_mode == config::PrivacyMode::allow_list && settings.allow_list.empty() && !routed) {
        found.push_back(say(Says::allow_list_empty));
    }
    return found;
}

}  // namespace sallyport::admin
