// Certificates by their time: those of this node, those of peers with a stream, the authority of servers inside; and
// whether the certificates of an edge name every domain of ours.
#include <algorithm>
#include <set>

#include "admin/diag/judge_tls.h"
#include "admin/judge/certificate_time.h"
#include "admin/judge/finding_rows.h"
#include "admin/judge/judges.h"
#include "base/counted.h"
#include "proto/s2s/certificate.h"

namespace sallyport::admin {

using services::AlarmCode;

namespace {

std::string days_left(WallTime when, WallTime now) {
    const auto days = days_until(when, now);
    return counted(static_cast<std::uint64_t>(std::max(days, 0LL)), "day") + " left";
}

/// Of those for servers of other domains.
bool is_named(const NodeStatus& status, const xmpp::Domain& domain) {
    return std::any_of(status.certificates.begin(), status.certificates.end(), [&](const OwnCertificate& own) {
        return own.use == CertificateUse::s2s && s2s::names(own.facts, domain);
    });
}

}  // namespace

Finding judge_certificate(const OwnCertificate& own, WallTime now) {
    const WallTime end = own.facts.not_after;
    switch (certificate_time(own.facts, now)) {
        case CertificateTime::not_yet: return alarm(AlarmCode::certificate_not_yet, own.used_for(), own.file);
        case CertificateTime::expired: return alarm(AlarmCode::certificate_expired, own.used_for(), own.file);
        case CertificateTime::expires_very_soon:
            return alarm(AlarmCode::certificate_expiring_soon, own.used_for(), own.file + ", " + days_left(end, now));
        case CertificateTime::expires_soon:
            return alarm(AlarmCode::certificate_expiring, own.used_for(), own.file + ", " + days_left(end, now));
        case CertificateTime::good: break;
    }
    return say(Says::certificate_good,
               {{"use", own.used_for()}, {"file", own.file}, {"days", std::to_string(days_until(end, now))}});
}

Findings judge_certificates(const Facts& facts) {
    Findings found;
    for (const OwnCertificate& own : facts.status.certificates) found.push_back(judge_certificate(own, facts.now));
    return found;
}

Findings judge_partners(const Facts& facts) {
    Findings found;
    std::set<std::string> seen;
    for (const s2s::StreamStatus& stream : facts.status.streams) {
        const WallTime end = stream.certificate_not_after;
        if (end == WallTime{} || stream.remote.empty()) continue;
        if (end - facts.now >= diag::peer_expires_soon || !seen.insert(stream.remote).second) continue;
        if (end <= facts.now) {
            found.push_back(alarm(AlarmCode::peer_certificate_expired, stream.remote, stream.certificate_subject));
        } else {
            found.push_back(alarm(AlarmCode::peer_certificate_expiring, stream.remote,
                                  stream.certificate_subject + ", " + days_left(end, facts.now)));
        }
    }
    return found;
}

Findings judge_authority(const Facts& facts) {
    const auto& own = facts.status.inside_authority;
    if (!own || (own->facts.not_before <= facts.now && own->facts.not_after > facts.now)) return {};
    return {alarm(AlarmCode::inside_authority, own->file,
                  "it is good from " + day(own->facts.not_before) + " to " + day(own->facts.not_after) +
                      ", and today is " + day(facts.now))};
}

Findings judge_coverage(const Facts& facts) {
    const auto& [status, file, settings, now] = facts;
    Findings found;
    if (file.role != config::Role::edge || settings.security_mode == s2s::SecurityMode::no_tls) return found;
    for (const config::NamePattern& pattern : settings.domains) {
        if (pattern.below) continue;
        if (is_named(status, pattern.domain)) {
            found.push_back(say(Says::covered, {{"domain", pattern.domain.text()}}));
        } else {
            found.push_back(say(Says::not_covered, {{"domain", pattern.domain.text()}, {"file", file.path}}));
        }
    }
    return found;
}

}  // namespace sallyport::admin
