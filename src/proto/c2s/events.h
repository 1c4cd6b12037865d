// The facts that the client stream machine tells the log. The names are an interface; docs/manual/log-events.md has a
// row for each.
#pragma once

#include <string_view>

namespace sallyport::c2s::event {

inline constexpr std::string_view tls = "c2s.tls";
inline constexpr std::string_view login = "c2s.login";
inline constexpr std::string_view login_failed = "c2s.login.failed";
inline constexpr std::string_view bound = "c2s.bound";
inline constexpr std::string_view resumed = "c2s.resumed";
inline constexpr std::string_view refused = "c2s.refused";
inline constexpr std::string_view closed = "c2s.closed";

}  // namespace sallyport::c2s::event
