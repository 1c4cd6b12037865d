// The cookie of a session.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sallyport::admin {

/// Strict: __Host- wants Secure, Path=/ and no Domain (RFC 6265bis 4.1.3.2).
[[nodiscard]] inline std::string cookie_text(std::string_view name, std::string_view value, std::int64_t seconds) {
    return std::string{name} + "=" + std::string{value} +
           "; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=" + std::to_string(seconds);
}

}  // namespace sallyport::admin
