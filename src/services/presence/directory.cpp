// First come, first served, of what a node may have.
#include "services/presence/directory.h"

#include "model/route/gateway.h"

namespace sallyport::presence {

std::vector<Directory::Refused> Directory::learn(const std::string& realm, const link::Serves& serves) {
    std::erase_if(owners_, [&](const auto& entry) { return entry.second.realm == realm; });
    Node& node = nodes_[realm];
    node.named = serves.domains;
    node.components = serves.components;
    node.gateways = route::gateways(node.components, edges_);
    std::vector<Refused> news;
    take(realm, node, news);
    return news;
}

std::vector<Directory::Refused> Directory::look_again() {
    std::erase_if(owners_, [&](const auto& entry) { return !may_(entry.second.realm, entry.first); });
    std::vector<Refused> news;
    for (auto& [realm, node] : nodes_) take(realm, node, news);
    return news;
}

void Directory::take(const std::string& realm, Node& node, std::vector<Refused>& news) {
    std::set<std::string, std::less<>> refused;
    for (const xmpp::Domain& domain : node.named) {
        const std::string_view has = owner(domain.text());
        const bool free = has.empty() && owners_.size() < most_domains && may_(realm, domain.text());
        if (free) owners_.emplace(domain.text(), Owned{domain, realm});
        if (free || has == realm) continue;
        if (!node.refused.contains(domain.text())) news.push_back({realm, domain.text()});
        refused.insert(domain.text());
    }
    node.refused = std::move(refused);
}

void Directory::edges_changed(std::vector<std::string> realms) {
    edges_ = std::move(realms);
    for (auto& [realm, node] : nodes_) node.gateways = route::gateways(node.components, edges_);
}

std::string_view Directory::owner(std::string_view domain) const {
    const auto at = owners_.find(domain);
    return at == owners_.end() ? std::string_view{} : std::string_view{at->second.realm};
}

std::vector<xmpp::Domain> Directory::domains() const {
    std::vector<xmpp::Domain> all;
    for (const auto& [name, owned] : owners_) all.push_back(owned.domain);
    return all;
}

bool Directory::has_loaded(std::string_view realm) const {
    const auto at = nodes_.find(realm);
    return at != nodes_.end() && !at->second.components.empty();
}

link::Way Directory::way_out(const xmpp::Stanza& stanza) const {
    const auto at = nodes_.find(owner(stanza.from_domain));
    if (at == nodes_.end()) return {};
    const std::string_view gateway = route::choose_gateway(stanza.from_domain, stanza.to_domain, at->second.gateways);
    if (gateway.empty()) return {link::Way::By::none, {}};
    return {link::Way::By::far, gateway};
}

}  // namespace sallyport::presence
