// The data shard of a presence node: its router, the links that cores dial, and the services to which its domains
// belong. Composition only; the same object runs on a real loop and in the simulated world of the tests.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/tables.h"
#include "nodes/runtime/ordered_stop.h"
#include "nodes/runtime/shard_parts.h"
#include "services/components/component_server.h"
#include "services/im/service.h"
#include "services/link/hub.h"
#include "services/presence/router.h"
#include "services/record/desk.h"
#include "services/routing/shard.h"

namespace sallyport::nodes {

/// What users need; made by the node, whose threads the disks' are.
struct UserParts {
    std::optional<im::Storage::Disk> writing, reading;
    std::vector<xmpp::Domain> domains;
    std::shared_ptr<const io::TlsContext> tls;
    bool channel_binding = true;
    im::Timers timers;
    std::string version;
    /// On the shard's thread: the users' database does not work, and why; null: it does again.
    std::function<void(const Error*)> on_trouble{};
};

struct PresenceParts : LinkParts {
    std::map<xmpp::Domain, std::string> components;  ///< domain -> secret
    std::optional<UserParts> users{};
    /// On the shard's thread: stanzas to other domains are returned, and why.
    std::function<void(presence::Obstacle)> on_obstacle{};
};

class PresenceShard {
public:
    PresenceShard(routing::Shard& shard, const PresenceParts& parts);

    [[nodiscard]] presence::Router& router() { return router_; }
    [[nodiscard]] record::Desk& records() { return records_; }
    [[nodiscard]] link::Hub& hub() { return hub_; }
    [[nodiscard]] components::ComponentServer& components() { return components_; }
    /// Null: this node has no users.
    [[nodiscard]] im::Service* users() { return users_.get(); }
    [[nodiscard]] const routing::Shard& shard() const { return shard_; }
    /// The router begins anew: every link ends and is resumed, with this name, secret, neighbours and key material.
    void restart_links(std::string realm, std::string secret, link::Neighbours neighbours,
                       std::shared_ptr<const io::TlsContext> tls);
    void shut();
    /// How full is what outlives a stream.
    [[nodiscard]] TableFills tables() const;
    [[nodiscard]] bool over() const { return stop_.over(); }

private:
    [[nodiscard]] link::HubContext hub_context(const PresenceParts& parts);
    void make_users(const PresenceParts& parts);
    void hold();
    [[nodiscard]] components::ServerContext component_context(const PresenceParts& parts);

    routing::Shard& shard_;
    record::Desk records_;
    presence::Router router_;
    link::Hub hub_;
    components::ComponentServer components_;
    std::unique_ptr<im::Storage> storage_;
    std::unique_ptr<im::Service> users_;
    std::vector<routing::LocalService*> services_;
    OrderedStop stop_;
    std::set<std::string, std::less<>> brisk_;  ///< domains to which much is on its way, and moves on
    bool heavy_ = false, stopping_ = false;
};

}  // namespace sallyport::nodes
