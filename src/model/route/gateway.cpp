// Longest match over realms, and highest weight over gateways.
#include "model/route/gateway.h"

#include <algorithm>
#include <cstdint>

#include "base/hash.h"

namespace sallyport::route {

namespace {

constexpr std::string_view component_prefix = "cm-2_s2scp-1.";

char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter; }

bool ends_in(std::string_view id, std::string_view realm) {
    if (realm.empty() || id.size() < realm.size()) return false;
    const std::string_view end = id.substr(id.size() - realm.size());
    const bool equal = std::equal(end.begin(), end.end(), realm.begin(),
                                  [](char one, char other) { return lower(one) == lower(other); });
    return equal && (id.size() == realm.size() || id[id.size() - realm.size() - 1] == '.');
}

}  // namespace

std::string s2s_component_of(std::string_view realm) { return std::string{component_prefix} + std::string{realm}; }

std::string_view realm_of(std::string_view component, const std::vector<std::string>& realms) {
    std::string_view longest;
    for (const std::string& realm : realms) {
        if (realm.size() > longest.size() && ends_in(component, realm)) longest = realm;
    }
    return longest;
}

std::vector<std::string> gateways(const std::vector<std::string>& components, const std::vector<std::string>& realms) {
    std::vector<std::string> found;
    for (const std::string& component : components) {
        if (const std::string_view realm = realm_of(component, realms); !realm.empty()) found.emplace_back(realm);
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

std::string_view choose_gateway(std::string_view from_domain, std::string_view to_domain,
                                const std::vector<std::string>& gateways) {
    if (gateways.size() == 1) return gateways.front();
    std::string_view best;
    std::uint64_t best_weight = 0;
    for (const std::string& gateway : gateways) {
        const std::uint64_t weight = sip_hash({sip_hash({1, 1}, from_domain), sip_hash({2, 2}, to_domain)}, gateway);
        if (!best.empty() && weight <= best_weight) continue;
        best = gateway;
        best_weight = weight;
    }
    return best;
}

}  // namespace sallyport::route
