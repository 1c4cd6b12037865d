// The two horizons.
#include "admin/judge/certificate_time.h"

#include "io/log/log_text.h"

namespace sallyport::admin {

CertificateTime certificate_time(const CertFacts& facts, WallTime now) {
    if (facts.not_before > now) return CertificateTime::not_yet;
    if (facts.not_after <= now) return CertificateTime::expired;
    if (facts.not_after - now < expires_very_soon) return CertificateTime::expires_very_soon;
    if (facts.not_after - now < expires_soon) return CertificateTime::expires_soon;
    return CertificateTime::good;
}

std::string_view text(CertificateTime time) {
    switch (time) {
        case CertificateTime::good: return "good";
        case CertificateTime::expires_soon: return "expires soon";
        case CertificateTime::expires_very_soon: return "expires very soon";
        case CertificateTime::expired: return "expired";
        case CertificateTime::not_yet: break;
    }
    return "not valid yet";
}

long long days_until(WallTime when, WallTime now) {
    return std::chrono::duration_cast<std::chrono::hours>(when - now).count() / 24;
}

std::string day(WallTime when) { return io::log_time(when).substr(0, 10); }

}  // namespace sallyport::admin
