// Wiring of one core shard.
#include "nodes/core/core_shard.h"

#include <algorithm>

#include "nodes/runtime/feeders.h"

namespace sallyport::nodes {

namespace {

constexpr std::size_t most_described = 10000;

s2s::StreamPolicy policy_of(const config::InsideServer& server) {
    s2s::StreamPolicy policy;
    policy.security = server.tls == config::InsideTls::required   ? s2s::SecurityMode::tls_required
                      : server.tls == config::InsideTls::optional ? s2s::SecurityMode::tls_optional
                                                                  : s2s::SecurityMode::no_tls;
    policy.require_certificate = server.auth == config::InsideAuth::certificate;
    policy.offer_dialback = server.auth == config::InsideAuth::dialback;
    return policy;
}

std::vector<policy::InsideRules::Server> rules_of(const std::vector<config::InsideServer>& servers) {
    std::vector<policy::InsideRules::Server> rules;
    for (const auto& server : servers) rules.push_back({server.domains, policy_of(server)});
    return rules;
}

}  // namespace

CoreShard::CoreShard(routing::Shard& shard, routing::Ledger& ledger, const CoreParts& parts,
                     const std::vector<std::unique_ptr<CoreShard>>& siblings)
    : shard_{shard},
      siblings_{siblings},
      servers_{parts.servers},
      federating_{parts.federating},
      given_{parts.given},
      rules_{rules_of(parts.servers), parts.dialback_secret},
      directory_{[this](std::string_view realm, std::string_view domain) { return may_have(realm, domain); }},
      from_link_{*this},
      from_presence_{*this},
      records_{parts.limits, parts.to_control, parts.on_handshake},
      s2s_{s2s_context(ledger, parts)},
      hub_{hub_context(parts)},
      presence_hub_{presence_context(parts)},
      components_{component_context(parts)},
      stop_{shard_.loop} {
    for (const auto& server : servers_) {
        for (const auto& domain : server.domains) inside_.insert(domain.text());
    }
    shard_.bus.attach(shard_, [this](routing::Forwarded message) { forwarded(std::move(message)); });
}

s2s::S2sContext CoreShard::s2s_context(routing::Ledger& ledger, const CoreParts& parts) {
    s2s::S2sContext context{.shard = shard_, .rules = rules_, .ledger = ledger};
    context.leads_inwards = true;
    fill_context(parts, records_, context);
    // Dialback of an internal server is verified at its configured address, never by DNS.
    context.configured = [this](const xmpp::Domain& domain) -> std::optional<s2s::ConfiguredTargets> {
        for (const auto& server : servers_) {
            if (std::find(server.domains.begin(), server.domains.end(), domain) == server.domains.end()) continue;
            return s2s::ConfiguredTargets{{{server.address.host, server.address.port, false, true}}, false};
        }
        return s2s::ConfiguredTargets{};
    };
    // A server that is back serves all of its domains.
    context.on_alive = [this](const xmpp::Domain& remote, s2s::Sign sign) {
        for (const auto& server : servers_) {
            if (std::find(server.domains.begin(), server.domains.end(), remote) == server.domains.end()) continue;
            for (const auto& sibling : siblings_) {
                shard_.bus.run_on(sibling->shard_.index, [core = sibling.get(), domains = server.domains, sign] {
                    for (const xmpp::Domain& domain : domains) core->s2s_.pool().alive(domain, sign);
                });
            }
        }
    };
    context.move_inbound = [this](std::uint32_t to, std::shared_ptr<s2s::MovedInbound> moved) {
        shard_.bus.run_on(
            to, [core = siblings_[to].get(), moved = std::move(moved)] { core->s2s_.join(std::move(*moved)); });
    };
    context.pong_elsewhere = [this](std::uint32_t to, std::string id, std::string from, std::string at) {
        shard_.bus.run_on(to, [core = siblings_[to].get(), id = std::move(id), from = std::move(from),
                               at = std::move(at)] { core->s2s_.pool().pong(id, from, at); });
    };
    context.pace_of_way = [this](const xmpp::DomainPair& pair) { return pace_of_way(pair); };
    context.router = this;
    context.is_ours = [this](std::string_view domain) { return is_ours(domain); };
    return context;
}

link::HubContext CoreShard::dialler_context(const CoreParts& parts) {
    link::HubContext context = link_context(parts, link::End::dialler, shard_, records_);
    context.bounce = [this](const xmpp::Stanza& stanza, const xmpp::StanzaError& error, const routing::Ticket& ticket) {
        s2s_.pool().bounce(stanza, error, ticket);
    };
    return context;
}

link::HubContext CoreShard::hub_context(const CoreParts& parts) {
    link::HubContext context = dialler_context(parts);
    context.far_role = Role::edge;
    context.router = &from_link_;
    // An edge that speaks for a domain of ours is broken or in other hands (threat T85). Of a domain whose presence
    // node is away only the settings know that it is ours, and those of the edge may be older; and an error may answer
    // what was sent before the domain had somebody. What only a presence node claims ends no link of others (T90).
    context.admission = [this](const link::Session&, const xmpp::Stanza& stanza) {
        if (is_own(stanza.from_domain)) return stanza.type == "error" ? link::Admission::refuse : link::Admission::end;
        const bool claimed = !directory_.owner(stanza.from_domain).empty() || federates(stanza.from_domain);
        return claimed ? link::Admission::refuse : link::Admission::route;
    };
    context.way = [this](const xmpp::Stanza& stanza) { return directory_.way_out(stanza); };
    context.on_pace = [this](const link::Partner& partner) { pace(partner); };
    context.on_heavy = [this](link::Pace pace) {
        edges_ = pace;
        hold();
    };
    context.on_change = [this](const link::Session*) {
        forget_lost_edges();
        directory_.edges_changed(hub_.open_realms());
        announce();
    };
    context.on_facts = [this](const std::string& edge, const link::PeerFacts& facts) { learn(edge, facts); };
    return context;
}

void CoreShard::learn(const std::string& edge, const link::PeerFacts& facts) {
    const DescribedKey key{edge, facts.pair, facts.direction};
    if (facts.state == link::PeerState::closed) {
        described_.erase(key);
    } else if (described_.size() < most_described || described_.contains(key)) {
        described_[key] = {facts, edge, shard_.loop.wall()};
    }
    // The edge tells every shard; one of them writes it down, and what is told again none.
    const bool is_news =
        facts.state != link::PeerState::open &&
        routing::owner(facts.pair.local.text(), facts.pair.remote.text(), shard_.count) == shard_.index;
    // A partner that comes and goes causes it, however often it likes.
    const auto address = Endpoint::parse(facts.address);
    const Logger log = shard_.logger(LogModule::link);
    log.write_for(address ? log_source(address->address) : edge, is_news ? LogLevel::info : LogLevel::debug,
                  "link.peer",
                  {{"far", edge},
                   {"pair", facts.pair.text()},
                   {"direction", facts.direction == Direction::inbound ? "IN" : "OUT"},
                   {"state", facts.state == link::PeerState::closed ? "closed" : "open"},
                   {"method", facts.method},
                   {"tls", facts.tls.empty() ? "none" : facts.tls},
                   {"address", facts.address},
                   {"verdict", facts.verdict}});
}

/// What an edge has open is not known without a link with it; it tells of it when there is one.
void CoreShard::forget_lost_edges() {
    const auto open = hub_.open_realms();
    std::erase_if(described_, [&](const auto& entry) {
        return std::find(open.begin(), open.end(), entry.second.edge) == open.end();
    });
}

link::HubContext CoreShard::presence_context(const CoreParts& parts) {
    link::HubContext context = dialler_context(parts);
    context.far_role = Role::presence;
    context.router = &from_presence_;
    // A presence node that speaks for a domain which it does not serve is broken or in other hands.
    context.admission = [this](const link::Session& session, const xmpp::Stanza& stanza) {
        if (directory_.owner(stanza.from_domain) == session.far_realm) return link::Admission::route;
        return session.names.domains.contains(stanza.from_domain) ? link::Admission::refuse : link::Admission::end;
    };
    context.way = [](const xmpp::Stanza& stanza) { return link::Way{link::Way::By::domain, stanza.to_domain}; };
    // Everybody writes to the few domains of a presence node: who floods it has a budget, not whom he writes to. What
    // is unsent on its link holds back nobody else: it is within those budgets.
    context.leads_inwards = true;
    context.on_pace = [this](const link::Partner& partner) { pace_sender(partner); };
    context.on_change = [this, on_presence = parts.on_presence](const link::Session* session) {
        if (on_presence) on_presence();
        if (session == nullptr) return;
        log_refused(directory_.learn(session->far_realm, session->bound));
        announce();
        hub_.look_again();
    };
    return context;
}

components::ServerContext CoreShard::component_context(const CoreParts& parts) {
    components::ServerContext context{.shard = shard_};
    context.secrets = parts.components;
    context.limits = parts.limits;
    context.router = this;
    context.bounce = [this](const xmpp::Stanza& stanza, const xmpp::StanzaError& error, const routing::Ticket& ticket) {
        s2s_.pool().bounce(stanza, error, ticket);
    };
    return context;
}

std::vector<xmpp::Domain> CoreShard::own_domains() const {
    std::vector<xmpp::Domain> all;
    for (const auto& server : servers_) all.insert(all.end(), server.domains.begin(), server.domains.end());
    for (const auto& domain : components_.domains()) all.push_back(domain);
    return all;
}

bool CoreShard::is_own(std::string_view domain) const { return is_inside(domain) || components_.owns(domain); }

bool CoreShard::is_ours(std::string_view domain) const { return is_own(domain) || !directory_.owner(domain).empty(); }

bool CoreShard::may_have(std::string_view realm, std::string_view domain) const {
    if (is_own(domain)) return false;
    const auto given = given_.find(domain);
    return given != given_.end() ? given->second == realm : federates(domain);
}

void CoreShard::federate(std::vector<config::NamePattern> domains) {
    federating_ = std::move(domains);
    log_refused(directory_.look_again());
    if (!announced_) return;
    announce();
    presence_hub_.look_again();
}

void CoreShard::log_refused(const std::vector<presence::Directory::Refused>& all) const {
    for (const auto& [realm, domain] : all) {
        const std::string_view other = directory_.owner(domain);
        const bool nobodys = other.empty() && !is_own(domain);
        shard_.logger(LogModule::link)
            .write_for(realm, LogLevel::error, "link.domain.refused",
                       {{"far", realm},
                        {"domain", domain},
                        {"owner", nobodys         ? "nobody: neither federation.domains nor [[link.dial]] names it"
                                  : other.empty() ? "this core"
                                                  : std::string{other}}});
    }
}

bool CoreShard::federates(std::string_view domain) const {
    return std::any_of(federating_.begin(), federating_.end(),
                       [&](const config::NamePattern& pattern) { return pattern.matches_text(domain); });
}

void CoreShard::announce() {
    announced_ = true;
    link::Serves inwards, outwards;
    outwards.domains = inwards.domains = own_domains();
    for (const auto& domain : directory_.domains()) outwards.domains.push_back(domain);
    inwards.realms = hub_.open_realms();
    hub_.serve(std::move(outwards));
    presence_hub_.serve(std::move(inwards));
}

void CoreShard::hold() {
    s2s_.ways_changed();
    components_.hold(edges_ == link::Pace::brisk || !brisk_.empty() || !brisk_components_.empty() || stopping_);
}

/// What an inside server writes waits for the link that it goes over, and for no other.
s2s::Feeders CoreShard::pace_of_way(const xmpp::DomainPair& pair) const {
    const std::string& to = pair.local.text();
    if (is_inside(to) || components_.owns(to)) return s2s::Feeders::none;
    if (directory_.owner(to).empty() && !federates(to)) return feeders(edges_);
    // Towards a presence node that hardly moves, its budget is enough: a stream that leads there only may be about to
    // ask for a pair that leads elsewhere.
    const auto at = paced_senders_.find(pair.remote.text());
    const bool waits = at != paced_senders_.end() && at->second == link::Pace::brisk;
    return waits ? s2s::Feeders::all : s2s::Feeders::none;
}

/// A component writes to everybody over one stream: it waits for who takes what it gets, and for nobody else.
void CoreShard::pace(const link::Partner& partner) {
    s2s_.slow_down(partner.domain, feeders(partner.pace));
    if (partner.pace == link::Pace::brisk) {
        brisk_.insert(partner.domain);
    } else {
        brisk_.erase(partner.domain);
    }
    hold();
}

/// Towards a presence node. What comes from an edge is not read more slowly: that link carries everybody's.
void CoreShard::pace_sender(const link::Partner& partner) {
    if (partner.pace == link::Pace::free) {
        paced_senders_.erase(partner.domain);
    } else {
        paced_senders_.insert_or_assign(partner.domain, partner.pace);
    }
    if (partner.pace == link::Pace::brisk && components_.owns(partner.domain)) {
        brisk_components_.insert(partner.domain);
    } else {
        brisk_components_.erase(partner.domain);
    }
    hold();
}

void CoreShard::route(const xmpp::Stanza& stanza, const routing::Ticket& ticket) {
    if (is_inside(stanza.to_domain)) {
        const std::uint32_t at = routing::owner(stanza.from_domain, stanza.to_domain, shard_.count);
        if (at == shard_.index) return s2s_.pool().send(stanza, ticket);
        return forward(at, stanza, ticket);
    }
    if (components_.owns(stanza.to_domain)) {
        if (shard_.index == 0) return components_.send(stanza, ticket);
        return forward(0, stanza, ticket);
    }
    if (!directory_.owner(stanza.to_domain).empty()) return presence_hub_.send(stanza, ticket);
    if (!federates(stanza.to_domain)) return hub_.send(stanza, ticket);
    // Ours, and nobody here has it. Never to an edge: it could only answer for a domain of ours, which this core takes
    // from no edge. A presence node that is not there yet may have it.
    if (presence_hub_.awaits()) return presence_hub_.send(stanza, ticket);
    s2s_.pool().bounce(stanza,
                       {xmpp::StanzaCondition::remote_server_not_found,
                        {},
                        Rule::no_way,
                        "it is one of federation.domains, but no server, component or presence node has it"},
                       ticket);
}

void CoreShard::forward(std::uint32_t to, const xmpp::Stanza& stanza, const routing::Ticket& ticket) {
    if (shard_.bus.forward(shard_, to, {xmpp::OwnedStanza{stanza}, ticket})) return;
    s2s_.pool().bounce(stanza, {xmpp::StanzaCondition::resource_constraint, {}, Rule::busy}, ticket);
}

void CoreShard::FromLink::route(const xmpp::Stanza& stanza, const routing::Ticket& ticket) {
    if (core_.is_ours(stanza.to_domain)) return core_.route(stanza, ticket);
    // Never back to an edge (RFC 6120 10.4): the edge believes that we serve a domain which we do not.
    core_.s2s_.pool().bounce(stanza, {xmpp::StanzaCondition::item_not_found, {}, Rule::no_way}, ticket);
}

void CoreShard::FromPresence::route(const xmpp::Stanza& stanza, const routing::Ticket& ticket) {
    const presence::Directory& directory = core_.directory_;
    const std::string_view node = directory.owner(stanza.from_domain);
    if (node == directory.owner(stanza.to_domain)) {
        // Never back to where it comes from: the presence node names a domain that it does not own.
        return core_.s2s_.pool().bounce(stanza, {xmpp::StanzaCondition::item_not_found, {}, Rule::no_way}, ticket);
    }
    const bool leads_out = !core_.is_ours(stanza.to_domain) && !core_.federates(stanza.to_domain);
    if (leads_out && !directory.has_loaded(node)) {
        return core_.s2s_.pool().bounce(stanza, {xmpp::StanzaCondition::remote_server_not_found, {}, Rule::not_loaded},
                                        ticket);
    }
    core_.route(stanza, ticket);
}

void CoreShard::forwarded(routing::Forwarded message) {
    const xmpp::Stanza stanza = message.stanza.view();
    if (is_inside(stanza.to_domain)) return s2s_.pool().send(stanza, message.ticket);
    components_.send(stanza, message.ticket);
}

TableFills CoreShard::tables() const {
    TableFills all;
    s2s_.tables(all);
    hub_.tables(all);
    presence_hub_.tables(all);
    components_.tables(all);
    all.push_back({"record.verdicts", records_.verdicts().size(), records_.verdicts().most()});
    // What the links tell of domains: each list has no more of them than the links.
    all.push_back({"s2s.slow-domains", s2s_.slow_domains(), hub_.most_partners()});
    all.push_back({"core.paced-senders", paced_senders_.size(), presence_hub_.most_partners()});
    all.push_back({"core.brisk", brisk_.size(), hub_.most_partners()});
    all.push_back({"core.brisk-components", brisk_components_.size(), presence_hub_.most_partners()});
    all.push_back({"core.presence-domains", directory_.size(), presence::Directory::most_domains});
    all.push_back({"core.described", described_.size(), most_described});
    return all;
}

void CoreShard::shut() {
    stop_.begin({[this] {
                     stopping_ = true;
                     hold();
                     components_.quiesce();
                     s2s_.quiesce();
                     hub_.quiesce();
                     presence_hub_.quiesce();
                 },
                 [this] { return hub_.quiet() && presence_hub_.quiet() && s2s_.pool().idle() && components_.idle(); },
                 [this] {
                     return std::all_of(siblings_.begin(), siblings_.end(),
                                        [](const auto& sibling) { return sibling->stop_.quiet(); });
                 },
                 [this] {
                     hub_.end_silent();
                     presence_hub_.end_silent();
                 },
                 [this] {
                     hub_.shut();
                     presence_hub_.shut();
                 },
                 [this] {
                     s2s_.shut();
                     components_.shut();
                 }});
}

}  // namespace sallyport::nodes
