// Names in certificates (RFC 6120 13.7.1.2.1, RFC 9525 6.3, RFC 4985, XEP-0178; threats T25, T26, T32). Names are
// compared with explicit lengths, in ASCII lower case, A-label against A-label. The subject's common name is never
// looked at.
#include "proto/s2s/certificate.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace sallyport::s2s {
namespace {

constexpr std::string_view service_prefix = "_xmpp-server.";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

/// Letters, digits, hyphens and dots, no empty label: what a name in a certificate may consist of. Keeps embedded NUL,
/// white space, raw UTF-8 and a trailing dot out (matrix rows 13, 15, 17).
bool is_host_name(std::string_view name) {
    if (name.empty() || name.front() == '.' || name.back() == '.') return false;
    char previous = '.';
    for (const char c : name) {
        const char l = lower(c);
        const bool ordinary = (l >= 'a' && l <= 'z') || (l >= '0' && l <= '9') || l == '-' || l == '_';
        if (!ordinary && l != '.') return false;
        if (l == '.' && previous == '.') return false;
        previous = l;
    }
    return true;
}

/// RFC 9525 6.3: `*` stands for exactly one whole left-most label; never directly above a top-level name.
bool matches_dns(std::string_view pattern, std::string_view reference) {
    if (!pattern.starts_with("*.")) return is_host_name(pattern) && equal_ignoring_case(pattern, reference);
    const std::string_view parent = pattern.substr(2);
    if (!is_host_name(parent) || parent.find('.') == std::string_view::npos) return false;
    const std::size_t dot = reference.find('.');
    return dot != std::string_view::npos && dot != 0 && equal_ignoring_case(parent, reference.substr(dot + 1));
}

bool matches_srv(std::string_view name, std::string_view reference) {
    if (name.size() <= service_prefix.size() ||
        !equal_ignoring_case(name.substr(0, service_prefix.size()), service_prefix)) {
        return false;
    }
    const std::string_view host = name.substr(service_prefix.size());
    return is_host_name(host) && equal_ignoring_case(host, reference);
}

/// RFC 6120 13.7.1.4: a bare domain; an address of a user, a resource or a wildcard proves nothing here.
bool matches_address(std::string_view address, const xmpp::Domain& domain) {
    if (address.find_first_of(std::string_view{"@/* \0", 5}) != std::string_view::npos) return false;
    const auto named = xmpp::Domain::parse(address);
    return named && *named == domain;
}

}  // namespace

bool names(const CertFacts& certificate, const xmpp::Domain& domain) {
    if (domain.empty()) return false;
    // An IP literal is no DNS name; only an xmppAddr could carry it.
    const std::string reference = domain.is_address() ? std::string{} : domain.ascii();
    if (!reference.empty()) {
        for (const std::string& name : certificate.dns_names) {
            if (matches_dns(name, reference)) return true;
        }
        for (const std::string& name : certificate.srv_names) {
            if (matches_srv(name, reference)) return true;
        }
    }
    return std::any_of(certificate.xmpp_addrs.begin(), certificate.xmpp_addrs.end(),
                       [&](const std::string& address) { return matches_address(address, domain); });
}

bool proves(const CertFacts& certificate, const xmpp::Domain& domain) {
    return certificate.chain_valid && names(certificate, domain);
}

std::string objection(const CertFacts& certificate, const xmpp::Domain& domain) {
    if (!certificate.chain_valid) {
        return "the certificate chain is not accepted: " +
               (certificate.chain_error.empty() ? std::string{"no reason given"} : certificate.chain_error);
    }
    if (!names(certificate, domain)) return "the certificate does not name " + domain.text();
    return {};
}

}  // namespace sallyport::s2s
