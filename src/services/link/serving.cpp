// What the sides of a link tell each other beside stanzas: what they serve and reach, and facts of peers; and what
// status shows of sessions (docs/protocol/link.md, sections 4 and 6).
#include <algorithm>

#include "services/link/hub.h"

namespace sallyport::link {

namespace {

void add_once(std::vector<std::string>& names, const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

std::string listed(const std::vector<std::string>& names) {
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "" : " ") + name;
    return all;
}

/// By their weight; each takes as much at least.
std::uint64_t most_under_way(const Limits& limits) { return limits.link_bytes / sizeof(Window::Entry); }

}  // namespace

void Hub::tell_served(Connection& connection) {
    if (!served_) return;
    Actions actions;
    connection.machine().bind(*served_, actions);
    connection.carry_out(actions);
}

void Hub::bound(Connection& connection, Serves serves) {
    Session* session = connection.session();
    if (session == nullptr) return;
    session->bound = std::move(serves);
    // Before the old sessions end: what they held may come here from other shards.
    advertise();
    replace_dead(*session);
    replace_given_up(*session);
    std::vector<std::string> domains;
    for (const auto& domain : session->bound.domains) domains.push_back(domain.text());
    std::vector<LogFact> facts{{"far", session->far_realm}, {"domains", listed(domains)}};
    if (!session->bound.realms.empty()) facts.push_back({"realms", listed(session->bound.realms)});
    if (!session->bound.components.empty()) facts.push_back({"components", listed(session->bound.components)});
    log_.info("link.bound", facts);
    advertise();
    if (context_.on_bound) context_.on_bound(*session);
    if (context_.on_change) context_.on_change();
    flush_held();
}

bool Hub::advertises(std::string_view domain) const {
    const std::lock_guard lock{advertised_mutex_};
    return std::find(advertised_.begin(), advertised_.end(), domain) != advertised_.end();
}

bool Hub::has_successor(const FarNode& dead) const {
    const std::lock_guard lock{advertised_mutex_};
    return std::any_of(open_nodes_.begin(), open_nodes_.end(),
                       [&](const FarNode& open) { return open.realm == dead.realm && open.node != dead.node; });
}

void Hub::advertise() {
    std::vector<std::string> all;
    std::vector<FarNode> nodes;
    for (const auto& session : sessions_) {
        if (session->connection == nullptr) continue;
        for (const auto& domain : session->bound.domains) all.push_back(domain.text());
        if (!session->bound.domains.empty()) nodes.push_back({session->far_realm, session->far_node});
    }
    const std::lock_guard lock{advertised_mutex_};
    advertised_ = std::move(all);
    open_nodes_ = std::move(nodes);
}

void Hub::serve(Serves serves) {
    if (served_ == serves) return;
    served_ = std::move(serves);
    for (const auto& connection : connections_) {
        if (connection->open()) tell_served(*connection);
    }
}

std::vector<std::string> Hub::open_realms() const {
    std::vector<std::string> realms;
    for (const auto& session : sessions_) {
        if (session->connection != nullptr && session->connection->open()) add_once(realms, session->far_realm);
    }
    return realms;
}

Serves Hub::reached() const {
    Serves all;
    for (const auto& session : sessions_) {
        if (session->connection == nullptr || !session->connection->open()) continue;
        for (const auto& domain : session->bound.domains) {
            if (std::find(all.domains.begin(), all.domains.end(), domain) == all.domains.end())
                all.domains.push_back(domain);
        }
        for (const auto& realm : session->bound.realms) add_once(all.realms, realm);
        for (const auto& component : session->bound.components) add_once(all.components, component);
    }
    return all;
}

void Hub::tell(const PeerFacts& facts, bool up) {
    const auto key = std::pair{facts.pair, facts.direction};
    auto at = facts_.find(key);
    if (at == facts_.end()) {
        if (!up || facts_.size() >= most_facts) return;
        at = facts_.emplace(key, Known{}).first;
    }
    PeerFacts news = up ? facts : at->second.facts;
    news.state = up ? PeerState::opened : PeerState::closed;
    if (up) {
        at->second.facts = news;
        ++at->second.streams;
    } else {
        if (--at->second.streams > 0) return;
        facts_.erase(at);
    }
    for (const auto& connection : connections_) {
        if (!connection->open()) continue;
        Actions actions;
        connection->machine().facts(news, actions);
        connection->carry_out(actions);
    }
}

/// The far side may have missed what happened while there was no link.
void Hub::tell_facts(Connection& connection) {
    Actions actions;
    for (const auto& [key, known] : facts_) {
        PeerFacts again = known.facts;
        again.state = PeerState::open;
        connection.machine().facts(again, actions);
    }
    connection.carry_out(actions);
}

void Hub::tables(TableFills& all) const {
    all.push_back({"link.facts", facts_.size(), most_facts});
    all.push_back({"link.held", held_.size(), most_under_way(context_.limits)});
    all.push_back({"link.lanes", lanes_.size(), most_under_way(context_.limits)});
    all.push_back({"link.elsewhere", elsewhere_.size(), most_under_way(context_.limits)});
    all.push_back({"link.strangers", doorway_.strangers(), DoorwayBounds{}.strangers});
}

std::vector<PartnerStatus> Hub::slow_partners() const {
    std::vector<PartnerStatus> all;
    for (const Partner& partner : lanes_.busy()) {
        if (partner.pace != Pace::slow && partner.refused == 0) continue;
        all.push_back(
            {partner.domain, std::string{context_.far_role}, partner.stanzas, partner.weight, partner.refused});
    }
    return all;
}

std::vector<SessionStatus> Hub::sessions() const {
    std::vector<SessionStatus> all;
    for (const auto& session : sessions_) {
        SessionStatus status;
        status.id = session->id.substr(0, 8);
        status.far_realm = session->far_realm;
        status.far_role = context_.far_role;
        status.state = session->connection != nullptr ? "open" : "broken";
        if (session->connection != nullptr) {
            status.local_address = session->connection->local().text();
            status.remote_address = session->connection->remote().text();
            status.tls_version = session->connection->tls().version;
            status.cipher = session->connection->tls().cipher;
            status.clock_skew = session->connection->clock_skew();
        }
        for (const auto& domain : session->bound.domains) status.bound.push_back(domain.text());
        status.realms = session->bound.realms;
        status.components = session->bound.components;
        status.sent = session->sent;
        status.received = session->received;
        status.unacknowledged = session->out.size();
        status.unacknowledged_bytes = session->out.bytes();
        status.resumptions = session->resumptions;
        status.open_since = session->open_since;
        status.shard = context_.shard.index;
        all.push_back(std::move(status));
    }
    return all;
}

}  // namespace sallyport::link
