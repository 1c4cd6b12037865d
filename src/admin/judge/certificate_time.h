// How a certificate of a node stands in its time: the one judgement behind alarms, checks, `check-config` and pages.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/tls_facts.h"

namespace sallyport::admin {

enum class CertificateTime : std::uint8_t { good, expires_soon, expires_very_soon, expired, not_yet };
inline constexpr auto expires_soon = std::chrono::hours{24 * 30};
inline constexpr auto expires_very_soon = std::chrono::hours{24 * 7};

[[nodiscard]] CertificateTime certificate_time(const CertFacts& facts, WallTime now);
/// "good", "expires soon", "expires very soon", "expired", "not valid yet".
[[nodiscard]] std::string_view text(CertificateTime time);
/// Whole days until `when`; negative when it is past.
[[nodiscard]] long long days_until(WallTime when, WallTime now);
/// YYYY-MM-DD
[[nodiscard]] std::string day(WallTime when);

}  // namespace sallyport::admin
