// Time-based one-time passwords (RFC 6238 over RFC 4226): HMAC-SHA-1, six digits, steps of 30 seconds, which is what
// every authenticator understands.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sallyport::admin {

inline constexpr std::int64_t totp_step_seconds = 30;
inline constexpr std::size_t totp_secret_bytes = 20;

/// RFC 4226 5.3: the last `digits` digits, with leading zeros.
[[nodiscard]] std::string hotp(std::string_view secret, std::uint64_t counter, unsigned digits = 6);
/// The step that `code` belongs to: the one of `unix_seconds`, the one before or the one after; none below or at
/// `used`, so that a code counts once (RFC 6238 5.2).
[[nodiscard]] std::optional<std::uint64_t> totp_step(std::string_view secret, std::string_view code,
                                                     std::int64_t unix_seconds, std::uint64_t used);
/// RFC 4648 section 6, without padding, as authenticators take it.
[[nodiscard]] std::string base32(std::string_view bytes);
/// "otpauth://totp/…" for a QR code; `issuer` and `account` hold no characters that have to be escaped.
[[nodiscard]] std::string totp_uri(std::string_view secret, const std::string& issuer, const std::string& account);

}  // namespace sallyport::admin
