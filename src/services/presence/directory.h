// What presence nodes told a core over their links: which domains they serve and which S2S components their routers
// have loaded. A domain belongs to one only: to an inside server or component of the core before all, then to the
// presence node that named it first, and to none that may not have it: what a node says of itself gives it nothing that
// the operator has not given (threat T90). Pure but for the names of link and stanza; own thread only.
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
    /// Domains of all presence nodes together; of more nothing is taken, so that every edge takes the list.
    static constexpr std::size_t most_domains = 20'000;

    /// May the presence node of that realm have the domain?
    using May = std::function<bool(std::string_view realm, std::string_view domain)>;
    explicit Directory(May may) : may_{std::move(may)} {}

    /// One that a presence node names and does not get.
    struct Refused {
        std::string realm, domain;
        bool operator==(const Refused&) const = default;
    };

    /// Takes over what the presence node of `realm` names; what it does not get, as far as that is news.
    [[nodiscard]] std::vector<Refused> learn(const std::string& realm, const link::Serves& serves);
    /// What nodes may have is another than it was.
    [[nodiscard]] std::vector<Refused> look_again();
    /// The realms of edges whose link is open.
    void edges_changed(std::vector<std::string> realms);

    /// The realm of the presence node that serves the domain; empty: none.
    [[nodiscard]] std::string_view owner(std::string_view domain) const;
    [[nodiscard]] std::vector<xmpp::Domain> domains() const;
    [[nodiscard]] std::size_t size() const { return owners_.size(); }
    /// The router of that presence node has loaded a component, whether a link reaches it or not.
    [[nodiscard]] bool has_loaded(std::string_view realm) const;
    /// Over which edge a stanza leaves: those of presence nodes only over edges that their router has loaded.
    [[nodiscard]] link::Way way_out(const xmpp::Stanza& stanza) const;

private:
    struct Node {
        std::vector<xmpp::Domain> named;
        std::set<std::string, std::less<>> refused;
        std::vector<std::string> components, gateways;
    };
    void take(const std::string& realm, Node& node, std::vector<Refused>& news);

    May may_;
    std::map<std::string, Node, std::less<>> nodes_;
    struct Owned {
        xmpp::Domain domain;
        std::string realm;
    };
    std::map<std::string, Owned, std::less<>> owners_;
    std::vector<std::string> edges_;
};

}  // namespace sallyport::presence
