// The router of a presence node, on its data thread: what a local service owns goes there; what a core serves goes over
// the link; everything else goes to an S2S component that the router has loaded from the table xmpps2snodes, over the
// link whose far side reaches the component's realm. What comes over a link goes to a local service; the core sends
// nothing else (Hub::sort), and what came all the same would end here with a line in the log.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/reason.h"
#include "base/refusal_rules.h"
#include "services/link/hub.h"
#include "services/record/desk.h"
#include "services/routing/local_service.h"
#include "services/routing/shard.h"

namespace sallyport::presence {

/// What the router knows of the table: put together on the control thread, replaced whole.
struct LoadedTable {
    std::vector<std::string> components;  ///< ids that the router has loaded
    std::size_t rows = 0;                 ///< in the table
    bool own_federation = false;          ///< presence.federation_node_status is on: no edge federates for this node
    bool operator==(const LoadedTable&) const = default;
};

/// Why a stanza to another domain cannot leave at present; `none` when it can.
enum class Obstacle { none, own_federation, no_rows, not_loaded, unreachable };
/// The rule that refuses because of it.
[[nodiscard]] Rule rule_of(Obstacle obstacle);
/// For log, status and notification.
[[nodiscard]] Reason explain(Obstacle obstacle, const LoadedTable& table);

struct RouterContext {
    routing::Shard& shard;
    /// Called on the shard when stanzas to other domains begin to be returned, with the cause, when the cause changes,
    /// and with `none` when it is gone.
    std::function<void(Obstacle)> on_obstacle{};
    record::Desk* records = nullptr;  ///< of the shard; null: refusals have no ids
};

class Router final : public routing::Router {
public:
    explicit Router(RouterContext context);

    /// Once, before anything is routed. `hub` and `services` must outlive the router.
    void connect(link::Hub& hub, std::vector<routing::LocalService*> services);
    void load(std::shared_ptr<const LoadedTable> table);
    /// A link came up, went down or bound other names.
    void links_changed();
    /// Tells the far sides what this node serves; called again when the domains of a service change.
    void announce();

    /// What a local service says.
    void route(const xmpp::Stanza& stanza, const routing::Ticket& ticket) override;
    /// What comes over a link.
    [[nodiscard]] routing::Router& from_link() { return from_link_; }
    /// For the hub: which link carries a stanza.
    [[nodiscard]] link::Way way(const xmpp::Stanza& stanza) const;
    [[nodiscard]] routing::LocalService* owner(std::string_view domain) const;
    void bounce(const xmpp::Stanza& stanza, const xmpp::StanzaError& error, const routing::Ticket& ticket);
    /// For the hub: a stanza that waited for a link in vain.
    void give_up(const xmpp::Stanza& stanza, const xmpp::StanzaError& error, const routing::Ticket& ticket);

    [[nodiscard]] Obstacle obstacle() const;
    [[nodiscard]] std::vector<xmpp::Domain> domains() const;
    [[nodiscard]] const LoadedTable& table() const { return *table_; }
    [[nodiscard]] const link::Serves& reached() const { return reached_; }
    /// Realms of loaded components that a link reaches.
    [[nodiscard]] const std::vector<std::string>& gateways() const { return gateways_; }
    struct Counts {
        std::uint64_t to_local = 0, to_link = 0, returned = 0;
    };
    [[nodiscard]] const Counts& counts() const { return counts_; }

private:
    class FromLink final : public routing::Router {
    public:
        explicit FromLink(presence::Router& router) : router_{router} {}
        void route(const xmpp::Stanza& stanza, const routing::Ticket& ticket) override;

    private:
        presence::Router& router_;
    };

    [[nodiscard]] bool served_by_core(std::string_view domain) const;
    void tell(const xmpp::Stanza& stanza, Obstacle obstacle);
    /// What is refused, by its id; empty where nothing is recorded.
    [[nodiscard]] std::string keep(const xmpp::Stanza& stanza, const xmpp::StanzaError& error);

    RouterContext context_;
    Logger log_;
    FromLink from_link_;
    link::Hub* hub_ = nullptr;
    std::vector<routing::LocalService*> services_;
    std::shared_ptr<const LoadedTable> table_;
    link::Serves reached_;
    std::vector<std::string> gateways_;
    Counts counts_;
    Obstacle told_ = Obstacle::none;
    TimePoint told_at_{};
    std::uint64_t returned_since_ = 0;
};

}  // namespace sallyport::presence
