// What the sides of a link tell each other beside stanzas: what they serve and reach, and facts of peers; and what
// status shows of sessions (docs/protocol/link.md, sections 4 and 6).
#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "base/join.h"
#include "services/link/hub.h"

namespace sallyport::link {

namespace {

void add_once(std::vector<std::string>& names, const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

std::string listed(const std::vector<std::string>& names) { return joined(names, " "); }

/// Facts that wait until little else does are looked at again after this.
constexpr Duration facts_every = std::chrono::milliseconds{20};

/// By their weight; each takes as much at least.
std::uint64_t most_under_way(const Limits& limits) {
    return (limits.link_bytes + Hub::newcomers_stanzas * 2 * limits.after_auth.element_bytes) / sizeof(Window::Entry);
}

}  // namespace

void Hub::tell_served(Connection& connection) {
    if (!served_) return;
    Actions actions;
    connection.machine().bind(*served_, actions);
    connection.carry_out(actions);
}

/// Each makes this node look at all that it holds, and a core tell all its edges; so they have a pace.
void Hub::bound(Connection& connection, Serves serves) {
    Session* session = connection.session();
    if (session == nullptr) return;
    session->said = std::move(serves);
    tell(*session, SessionLife::On::bound);
    arm_binder();
}

void Hub::take_latest() {
    const TimePoint now = context_.shard.loop.now();
    std::vector<std::string> due;
    for (const auto& session : sessions_) {
        if (session->life.deadline() <= now) due.push_back(session->id);
    }
    for (const std::string& id : due) {
        // What one of them has said may have ended another.
        if (Session* session = find_session(id)) tell_time(*session, now);
    }
    arm_binder();
}

void Hub::arm_binder() {
    TimePoint first = never;
    for (const auto& session : sessions_) first = std::min(first, session->life.deadline());
    if (first != never) binder_->arm(first);
}

void Hub::cut(const Session& session, Serves& serves) const {
    const std::size_t most = context_.end == End::listener ? most_names_of_core : most_names_dialled;
    const std::size_t named = std::max({serves.domains.size(), serves.realms.size(), serves.components.size()});
    if (named <= most) return;
    const auto shorten = [most](auto& names) {
        if (names.size() > most) names.erase(names.begin() + static_cast<std::ptrdiff_t>(most), names.end());
    };
    shorten(serves.domains);
    shorten(serves.realms);
    shorten(serves.components);
    log_.write_for(session.far_realm, LogLevel::error, "link.names.excess",
                   {{"far", session.far_realm}, {"named", std::to_string(named)}, {"taken", std::to_string(most)}});
}

void Hub::learn(Session& session) {
    session.bound = std::exchange(session.said, {});
    cut(session, session.bound);
    session.names = {};
    for (const auto& domain : session.bound.domains) session.names.domains.insert(domain.text());
    session.names.realms.insert(session.bound.realms.begin(), session.bound.realms.end());
}

void Hub::succeed(Session& session) {
    // Before the old sessions end: what they held may come here from other shards.
    advertise();
    const FarNode alive{session.far_realm, session.far_node};
    replace(alive);
    replace_elsewhere(alive);
    replace_given_up(std::exchange(session.replaces, {}), session.far_realm);
    std::vector<std::string> domains;
    for (const auto& domain : session.bound.domains) domains.push_back(domain.text());
    std::vector<LogFact> facts{{"far", session.far_realm}, {"domains", listed(domains)}};
    if (!session.bound.realms.empty()) facts.push_back({"realms", listed(session.bound.realms)});
    if (!session.bound.components.empty()) facts.push_back({"components", listed(session.bound.components)});
    log_.write_for(session.far_realm, LogLevel::info, "link.bound", std::move(facts));
    advertise();
    if (context_.on_change) context_.on_change(&session);
    flush_held();
}

bool Hub::awaits() const {
    return std::any_of(diallings_.begin(), diallings_.end(), [](const auto& dialling) {
        const Connection* there = dialling->connection;
        return there == nullptr || !there->open() || there->session() == nullptr || !there->session()->life.named();
    });
}

void Hub::advertise() {
    Advertised::Domains all;
    std::vector<FarNode> nodes;
    for (const auto& session : sessions_) {
        if (session->connection == nullptr) continue;
        all.insert(session->names.domains.begin(), session->names.domains.end());
        nodes.push_back({session->far_realm, session->far_node});
    }
    advertised_.replace(std::move(all), std::move(nodes));
}

std::size_t Hub::unfinished_of(std::string_view far_realm) const {
    std::size_t all = 0;
    for (const auto& connection : connections_) {
        if (connection->machine().far_realm() == far_realm) all += connection->unfinished();
    }
    return all;
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
        if (session->open()) add_once(realms, session->far_realm);
    }
    return realms;
}

Serves Hub::reached() const {
    Serves all;
    std::set<std::string, std::less<>> domains, realms, components;
    for (const auto& session : sessions_) {
        if (!session->open()) continue;
        for (const auto& domain : session->bound.domains) {
            if (domains.insert(domain.text()).second) all.domains.push_back(domain);
        }
        for (const auto& realm : session->bound.realms) {
            if (realms.insert(realm).second) all.realms.push_back(realm);
        }
        for (const auto& component : session->bound.components) {
            if (components.insert(component).second) all.components.push_back(component);
        }
    }
    return all;
}

void Hub::tell(const PeerFacts& facts, bool up) {
    const auto news = peers_.hear(facts, up);
    if (!news) return;
    std::size_t waiting = untold();
    for (const auto& connection : connections_) {
        if (connection->open()) connection->untold().add(*news, waiting++ < Untold::most);
    }
    tell_more();
}

std::size_t Hub::untold() const {
    std::size_t all = 0;
    for (const auto& connection : connections_) all += connection->untold().news.size();
    return all;
}

/// The far side may have missed what happened while there was no link.
void Hub::tell_facts(Connection& connection) {
    connection.untold().begin_again();
    tell_more();
}

void Hub::tell_more() {
    bool more = false;
    for (const auto& connection : connections_) more |= connection->open() && tell_more(*connection);
    if (more) teller_->arm(context_.shard.loop.now() + facts_every);
}

bool Hub::tell_more(Connection& connection) {
    while (connection.open() && connection.pending() < facts_burst) {
        const auto facts = peers_.next(connection.untold());
        if (!facts) break;
        Actions actions;
        connection.machine().facts(*facts, actions);
        connection.carry_out(actions);
    }
    return connection.untold().any();
}

/// Threat T85: an edge may be in other hands, and would read here what is weak inside, as it happens.
void Hub::tell_nodes(std::vector<NodeNews> nodes, bool again) {
    if (context_.far_role == Role::edge) {
        for (NodeNews& news : nodes) news = outline_of(std::move(news));
    }
    std::vector<NodeNews> fresh = nodes_.replace(std::move(nodes));
    if (again) fresh = nodes_.all();
    if (fresh.empty()) return;
    std::set<std::string, std::less<>> told;  // a node has several links, and one is enough
    for (const auto& connection : connections_) {
        if (!connection->open() || connection->pending() >= facts_burst) continue;
        if (told.insert(connection->machine().far_realm()).second) tell_nodes(*connection, fresh);
    }
}

/// Whoever does not read is told no more; what he missed comes again with a later round.
void Hub::tell_nodes(Connection& connection, const std::vector<NodeNews>& nodes) {
    for (const NodeNews& news : nodes) {
        if (!connection.open() || connection.pending() >= facts_burst) return;
        if (realm_of(news.name) == connection.machine().far_realm()) continue;
        Actions actions;
        connection.machine().tell(news, actions);
        connection.carry_out(actions);
    }
}

/// Threat T85: a node that is dialled speaks for itself alone, and says nothing of where pages are. A core tells of
/// others: it is asked for more than that anyway.
void Hub::told(Connection& connection, const NodeNews& news) {
    if (!context_.on_node) return;
    const std::string& far_realm = connection.machine().far_realm();
    const bool speaks_for_itself = realm_of(news.name) == far_realm && news.role == context_.far_role;
    if (context_.end == End::dialler && !speaks_for_itself) return;
    if (!nodes_.hear(far_realm, context_.shard.loop.now())) return;
    NodeNews heard = news;
    if (context_.end == End::dialler) {
        heard.origin.clear();
        heard.linked = true;
    }
    context_.on_node(heard);
}

std::uint64_t Hub::most_partners() const { return most_under_way(context_.limits); }

void Hub::tables(TableFills& all) const {
    all.push_back({"link.facts", peers_.size(), KnownPeers::most});
    std::size_t sent = 0, holes = 0;
    for (const auto& session : sessions_) {
        sent += session->out.places();
        holes += session->in.holes();
    }
    all.push_back({"link.untold", untold(), Untold::most});
    all.push_back({"link.windows", sent, 2 * most_under_way(context_.limits)});
    std::size_t taken = 0;
    for (const auto& [realm, intake] : intakes_) taken = std::max(taken, intake->size());
    std::set<std::string_view> realms;
    for (const auto& connection : connections_) realms.insert(connection->machine().far_realm());
    std::size_t most_of_one = 0;
    for (const std::string_view realm : realms) most_of_one = std::max(most_of_one, unfinished_of(realm));
    all.push_back({"link.taken", taken, 2 * most_under_way(context_.limits)});
    all.push_back({"link.intakes", intakes_.size(), most_connections});
    constexpr std::uint64_t kib = 1024;
    all.push_back({"link.unfinished", (most_of_one + kib - 1) / kib, most_unfinished / kib});
    all.push_back({"link.holes", holes, most_under_way(context_.limits)});
    all.push_back({"link.sessions", sessions_.size(), most_connections});
    all.push_back({"link.connections", connections_.size(), most_connections});
    all.push_back({"link.partners", lanes_.partners(), most_partners()});
    all.push_back({"link.receipts", receipts_.size(), most_waiting_streams});
    all.push_back({"link.culprits", culprits_.size(), most_culprits});
    all.push_back({"link.processes", processes_.size(), Processes::most_realms});
    all.push_back({"link.copies", copies_.all().size(), Copies::most});
    all.push_back({"link.newcomers", lanes_.newcomers(), most_under_way(context_.limits)});
    all.push_back({"link.held", held_.size(), most_under_way(context_.limits)});
    all.push_back({"link.lanes", lanes_.size(), most_under_way(context_.limits)});
    all.push_back({"link.elsewhere", held_.elsewhere(), most_under_way(context_.limits)});
    all.push_back({"link.strangers", doorway_.strangers(), DoorwayBounds{}.strangers});
}

std::vector<PartnerStatus> Hub::slow_partners() const {
    std::vector<PartnerStatus> all;
    for (const Partner& partner : lanes_.busy()) {
        if (partner.pace != Pace::slow && partner.refused == 0) continue;
        all.push_back({partner.domain, context_.far_role, partner.stanzas, partner.weight, partner.refused});
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
        status.state = session->connection != nullptr ? LinkState::open : LinkState::broken;
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
