// How a connection comes to its session: a new one, one that is resumed, here or on another shard
// (docs/protocol/link.md, section 3).
#include <algorithm>
#include <charconv>

#include "services/link/hub.h"

namespace sallyport::link {

void Hub::session_wanted(Connection& connection, const SessionWanted& wanted) {
    Actions actions;
    if (is_copy(connection)) return turn_away(connection);
    if (context_.end == End::dialler) {
        Dialling& dialling = *diallings_.at(connection.dial_index());
        Session* previous = find_session(dialling.session_id);
        if (stopping_ && previous == nullptr) return shut(connection);
        if (previous != nullptr && previous->far_node == connection.machine().far_node()) {
            connection.machine().resume(previous->id, previous->in.h(), actions);
        } else {
            connection.machine().enable(dialling.given_up, actions);
        }
        return connection.carry_out(actions);
    }
    if (wanted.previous.empty()) {
        if (stopping_) return shut(connection);
        const std::string id = std::to_string(context_.shard.index) + "-" + context_.shard.fresh_id();
        connection.machine().enabled(id, actions);
        connection.carry_out(actions);
        Session& fresh = open_session(connection, id);
        fresh.replaces = wanted.given_up;
        begin(connection, fresh);
        return;
    }
    if (Session* known = session_of(connection, wanted.previous)) return resume(connection, *known, wanted.h);
    const auto shard = home(wanted.previous);
    if (shard && !siblings_.empty()) return move(connection, *shard, wanted);
    connection.machine().resume_failed(actions);
    connection.carry_out(actions);
}

std::optional<std::uint32_t> Hub::home(const std::string& id) const {
    std::uint32_t shard = 0;
    const auto [end, problem] = std::from_chars(id.data(), id.data() + id.size(), shard);
    const bool named = problem == std::errc{} && end != id.data() + id.size() && *end == '-';
    if (!named || shard >= context_.shard.count || shard == context_.shard.index) return std::nullopt;
    return shard;
}

/// The process at the far side has made way to another one, which is linked: of a node there is one process, so this is
/// a copy of it, and letting it in would take the other's links, in turns and for ever.
bool Hub::is_copy(Connection& connection) {
    if (context_.end != End::listener) return false;
    const std::string successor =
        processes_.successor({connection.machine().far_realm(), connection.machine().far_node()});
    if (successor.empty()) return false;
    const FarNode there{connection.machine().far_realm(), successor};
    return is_linked(there) || is_linked_elsewhere(there);
}

void Hub::turn_away(Connection& connection) {
    const std::string& realm = connection.machine().far_realm();
    const Endpoint remote = connection.remote();
    std::optional<Endpoint> linked;
    for (const auto& session : sessions_) {
        if (session->far_realm == realm && session->connection != nullptr && session->connection != &connection) {
            linked = session->connection->remote();
        }
    }
    copies_.turned_away({realm, remote, linked, context_.shard.loop.now(), 0});
    log_.write_for(realm, LogLevel::error, "link.copy",
                   {{"far", realm}, {"remote", remote.text()}, {"linked", linked ? linked->text() : std::string{}}});
    connection.close(xmpp::stream_error(xmpp::StreamCondition::conflict, "another process with this name is linked"),
                     "a copy of " + realm + ": another process with its name is linked");
}

bool Hub::is_linked(const FarNode& node) const {
    return std::any_of(sessions_.begin(), sessions_.end(), [&](const auto& session) {
        return session->far_realm == node.realm && session->far_node == node.node && session->open();
    });
}

void Hub::resume(Connection& connection, Session& session, std::uint32_t h) {
    tell(session, SessionLife::On::resumed, {.connection = &connection, .h = h});
    // It is turned away, or does not count well.
    if (connection.session() == nullptr) return;
    tell_served(connection);
    tell_nodes(connection, nodes_.all());
    tell_facts(connection);
    came_up();
}

void Hub::session_open(Connection& connection, const SessionOpen& open) {
    Dialling& dialling = *diallings_.at(connection.dial_index());
    Session* previous = find_session(dialling.session_id);
    // Sessions are found by their ids: whoever has two of one name, or one of none, is broken or in other hands
    // (threats T85, T90).
    const Session* const namesake = find_session(open.id);
    if (open.id.empty() || (namesake != nullptr && namesake != previous)) {
        return connection.close(xmpp::stream_error(xmpp::StreamCondition::undefined_condition),
                                "a session without an id of its own");
    }
    // Given up since it was asked for: here is nothing any more that counts with the far side. The next connection
    // opens another one in its place, and says so.
    if (open.resumed && previous == nullptr) {
        return connection.close(xmpp::stream_error(xmpp::StreamCondition::reset),
                                "resumed a session that has been given up");
    }
    dialling.failures = 0;
    dialling.why.clear();
    dialling.session_id = open.id;
    if (open.resumed && previous->id == open.id) {
        tell(*previous, SessionLife::On::resumed, {.connection = &connection, .h = open.h});
        if (connection.session() == nullptr) return;
    } else if (previous != nullptr) {
        SessionLife::Facts more;
        if (hangs_on_names(*previous)) more.add(SessionLife::Fact::hangs);
        tell(*previous, SessionLife::On::renewed, {.connection = &connection, .id = open.id, .more = more});
        dialling.given_up.clear();
    } else {
        begin(connection, open_session(connection, open.id));
        dialling.given_up.clear();
    }
    tell_served(connection);
    tell_nodes(connection, nodes_.all());
    dial_shards(dialling.target, std::max(context_.shard.count, connection.machine().far_shards()));
    came_up();
}

void Hub::came_up() {
    refused_.reset();  // whoever was refused before is no reason any more
    advertise();
    // Before what was held: the ways of stanzas may hang on the links that are up.
    if (context_.on_change) context_.on_change(nullptr);
    flush_held();
}

Session& Hub::open_session(Connection& connection, const std::string& id) {
    auto session = std::make_unique<Session>(life_);
    session->id = id;
    session->serial = ++serials_;
    session->far_realm = connection.machine().far_realm();
    session->far_node = connection.machine().far_node();
    session->intake = &intake_of(session->far_realm);
    session->connection = &connection;
    session->open_since = context_.shard.loop.now();
    connection.attach(session.get());
    sessions_.push_back(std::move(session));
    return *sessions_.back();
}

void Hub::begin(Connection& connection, Session& session) {
    session.source = context_.shard.desk.open([this, key = &session](std::uint64_t number) {
        key->in.handled(number);
        key->intake->done(key->taken, number, context_.shard.loop.now());
        flush_done();
    });
    const Endpoint remote = connection.remote();
    log_.write_for(session.far_realm, LogLevel::info, "link.open",
                   {{"far", session.far_realm},
                    {"session", session.id.substr(0, 8)},
                    {"connection", connection.local().text() + ":" + remote.text()},
                    {"tls", connection.tls().version},
                    {"cipher", connection.tls().cipher}});
    if (context_.end == End::listener) {
        tell_served(connection);
        tell_nodes(connection, nodes_.all());
        tell_facts(connection);
    }
}

}  // namespace sallyport::link
