// One shard of a core: router links to the edges on one side, the organisation's own servers and components on the other.
// Composition only; the same object runs on real loops and in the simulated world of the tests.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "model/config/node_file.h"
#include "model/policy/policy.h"
#include "services/components/component_server.h"
#include "services/link/hub.h"
#include "services/routing/shard.h"
#include "services/s2s/s2s_shard.h"

namespace sallyport::nodes {

/// What the shards of one core have in common.
struct CoreParts {
    std::vector<config::InsideServer> servers;
    std::map<xmpp::Domain, std::string> components;  ///< domain -> secret
    std::string dialback_secret;
    s2s::Timers timers;
    Duration ping_after{}, dead_after{};
    Limits limits;
    s2s::DialSettings dial;
    std::shared_ptr<const io::TlsContext> server_tls, client_tls, link_tls;
    std::string realm, instance, link_secret;
    Duration link_hold{};
};

class CoreShard final : public routing::Router {
public:
    CoreShard(routing::Shard& shard, s2s::Ledger& ledger, const CoreParts& parts,
              const std::vector<std::unique_ptr<CoreShard>>& siblings);

    [[nodiscard]] s2s::S2sShard& s2s() { return s2s_; }
    [[nodiscard]] link::Hub& hub() { return hub_; }
    /// Attached to shard 0 only.
    [[nodiscard]] components::ComponentServer& components() { return components_; }
    [[nodiscard]] const routing::Shard& shard() const { return shard_; }
    /// What the edges told of their peers.
    struct Described {
        link::PeerFacts facts;
        std::string edge;
        WallTime since{};
    };
    [[nodiscard]] const std::map<std::pair<xmpp::DomainPair, std::string>, Described>& described() const {
        return described_;
    }
    /// What the core serves: the domains of inside servers and components.
    [[nodiscard]] std::vector<xmpp::Domain> served() const;
    void shut();

    void route(const xmpp::Stanza& stanza, const routing::Ticket& ticket) override;

private:
    /// Stanzas from an edge go inside or nowhere.
    class FromLink final : public routing::Router {
    public:
        explicit FromLink(CoreShard& core) : core_{core} {}
        void route(const xmpp::Stanza& stanza, const routing::Ticket& ticket) override;

    private:
        CoreShard& core_;
    };

    [[nodiscard]] s2s::S2sContext s2s_context(s2s::Ledger& ledger, const CoreParts& parts);
    [[nodiscard]] link::HubContext hub_context(const CoreParts& parts);
    [[nodiscard]] components::ServerContext component_context(const CoreParts& parts);
    [[nodiscard]] bool is_inside(std::string_view domain) const { return inside_.contains(domain); }
    void forwarded(routing::Forwarded message);
    void forward(std::uint32_t to, const xmpp::Stanza& stanza, const routing::Ticket& ticket);

    routing::Shard& shard_;
    const std::vector<std::unique_ptr<CoreShard>>& siblings_;
    std::vector<config::InsideServer> servers_;
    std::set<std::string, std::less<>> inside_;  ///< domains of inside servers
    policy::InsideRules rules_;
    FromLink from_link_;
    s2s::S2sShard s2s_;
    link::Hub hub_;
    components::ComponentServer components_;
    std::map<std::pair<xmpp::DomainPair, std::string>, Described> described_;
};

}  // namespace sallyport::nodes
