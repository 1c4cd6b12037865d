// Names and roles in certificates of the router link.
#include "proto/link/neighbour.h"

#include <algorithm>

namespace sallyport::link {

namespace {

constexpr std::string_view role_prefix = "urn:sallyport:role:";
constexpr std::size_t most_named = 3;

bool has_name(const CertFacts& certificate, std::string_view name) {
    const auto& names = certificate.dns_names;
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::string listed_names(const std::vector<std::string>& names) {
    std::string all;
    for (std::size_t i = 0; i < std::min(names.size(), most_named); ++i) all += (i == 0 ? "" : ", ") + names[i];
    return all.empty() ? "nobody" : all;
}

}  // namespace

std::string role_uri(Role role) { return std::string{role_prefix} + std::string{text(role)}; }

std::string objection(const CertFacts& certificate, std::string_view name, Role role, bool role_required) {
    if (!name.empty() && !has_name(certificate, name)) return "the certificate is not for " + std::string{name};
    std::vector<std::string> others;
    for (const std::string& uri : certificate.uris) {
        if (!uri.starts_with(role_prefix)) continue;
        if (std::string_view{uri}.substr(role_prefix.size()) == text(role)) return {};
        others.push_back(uri.substr(role_prefix.size()));
    }
    const std::string whose = "the certificate of " + listed_names(certificate.dns_names);
    if (!others.empty()) return whose + " is for the role " + listed_names(others) + ", not " + std::string{text(role)};
    if (role_required) return whose + " names no role: it needs the URI " + role_uri(role) + " among its names";
    return {};
}

const Neighbour* named_by(const CertFacts& certificate, const std::vector<Neighbour>& listed) {
    for (const Neighbour& neighbour : listed) {
        if (has_name(certificate, neighbour.name)) return &neighbour;
    }
    return nullptr;
}

}  // namespace sallyport::link
