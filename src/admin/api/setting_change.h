// Changing settings on behalf of a call: the author is the caller's, and the answer says what is in force now.
#pragma once

#include <boost/json.hpp>
#include <string>

#include "admin/api/call.h"

namespace sallyport::admin {

/// Sets `name` to `json_text`. Ends the call with {name, value, revision, changed} and, if not empty, `note`; or with
/// the error.
void change_setting(Call& call, const std::string& name, const std::string& json_text, const std::string& note = {});

/// The value for people and scripts; secrets are stars.
[[nodiscard]] boost::json::value shown_value(const config::SettingRow& row, const config::Settings& settings);

}  // namespace sallyport::admin
