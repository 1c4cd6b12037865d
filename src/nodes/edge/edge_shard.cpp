// Wiring of one edge shard.
#include "nodes/edge/edge_shard.h"

#include <algorithm>

#include "model/policy/static_route.h"
#include "nodes/runtime/feeders.h"

namespace sallyport::nodes {

namespace {

/// Pairs that streams on other shards carry; more go their own way.
constexpr std::size_t most_reversed = 100'000;

std::string key_of(std::string_view local, std::string_view remote) {
    return std::string{local} + ' ' + std::string{remote};
}

}  // namespace

EdgeShard::EdgeShard(routing::Shard& shard, routing::Ledger& ledger, const EdgeParts& parts,
                     const std::vector<std::unique_ptr<EdgeShard>>& siblings)
    : shard_{shard},
      siblings_{siblings},
      rules_{parts.settings},
      from_link_{*this},
      records_{parts.limits, parts.to_control, parts.on_handshake},
      s2s_{s2s_context(ledger, parts)},
      hub_{hub_context(parts)},
      stop_{shard_.loop} {
    shard_.bus.attach(shard_, [this](routing::Forwarded message) { forwarded(std::move(message)); });
}

void EdgeShard::connect() {
    std::vector<link::Hub*> hubs;
    for (const auto& sibling : siblings_) hubs.push_back(&sibling->hub_);
    hub_.stand_beside(std::move(hubs));
}

s2s::S2sContext EdgeShard::s2s_context(routing::Ledger& ledger, const EdgeParts& parts) {
    s2s::S2sContext context{.shard = shard_, .rules = rules_, .ledger = ledger};
    fill_context(parts, records_, context);
    context.share_streams = parts.share_streams;
    context.configured = [this](const xmpp::Domain& remote) -> std::optional<s2s::ConfiguredTargets> {
        policy::RouteChoice choice = policy::static_route(rules_.settings(), remote, shard_.random);
        if (!choice.has_route) return std::nullopt;
        return s2s::ConfiguredTargets{std::move(choice.targets), choice.fall_back_to_dns};
    };
    context.limits_of = [this, general = parts.limits](const xmpp::Domain& remote) {
        return policy::limits_for(rules_.settings(), general, remote);
    };
    context.on_peer = [this](const s2s::PeerNews& news) { peer_news(news); };
    if (shard_.count > 1) {
        context.in_order = [this](const xmpp::DomainPair& pair, std::function<void()> then) {
            await_others(pair, std::move(then));
        };
    }
    context.on_alive = [this](const xmpp::Domain& remote, s2s::Sign sign) {
        for (const auto& sibling : siblings_) {
            if (sibling.get() == this) continue;
            shard_.bus.run_on(sibling->shard_.index,
                              [edge = sibling.get(), remote, sign] { edge->s2s_.pool().alive(remote, sign); });
        }
    };
    context.move_inbound = [this](std::uint32_t to, std::shared_ptr<s2s::MovedInbound> moved) {
        shard_.bus.run_on(
            to, [edge = siblings_[to].get(), moved = std::move(moved)] { edge->s2s_.join(std::move(*moved)); });
    };
    context.pong_elsewhere = [this](std::uint32_t to, std::string id, std::string from, std::string at) {
        shard_.bus.run_on(to, [edge = siblings_[to].get(), id = std::move(id), from = std::move(from),
                               at = std::move(at)] { edge->s2s_.pool().pong(id, from, at); });
    };
    context.take_over = [this](std::uint32_t to, const xmpp::DomainPair& pair, std::deque<s2s::Waiting> waiting) {
        take_over(to, pair, std::move(waiting));
    };
    context.on_reverse = [this](const xmpp::DomainPair& pair, bool up) { reverse(pair, up); };
    context.router = this;
    context.is_ours = [this](std::string_view domain) { return is_local(domain); };
    return context;
}

link::HubContext EdgeShard::hub_context(const EdgeParts& parts) {
    link::HubContext context = link_context(parts, link::End::listener, shard_, records_);
    context.far_role = Role::core;
    context.router = &from_link_;
    // What a core may send is judged stanza by stanza in FromLink and by the rules of the pool: a wrong setting must
    // not take the link down.
    context.bounce = [this](const xmpp::Stanza& stanza, const xmpp::StanzaError& error, const routing::Ticket& ticket) {
        s2s_.pool().bounce(stanza, error, ticket);
    };
    // There is no other way than inside: whether the link is slow or stands still, partners wait.
    context.on_heavy = [this](link::Pace pace) { s2s_.hold(pace != link::Pace::free); };
    context.leads_inwards = true;
    context.on_pace = [this](const link::Partner& partner) {
        s2s_.slow_down_sender(partner.domain, feeders(partner.pace));
    };
    context.load = parts.link_load;
    return context;
}

bool EdgeShard::is_local(std::string_view domain) const {
    const auto& domains = rules_.settings().domains;
    return std::any_of(domains.begin(), domains.end(),
                       [&](const config::NamePattern& pattern) { return pattern.matches_text(domain); });
}

/// Stanzas to our domains; and what is returned to a domain behind a core that does not federate, or no longer.
bool EdgeShard::goes_inside(const xmpp::Stanza& stanza) const {
    if (is_local(stanza.to_domain)) return true;
    return stanza.type == "error" && std::any_of(siblings_.begin(), siblings_.end(), [&](const auto& sibling) {
               return sibling->hub_.advertises(stanza.to_domain);
           });
}

void EdgeShard::route(const xmpp::Stanza& stanza, const routing::Ticket& ticket) {
    if (goes_inside(stanza)) return hub_.send(stanza, ticket);
    const std::uint32_t at = routing::owner(stanza.from_domain, stanza.to_domain, shard_.count);
    if (at == shard_.index) return send_out(stanza, ticket);
    pass_on(at, stanza, ticket);
}

void EdgeShard::pass_on(std::uint32_t shard, const xmpp::Stanza& stanza, const routing::Ticket& ticket) {
    if (!shard_.bus.forward(shard_, shard, {xmpp::OwnedStanza{stanza}, ticket})) refuse_as_busy(stanza, ticket);
}

void EdgeShard::refuse_as_busy(const xmpp::Stanza& stanza, const routing::Ticket& ticket) {
    s2s_.pool().bounce(stanza, {xmpp::StanzaCondition::resource_constraint, {}, Rule::busy}, ticket);
}

void EdgeShard::send_out(const xmpp::Stanza& stanza, const routing::Ticket& ticket) {
    if (!straying_.empty()) {
        const auto at = straying_.find(key_of(stanza.from_domain, stanza.to_domain));
        if (at != straying_.end()) {
            if (held_for_strays_ >= routing::Bus::capacity) return refuse_as_busy(stanza, ticket);
            ++held_for_strays_;
            at->second.later.push_back({xmpp::OwnedStanza{stanza}, ticket});
            return;
        }
    }
    send_now(stanza, ticket);
}

void EdgeShard::send_now(const xmpp::Stanza& stanza, const routing::Ticket& ticket) {
    const auto there = reversed_of(stanza);
    if (there == reversed_.end()) return s2s_.pool().send(stanza, ticket);
    there->second.used = true;
    pass_on(there->second.shard, stanza, ticket);
}

std::map<std::string, EdgeShard::Reversed>::iterator EdgeShard::reversed_of(const xmpp::Stanza& stanza) {
    if (reversed_.empty()) return reversed_.end();
    const auto at = reversed_.find(key_of(stanza.from_domain, stanza.to_domain));
    return at != reversed_.end() && goes_to(at->second, stanza) ? at : reversed_.end();
}

s2s::PoolWord EdgeShard::word_on(const xmpp::Stanza& stanza) {
    const auto there = reversed_of(stanza);
    return {there == reversed_.end() ? shard_.index : there->second.shard, s2s_.pool().refusal(stanza)};
}

bool EdgeShard::goes_to(const Reversed& there, const xmpp::Stanza& stanza) {
    return there.used ? !s2s_.pool().holds(stanza) : !s2s_.pool().carries(stanza);
}

void EdgeShard::reverse(const xmpp::DomainPair& pair, bool up) {
    const std::uint32_t at = routing::owner(pair.local.text(), pair.remote.text(), shard_.count);
    if (at == shard_.index) return;
    shard_.bus.run_on(
        at, [owner = siblings_[at].get(), pair, here = shard_.index, up] { owner->reversed_at(pair, here, up); });
}

void EdgeShard::reversed_at(const xmpp::DomainPair& pair, std::uint32_t shard, bool up) {
    const std::string key = key_of(pair.local.text(), pair.remote.text());
    const auto at = reversed_.find(key);
    if (!up) {
        if (at == reversed_.end()) return;
        if (at->second.next == shard) at->second.next.reset();
        if (at->second.shard != shard) return;
        if (at->second.used) await_strays(key, shard);
        if (at->second.next) {
            at->second = {*at->second.next};
        } else {
            reversed_.erase(at);
        }
        return;
    }
    if (at != reversed_.end() && at->second.used && at->second.shard != shard) {
        at->second.next = shard;
        return;
    }
    if (reversed_.size() >= most_reversed && !reversed_.contains(key)) return;
    auto waiting = s2s_.pool().take_waiting(pair);
    reversed_[key] = {shard, !waiting.empty()};
    take_over(shard, pair, std::move(waiting));
}

void EdgeShard::await_strays(const std::string& key, std::uint32_t shard) {
    ++straying_[key].shards;
    // There and back behind all stanzas: when this arrives, so have they.
    shard_.bus.run_behind(shard_, shard, [there = siblings_[shard].get(), owner = this, key] {
        there->shard_.bus.run_behind(there->shard_, owner->shard_.index, [owner, key] { owner->strays_are_back(key); });
    });
}

void EdgeShard::came_back(std::uint32_t shard, const routing::Forwarded& message) {
    const xmpp::Stanza stanza = message.stanza.view();
    const std::string key = key_of(stanza.from_domain, stanza.to_domain);
    if (!straying_.contains(key)) {
        // Nobody has told that the stream there is gone.
        const auto at = reversed_.find(key);
        if (at != reversed_.end() && at->second.shard == shard) reversed_.erase(at);
    }
    send_now(stanza, message.ticket);
}

void EdgeShard::strays_are_back(const std::string& key) {
    const auto at = straying_.find(key);
    if (--at->second.shards > 0) return;
    const std::deque<routing::Forwarded> later = std::move(at->second.later);
    straying_.erase(at);
    held_for_strays_ -= later.size();
    for (const routing::Forwarded& message : later) send_now(message.stanza.view(), message.ticket);
}

void EdgeShard::take_over(std::uint32_t shard, const xmpp::DomainPair& pair, std::deque<s2s::Waiting> waiting) {
    if (waiting.empty()) return;
    // std::function wants a copyable callable.
    const auto shared = std::make_shared<std::deque<s2s::Waiting>>(std::move(waiting));
    shard_.bus.run_on(shard, [edge = siblings_[shard].get(), pair, shared] {
        edge->s2s_.pool().take_over(pair, std::move(*shared));
    });
}

void EdgeShard::FromLink::route(const xmpp::Stanza& stanza, const routing::Ticket& ticket) {
    if (edge_.is_local(stanza.to_domain)) {
        // RFC 6120 10.5: what the core does not deliver itself has no other place to go.
        return edge_.s2s_.pool().bounce(stanza, {xmpp::StanzaCondition::remote_server_not_found, {}, Rule::no_way},
                                        ticket);
    }
    edge_.route(stanza, ticket);
}

void EdgeShard::forwarded(routing::Forwarded message) {
    const xmpp::Stanza stanza = message.stanza.view();
    if (!goes_inside(stanza)) {
        const std::uint32_t at = routing::owner(stanza.from_domain, stanza.to_domain, shard_.count);
        if (at == shard_.index) return send_out(stanza, message.ticket);
        if (s2s_.pool().reverses(stanza)) return s2s_.pool().send(stanza, message.ticket);
        // The stream that the owner counted on is gone.
        const auto stray = std::make_shared<routing::Forwarded>(std::move(message));
        return shard_.bus.run_behind(
            shard_, at, [owner = siblings_[at].get(), here = shard_.index, stray] { owner->came_back(here, *stray); });
    }
    hub_.borrow(message);
}

void EdgeShard::peer_news(const s2s::PeerNews& news) {
    link::PeerFacts facts;
    facts.pair = news.pair;
    facts.direction = news.direction;
    facts.method = s2s::text(news.method);
    facts.tls = news.tls_version;
    facts.cipher = news.cipher;
    facts.address = news.address;
    facts.verdict = rules_.admits(news.pair, news.direction).verdict_id;
    for (const auto& sibling : siblings_) {
        if (sibling.get() == this) {
            hub_.tell(facts, news.up);
        } else {
            shard_.bus.run_on(sibling->shard_.index,
                              [there = sibling.get(), facts, up = news.up] { there->hub_.tell(facts, up); });
        }
    }
}

void EdgeShard::await_others(const xmpp::DomainPair& pair, std::function<void()> then) {
    // Counted here: the answers come to this thread.
    const auto answer = [missing = std::make_shared<std::size_t>(siblings_.size() - 1), then = std::move(then)] {
        if (--*missing == 0) then();
    };
    for (const auto& sibling : siblings_) {
        if (sibling.get() == this) continue;
        shard_.bus.run_on(sibling->shard_.index, [there = sibling.get(), here = shard_.index, pair, answer] {
            there->hub_.when_received(pair.remote.text(), pair.local.text(),
                                      [bus = &there->shard_.bus, here, answer] { bus->run_on(here, answer); });
        });
    }
}

void EdgeShard::apply(config::Snapshot settings) {
    rules_.replace(std::move(settings));
    s2s_.rules_changed();
}

TableFills EdgeShard::tables() const {
    TableFills all;
    s2s_.tables(all);
    hub_.tables(all);
    all.push_back({"record.verdicts", records_.verdicts().size(), records_.verdicts().most()});
    all.push_back({"s2s.slow-domains", s2s_.slow_domains(), hub_.most_partners()});
    all.push_back({"s2s.reversed", reversed_.size(), most_reversed});
    all.push_back({"s2s.straying", straying_.size(), most_reversed});
    all.push_back({"s2s.held-for-strays", held_for_strays_, routing::Bus::capacity});
    return all;
}

void EdgeShard::shut() {
    stop_.begin({[this] {
                     s2s_.quiesce();
                     hub_.quiesce();
                 },
                 [this] { return hub_.quiet() && s2s_.pool().idle() && straying_.empty(); },
                 [this] {
                     return std::all_of(siblings_.begin(), siblings_.end(),
                                        [](const auto& sibling) { return sibling->stop_.quiet(); });
                 },
                 [this] { hub_.end_silent(); }, [this] { hub_.shut(); }, [this] { s2s_.shut(); }});
}

}  // namespace sallyport::nodes
