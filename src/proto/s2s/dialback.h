// Dialback keys (XEP-0185 section 2) as pure functions.
#pragma once

#include <string>
#include <string_view>

namespace sallyport::s2s {

/// HMAC-SHA256 in lower-case hex; its key is the lower-case hex text of SHA-256(secret), its message
/// "receiving SP originating SP stream_id". Domains are used exactly as they stand in `to` and `from`.
[[nodiscard]] std::string dialback_key(std::string_view secret, std::string_view receiving,
                                       std::string_view originating, std::string_view stream_id);
/// The first 8 digits, for logs (threat T06).
[[nodiscard]] std::string_view cut_key(std::string_view key);

}  // namespace sallyport::s2s
