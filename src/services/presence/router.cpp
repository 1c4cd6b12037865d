// The next hop of each stanza.
#include "services/presence/router.h"

#include <algorithm>

#include "model/route/gateway.h"

namespace sallyport::presence {

namespace {

/// A stanza that cannot leave is logged at most this often for one cause; the line counts those between.
constexpr Duration told_every = std::chrono::seconds{10};

}  // namespace

Reason explain(Obstacle obstacle, const LoadedTable& table) {
    const std::string rows = "xmpps2snodes has " + std::to_string(table.rows) +
                             (table.rows == 1 ? " row, " : " rows, ") + std::to_string(table.components.size()) +
                             " loaded";
    switch (obstacle) {
        case Obstacle::none: return {};
        case Obstacle::own_federation:
            return {"presence.federation_node_status is on: no edge federates for this node", "switch it off"};
        case Obstacle::no_rows:
            return {"the router has not loaded an S2S component: " + rows,
                    "switch federation on at the edge, and check `sallyport status` on the core: it has to write "
                    "the row"};
        case Obstacle::not_loaded:
            return {"the router has not loaded an S2S component: " + rows,
                    "restart the router (sallyport restart router) or set router.live_changes = true"};
        case Obstacle::unreachable:
            return {"no link leads to a loaded S2S component (" + rows + ")",
                    "check in `sallyport status` on the core that its link to the edge is up"};
    }
    return {};
}

Rule rule_of(Obstacle obstacle) {
    switch (obstacle) {
        case Obstacle::none: return Rule::none;
        case Obstacle::own_federation: return Rule::own_federation;
        case Obstacle::no_rows: return Rule::no_rows;
        case Obstacle::not_loaded: return Rule::not_loaded;
        case Obstacle::unreachable: return Rule::link_down;
    }
    return Rule::none;
}

Router::Router(RouterContext context)
    : context_{std::move(context)},
      log_{context_.shard.logger(LogModule::routing)},
      from_link_{*this},
      table_{std::make_shared<const LoadedTable>()} {}

void Router::connect(link::Hub& hub, std::vector<routing::LocalService*> services) {
    hub_ = &hub;
    services_ = std::move(services);
    announce();
}

void Router::load(std::shared_ptr<const LoadedTable> table) {
    table_ = std::move(table);
    links_changed();
    announce();
    hub_->look_again();
    log_.info("router.loaded", {{"components", std::to_string(table_->components.size())},
                                {"rows", std::to_string(table_->rows)},
                                {"reached", std::to_string(gateways_.size())}});
}

void Router::links_changed() {
    reached_ = hub_->reached();
    gateways_ = route::gateways(table_->components, reached_.realms);
    if (told_ == Obstacle::none || obstacle() != Obstacle::none) return;
    told_ = Obstacle::none;
    if (context_.on_obstacle) context_.on_obstacle(told_);
}

void Router::announce() {
    link::Serves serves;
    serves.domains = domains();
    serves.components = table_->components;
    hub_->serve(std::move(serves));
}

std::vector<xmpp::Domain> Router::domains() const {
    std::vector<xmpp::Domain> all;
    for (const routing::LocalService* service : services_) {
        for (auto& domain : service->domains()) all.push_back(std::move(domain));
    }
    return all;
}

routing::LocalService* Router::owner(std::string_view domain) const {
    const auto at =
        std::find_if(services_.begin(), services_.end(), [&](const auto* service) { return service->owns(domain); });
    return at == services_.end() ? nullptr : *at;
}

bool Router::served_by_core(std::string_view domain) const {
    return std::any_of(reached_.domains.begin(), reached_.domains.end(),
                       [&](const xmpp::Domain& served) { return served.text() == domain; });
}

Obstacle Router::obstacle() const {
    if (table_->own_federation) return Obstacle::own_federation;
    if (table_->components.empty()) return table_->rows == 0 ? Obstacle::no_rows : Obstacle::not_loaded;
    return gateways_.empty() ? Obstacle::unreachable : Obstacle::none;
}

void Router::route(const xmpp::Stanza& stanza, const routing::Ticket& ticket) {
    if (routing::LocalService* service = owner(stanza.to_domain)) {
        ++counts_.to_local;
        return service->send(stanza, ticket);
    }
    // What waits for a link that is down waits in the hub; what has no link to wait for goes back at once.
    const Obstacle why = obstacle();
    if (why != Obstacle::none && why != Obstacle::unreachable && !served_by_core(stanza.to_domain)) {
        tell(stanza, why);
        const Reason reason = explain(why, *table_);
        // The sender learns that there is no way, not what stands in it.
        return bounce(stanza,
                      {xmpp::StanzaCondition::remote_server_not_found,
                       "other domains cannot be reached at present",
                       rule_of(why),
                       reason.why,
                       {},
                       reason.remedy},
                      ticket);
    }
    ++counts_.to_link;
    hub_->send(stanza, ticket);
}

link::Way Router::way(const xmpp::Stanza& stanza) const {
    if (served_by_core(stanza.to_domain)) return {link::Way::By::domain, stanza.to_domain};
    const std::string_view gateway = route::choose_gateway(stanza.from_domain, stanza.to_domain, gateways_);
    if (gateway.empty()) return {link::Way::By::none, {}};
    return {link::Way::By::realm, gateway};
}

void Router::give_up(const xmpp::Stanza& stanza, const xmpp::StanzaError& error, const routing::Ticket& ticket) {
    const Obstacle why = obstacle();
    if (why == Obstacle::none) return bounce(stanza, error, ticket);
    tell(stanza, why);
    xmpp::StanzaError told = error;
    const Reason reason = explain(why, *table_);
    told.why = reason.why;
    told.remedy = reason.remedy;
    bounce(stanza, told, ticket);
}

std::string Router::keep(const xmpp::Stanza& stanza, const xmpp::StanzaError& error) {
    if (context_.records == nullptr) return {};
    return context_.records->verdicts().keep({row_of(error.rule).rule,
                                              record::Subject::stanza,
                                              stanza.from_domain,
                                              stanza.to_domain,
                                              error.why,
                                              {},
                                              error.remedy},
                                             context_.shard.loop.wall());
}

void Router::tell(const xmpp::Stanza& stanza, Obstacle obstacle) {
    const TimePoint now = context_.shard.loop.now();
    ++returned_since_;
    if (obstacle == told_ && now - told_at_ < told_every) return;
    log_.write_for(std::string{stanza.from_domain}, LogLevel::warn, "router.returned",
                   {{"stanzas", std::to_string(returned_since_)},
                    {"from", std::string{stanza.from_domain}},
                    {"to", std::string{stanza.to_domain}},
                    {"why", explain(obstacle, *table_).text()}});
    returned_since_ = 0;
    told_at_ = now;
    const bool is_new = obstacle != told_;
    told_ = obstacle;
    if (is_new && context_.on_obstacle) context_.on_obstacle(obstacle);
}

void Router::bounce(const xmpp::Stanza& stanza, const xmpp::StanzaError& error, const routing::Ticket& ticket) {
    ++counts_.returned;
    xmpp::StanzaError told = error;
    const std::string verdict = keep(stanza, error);
    // It goes to our own side, which may ask what it means.
    if (owner(stanza.from_domain) != nullptr || served_by_core(stanza.from_domain)) told.verdict = verdict;
    const std::string answer = xmpp::bounce(stanza, told);
    log_.debug(answer.empty() ? "router.stanza.undeliverable" : "router.stanza.bounced",
               {{"from", std::string{stanza.from_domain}},
                {"to", std::string{stanza.to_domain}},
                {"kind", std::string{xmpp::text(stanza.kind)}},
                {"condition", std::string{xmpp::text(error.condition)}},
                {"verdict", verdict}});
    if (!answer.empty()) {
        const xmpp::Stanza reply = xmpp::bounce_of(stanza, answer);
        if (routing::LocalService* service = owner(reply.to_domain)) {
            service->send(reply, {});
        } else {
            hub_->send(reply, {});
        }
    }
    context_.shard.settle(ticket);
}

void Router::FromLink::route(const xmpp::Stanza& stanza, const routing::Ticket& ticket) {
    if (routing::LocalService* service = router_.owner(stanza.to_domain)) {
        ++router_.counts_.to_local;
        return service->send(stanza, ticket);
    }
    // Never back over a link, not even as an error: this node may not speak for a domain that it does not serve.
    ++router_.counts_.returned;
    const std::string verdict =
        router_.keep(stanza, {xmpp::StanzaCondition::item_not_found, {}, Rule::no_way, "this node does not serve it"});
    router_.log_.write_for(std::string{stanza.from_domain}, LogLevel::warn, "router.stanza.undeliverable",
                           {{"from", std::string{stanza.from_domain}},
                            {"to", std::string{stanza.to_domain}},
                            {"kind", std::string{xmpp::text(stanza.kind)}},
                            {"condition", "item-not-found"},
                            {"verdict", verdict}});
    router_.context_.shard.settle(ticket);
}

}  // namespace sallyport::presence
