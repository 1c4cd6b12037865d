// Findings in the order of the visit's steps.
#include "admin/diag/judge_tls.h"

#include <algorithm>
#include <ctime>

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
    for (const std::string& closed : visit.closed_doors) {
        report.add(Grade::warning, closed, "check the server, the firewalls and its DNS records");
    }
    if (!visit.door) return;
    report.fact("address", visit.door->at.text());
    report.fact("host", visit.door->host);
    report.fact("connected_in", milliseconds(visit.connect_took));
    report.add(Grade::good, "connected to " + visit.door->host + " at " + visit.door->at.text() +
                                (visit.door->direct_tls ? " (direct TLS)" : ""));
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
    const Grade grade = policy.require_certificate ? Grade::bad : Grade::warning;
    const std::string otherwise = policy.require_certificate
                                      ? "a certificate is required of this domain, so it is refused"
                                      : "it has to be authenticated by dialback";
    if (certificate.chain_valid) {
        report.add(Grade::good, "the certificate's chain ends at a trusted CA");
    } else {
        report.add(grade, "the certificate is not trusted: " + certificate.chain_error + "; " + otherwise,
                   "its administrator needs another certificate, or add its CA to [tls] trust");
    }
    if (s2s::names(certificate, domain)) {
        report.add(Grade::good, "the certificate covers " + domain.text());
    } else {
        report.add(grade,
                   "the certificate does not cover " + domain.text() + " but " +
                       (certificate.dns_names.empty() ? "nothing" : joined(certificate.dns_names)) + "; " + otherwise,
                   "its administrator needs a certificate with dNSName " + domain.ascii());
    }
    if (certificate.not_after > now && certificate.not_after - now < peer_expires_soon) {
        report.add(Grade::note, "the certificate expires on " + date(certificate.not_after),
                   "its administrator has to renew it");
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
    report.add(Grade::good, visit.tls->version + " with " + visit.tls->cipher);
    if (visit.tls->peer) return judge_certificate(*visit.tls->peer, domain, policy, now, report);
    report.add(policy.require_certificate ? Grade::bad : Grade::warning, "the server presents no certificate",
               "its administrator has to configure one for " + domain.text());
}

void judge_offer(const Visit& visit, const s2s::StreamPolicy& policy, Report& report) {
    if (visit.before_tls) {
        report.fact("features_before_tls", joined(visit.before_tls->names));
        if (visit.before_tls->starttls_required && policy.security == s2s::SecurityMode::no_tls) {
            report.add(Grade::bad, "it requires TLS, but our security mode for it is No TLS",
                       "change federation.security_mode, or add an exception to federation.peers");
        }
    }
    if (!visit.after_tls) return;
    report.fact("features", joined(visit.after_tls->names));
    report.fact("mechanisms", joined(visit.after_tls->mechanisms));
    const bool external = has(visit.after_tls->mechanisms, "EXTERNAL");
    if (external) report.add(Grade::good, "it offers authentication by certificate (SASL EXTERNAL)");
    if (has(visit.after_tls->names, "dialback")) return report.add(Grade::good, "it offers dialback");
    if (external) return;
    report.add(Grade::note,
               "it offers neither SASL EXTERNAL nor dialback; most such servers support dialback nevertheless",
               policy.offer_dialback ? "" : "dialback is off for this domain; see federation.peers");
}

}  // namespace

void judge_tls(const Visit& visit, const xmpp::Domain& domain, const s2s::StreamPolicy& policy, WallTime now,
               Report& report) {
    tell_connection(visit, report);
    report.fact("stream_from", visit.peer_from);
    judge_session(visit, domain, policy, now, report);
    judge_offer(visit, policy, report);
    if (visit.failure.empty()) return;
    const bool plain = visit.before_tls && !visit.before_tls->starttls;
    const bool fatal = !plain || policy.security == s2s::SecurityMode::tls_required;
    std::string remedy;
    if (plain) remedy = "its administrator has to enable TLS, or add an exception to federation.peers";
    if (!visit.door) remedy = "check that our firewall and theirs allow that port, and that their server is running";
    report.add(fatal ? Grade::bad : Grade::warning, visit.failure, std::move(remedy));
}

}  // namespace sallyport::diag
