// One shard of a core: router links to the edges on one side; on the other the organisation's own servers, components,
// and router links to presence nodes. Composition only; the same object runs on real loops and in the simulated world
// of the tests.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <vector>

#include "base/tables.h"
#include "model/config/node_file.h"
#include "model/config/settings.h"
#include "model/policy/policy.h"
#include "nodes/runtime/ordered_stop.h"
#include "nodes/runtime/shard_parts.h"
#include "services/components/component_server.h"
#include "services/link/hub.h"
#include "services/presence/directory.h"
#include "services/record/desk.h"
#include "services/routing/shard.h"
#include "services/s2s/pool_word.h"
#include "services/s2s/s2s_shard.h"

namespace sallyport::nodes {

/// What the shards of one core have in common.
struct CoreParts : S2sParts {
    std::vector<config::InsideServer> servers;
    std::map<xmpp::Domain, std::string> components;  ///< domain -> secret
    std::string dialback_secret;
    std::vector<config::NamePattern> federating{};  ///< federation.domains
    std::map<std::string, std::string, std::less<>>
        given{};  ///< domain -> realm of the presence node that is to have it
    /// On the shard: a link to a presence node came or went, or it serves or has loaded something else.
    std::function<void()> on_presence{};
};

class CoreShard final : public routing::Router {
public:
    CoreShard(routing::Shard& shard, routing::Ledger& ledger, const CoreParts& parts,
              const std::vector<std::unique_ptr<CoreShard>>& siblings);

    [[nodiscard]] s2s::S2sShard& s2s() { return s2s_; }
    /// Links to edges.
    [[nodiscard]] link::Hub& hub() { return hub_; }
    /// Links to presence nodes.
    [[nodiscard]] link::Hub& presence_hub() { return presence_hub_; }
    /// Attached to shard 0 only.
    [[nodiscard]] components::ComponentServer& components() { return components_; }
    [[nodiscard]] const routing::Shard& shard() const { return shard_; }
    [[nodiscard]] record::Desk& records() { return records_; }
    /// What the edges told of their peers.
    struct Described {
        link::PeerFacts facts;
        std::string edge;
        WallTime since{};
    };
    using DescribedKey = std::tuple<std::string, xmpp::DomainPair, Direction>;  ///< the first is the edge
    [[nodiscard]] const std::map<DescribedKey, Described>& described() const { return described_; }
    /// federation.domains changed.
    void federate(std::vector<config::NamePattern> domains);
    /// Tells edges what is served here, and presence nodes what can be reached from here. Once before the first dial.
    void announce();
    /// Of a message that is only asked about: what this shard's pool would answer.
    [[nodiscard]] s2s::PoolWord word_on(const xmpp::Stanza& stanza) const {
        return {shard_.index, s2s_.pool().refusal(stanza)};
    }
    /// How full is what outlives a stream.
    [[nodiscard]] TableFills tables() const;
    /// Ends in order: what is under way has a moment to be done, then streams and links are closed.
    void shut();
    [[nodiscard]] bool over() const { return stop_.over(); }

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

    /// What a presence node says goes inside, to another presence node, or out over an edge that it has loaded.
    class FromPresence final : public routing::Router {
    public:
        explicit FromPresence(CoreShard& core) : core_{core} {}
        void route(const xmpp::Stanza& stanza, const routing::Ticket& ticket) override;

    private:
        CoreShard& core_;
    };

    [[nodiscard]] s2s::S2sContext s2s_context(routing::Ledger& ledger, const CoreParts& parts);
    /// What links to edges and to presence nodes have in common.
    [[nodiscard]] link::HubContext dialler_context(const CoreParts& parts);
    [[nodiscard]] link::HubContext hub_context(const CoreParts& parts);
    [[nodiscard]] link::HubContext presence_context(const CoreParts& parts);
    [[nodiscard]] components::ServerContext component_context(const CoreParts& parts);
    [[nodiscard]] bool is_inside(std::string_view domain) const { return inside_.contains(domain); }
    /// Of an inside server, of a component, or of a presence node.
    [[nodiscard]] bool is_ours(std::string_view domain) const;
    /// Of ours by the settings, even while nobody who has it is known.
    [[nodiscard]] bool federates(std::string_view domain) const;
    /// Of this core, whoever else names it.
    [[nodiscard]] bool is_own(std::string_view domain) const;
    /// May that presence node have the domain?
    [[nodiscard]] bool may_have(std::string_view realm, std::string_view domain) const;
    void log_refused(const std::vector<presence::Directory::Refused>& all) const;
    [[nodiscard]] std::vector<xmpp::Domain> own_domains() const;
    void hold();
    [[nodiscard]] s2s::Feeders pace_of_way(const xmpp::DomainPair& pair) const;
    void learn(const std::string& edge, const link::PeerFacts& facts);
    void forget_lost_edges();
    void pace(const link::Partner& partner);
    void pace_sender(const link::Partner& partner);
    void forwarded(routing::Forwarded message);
    void forward(std::uint32_t to, const xmpp::Stanza& stanza, const routing::Ticket& ticket);

    routing::Shard& shard_;
    const std::vector<std::unique_ptr<CoreShard>>& siblings_;
    std::vector<config::InsideServer> servers_;
    std::set<std::string, std::less<>> inside_;  ///< domains of inside servers
    std::vector<config::NamePattern> federating_;
    std::map<std::string, std::string, std::less<>> given_;
    policy::InsideRules rules_;
    presence::Directory directory_;
    FromLink from_link_;
    FromPresence from_presence_;
    record::Desk records_;
    s2s::S2sShard s2s_;
    link::Hub hub_;
    link::Hub presence_hub_;
    link::Pace edges_ = link::Pace::free;  ///< of what is unsent on the links to edges
    bool announced_ = false, stopping_ = false;
    std::map<std::string, link::Pace, std::less<>> paced_senders_;  ///< domains with much on its way to presence nodes
    std::set<std::string, std::less<>> brisk_;             ///< domains to which much is on its way, and moves on
    std::set<std::string, std::less<>> brisk_components_;  ///< the same from components to presence nodes
    components::ComponentServer components_;
    std::map<DescribedKey, Described> described_;  ///< streams of the edges whose links are up
    OrderedStop stop_;
};

}  // namespace sallyport::nodes
