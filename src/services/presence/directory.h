// What presence nodes told a core over their links: which domains they serve and which S2S components their routers
// have loaded. A domain belongs to one only: to an inside server or component of the core before all, then to the
// presence node that named it first. Pure but for the names of link and stanza; own thread only.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "services/link/hub.h"

namespace sallyport::presence {

class Directory {
public:
    /// `taken`: the domain belongs to the core itself.
    explicit Directory(std::function<bool(std::string_view)> taken) : taken_{std::move(taken)} {}

    /// Takes over what the presence node of `realm` names; the domains that it may not have, as far as that is news.
    [[nodiscard]] std::vector<std::string> learn(const std::string& realm, const link::Serves& serves);
    /// The realms of edges whose link is open.
    void edges_changed(std::vector<std::string> realms);

    /// The realm of the presence node that serves the domain; empty: none.
    [[nodiscard]] std::string_view owner(std::string_view domain) const;
    [[nodiscard]] std::vector<xmpp::Domain> domains() const;
    /// The router of that presence node has loaded a component, whether a link reaches it or not.
    [[nodiscard]] bool has_loaded(std::string_view realm) const;
    /// Over which edge a stanza leaves: those of presence nodes only over edges that their router has loaded.
    [[nodiscard]] link::Way way_out(const xmpp::Stanza& stanza) const;

private:
    struct Node {
        std::set<std::string, std::less<>> refused;
        std::vector<std::string> components, gateways;
    };
    std::function<bool(std::string_view)> taken_;
    std::map<std::string, Node, std::less<>> nodes_;
    struct Owned {
        xmpp::Domain domain;
        std::string realm;
    };
    std::map<std::string, Owned, std::less<>> owners_;
    std::vector<std::string> edges_;
};

}  // namespace sallyport::presence
