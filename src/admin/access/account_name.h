// How accounts of administrators, and tokens, may be called.
#pragma once

#include <string_view>

namespace sallyport::admin {

inline constexpr std::string_view account_name_rule = "has 1 to 64 letters, digits, dots, dashes, underscores and @";
[[nodiscard]] bool is_account_name(std::string_view name);

}  // namespace sallyport::admin
