// Changing settings on behalf of a call: the author is the caller's, and the answer says what is in force now.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "admin/api/call.h"

namespace sallyport::admin {

/// What is in force of a setting after somebody else changed it: what a caller with a stale revision has to know.
struct StaleSetting {
    std::string name;
    boost::json::value value;  ///< as shown_value
    std::uint64_t revision = 0;
};
/// The first of `names` that changed after `revision`; nothing: none did.
[[nodiscard]] std::optional<StaleSetting> stale_setting(services::SettingsService& settings,
                                                        const std::vector<std::string>& names, std::uint64_t revision);
/// "revision-stale" about it.
[[nodiscard]] Error stale_error(const StaleSetting& stale);

/// Sets `name` to `json_text`. Ends the call with {name, value, revision, changed} and, if not empty, `note`; or with
/// the error, "revision-stale" among them if the call names a revision.
void change_setting(Call& call, const std::string& name, const std::string& json_text, const std::string& note = {});

/// A setting with its row: {name, value, default, type, values, help, secret, owner, page, revision}.
[[nodiscard]] boost::json::object describe_setting(const config::SettingRow& row, services::SettingsService& settings);
/// Whether the setting, which is one of the table, has any effect on the node; otherwise the call has ended.
[[nodiscard]] bool is_shown(Call& call, const char* setting);
/// All that have an effect on the node: {revision, settings}.
[[nodiscard]] boost::json::object describe_settings(services::SettingsService& settings);
/// "setting-unknown", with the nearest name.
[[nodiscard]] Error unknown_setting(const std::string& name);

/// The value for people and scripts; secrets are stars.
[[nodiscard]] boost::json::value shown_value(const config::SettingRow& row, const config::Settings& settings);

}  // namespace sallyport::admin
