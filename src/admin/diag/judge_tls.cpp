// Findings in the order of the visit's steps.
#include "admin/diag/judge_tls.h"

#include <algorithm>
#include <ctime>

#include "admin/diag/check_rows.h"
#include "base/join.h"
#include "proto/s2s/certificate.h"

namespace sallyport::diag {

namespace {

bool has(const std::vector<std::string>& texts, std::string_view wanted) {
    return std::find(texts.begin(), texts.end(), wanted) != texts.end();
}

std::string milliseconds(Duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) + " ms";
}

std::string date(WallTime time) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[32];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%d", &parts)};
}

void tell_connection(const Visit& visit, Report& report) {
    for (const Finding& closed : visit.closed_doors) report.add(closed);
    if (!visit.door) return;
    report.fact("address", visit.door->at.text());
    report.fact("host", visit.door->host);
    report.fact("connected_in", milliseconds(visit.connect_took));
    report.add(seen(visit.door->direct_tls ? Seen::connected_direct : Seen::connected,
                    {{"host", visit.door->host}, {"address", visit.door->at.text()}}));
}

void judge_certificate(const CertFacts& certificate, const xmpp::Domain& domain, const s2s::StreamPolicy& policy,
                       WallTime now, Report& report) {
    report.fact("certificate_subject", certificate.subject);
    report.fact("certificate_issuer", certificate.issuer);
    report.fact("certificate_names", joined(certificate.dns_names));
    report.fact("certificate_srv_names", joined(certificate.srv_names));
    report.fact("certificate_key", certificate.key);
    report.fact("certificate_sha256", certificate.sha256);
    report.fact("certificate_not_after", date(certificate.not_after));
    const bool required = policy.require_certificate;
    if (certificate.chain_valid) {
        report.add(seen(Seen::chain_good));
    } else {
        report.add(
            seen(required ? Seen::untrusted_refused : Seen::untrusted_dialback, {{"why", certificate.chain_error}}));
    }
    const Values names{{"domain", domain.text()}, {"ascii", domain.ascii()}, {"names", joined(certificate.dns_names)}};
    if (s2s::names(certificate, domain)) {
        report.add(seen(Seen::covers, names));
    } else if (certificate.dns_names.empty()) {
        report.add(seen(required ? Seen::covers_nothing_refused : Seen::covers_nothing_dialback, names));
    } else {
        report.add(seen(required ? Seen::covers_others_refused : Seen::covers_others_dialback, names));
    }
    if (certificate.not_after > now && certificate.not_after - now < peer_expires_soon) {
        report.add(seen(Seen::expires, {{"date", date(certificate.not_after)}}));
    }
    report.fact("proves_domain", s2s::proves(certificate, domain) ? "yes" : "no");
}

void judge_session(const Visit& visit, const xmpp::Domain& domain, const s2s::StreamPolicy& policy, WallTime now,
                   Report& report) {
    if (!visit.tls) return;
    report.fact("tls", visit.tls->version);
    report.fact("cipher", visit.tls->cipher);
    report.fact("alpn", visit.tls->alpn);
    report.fact("handshake_in", milliseconds(visit.tls_took));
    report.add(seen(Seen::session, {{"version", visit.tls->version}, {"cipher", visit.tls->cipher}}));
    if (visit.tls->peer) return judge_certificate(*visit.tls->peer, domain, policy, now, report);
    ThisTime this_time;
    if (policy.require_certificate) this_time.grade = Grade::bad;
    report.add(seen(Seen::no_certificate, {{"domain", domain.text()}}, this_time));
}

void judge_offer(const Visit& visit, const s2s::StreamPolicy& policy, Report& report) {
    if (visit.before_tls) {
        report.fact("features_before_tls", joined(visit.before_tls->names));
        if (visit.before_tls->starttls_required && policy.security == s2s::SecurityMode::no_tls) {
            report.add(seen(Seen::requires_tls));
        }
    }
    if (!visit.after_tls) return;
    report.fact("features", joined(visit.after_tls->names));
    report.fact("mechanisms", joined(visit.after_tls->mechanisms));
    const bool external = has(visit.after_tls->mechanisms, "EXTERNAL");
    if (external) report.add(seen(Seen::offers_external));
    if (has(visit.after_tls->names, "dialback")) return report.add(seen(Seen::offers_dialback));
    if (!external) report.add(seen(policy.offer_dialback ? Seen::offers_neither : Seen::offers_neither_off));
}

}  // namespace

void judge_tls(const Visit& visit, const xmpp::Domain& domain, const s2s::StreamPolicy& policy, WallTime now,
               Report& report) {
    tell_connection(visit, report);
    report.fact("stream_from", visit.peer_from);
    judge_session(visit, domain, policy, now, report);
    judge_offer(visit, policy, report);
    if (!visit.failure) return;
    const bool plain = visit.before_tls && !visit.before_tls->starttls;
    const bool fatal = !plain || policy.security == s2s::SecurityMode::tls_required;
    ThisTime this_time{fatal ? Grade::bad : Grade::warning};
    if (plain) this_time.remedy = Seen::enable_tls;
    if (!visit.door) this_time.remedy = Seen::open_port;
    report.add(seen(visit.failure->what, visit.failure->values, this_time));
}

}  // namespace sallyport::diag
