// Sessions and the connections that carry them.
#include "services/link/hub.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace sallyport::link {

namespace {
/// Of what may be under way, one domain may have an eighth.
constexpr std::uint64_t partners_share = 8;

/// Of one shard: a node has as many links as the larger number of shards, and 256 are the most.
constexpr std::size_t most_connections = 1024;

std::vector<IpNetwork> addresses_of(const Neighbours& neighbours) {
    std::vector<IpNetwork> all;
    for (const Neighbour& one : neighbours.listed) all.insert(all.end(), one.addresses.begin(), one.addresses.end());
    return all;
}

/// A session is resumed and replaced by the node that it was opened by, and by nobody else who learned its id.
bool is_of(Connection& connection, const Session& session) {
    return session.far_realm == connection.machine().far_realm();
}

}  // namespace

Hub::Hub(HubContext context)
    : context_{std::move(context)},
      log_{context_.shard.logger(LogModule::link)},
      doorway_{addresses_of(context_.neighbours)},
      lanes_{{context_.limits.link_bytes,
              std::max(context_.limits.link_bytes / partners_share, 2 * context_.limits.after_auth.element_bytes),
              2 * context_.limits.after_auth.element_bytes, context_.leads_inwards},
             SipKey{context_.shard.random(unlimited), context_.shard.random(unlimited)},
             [this](const Partner& partner) {
                 if (context_.on_pace) context_.on_pace(partner);
             }},
      elsewhere_source_{context_.shard.desk.open([this](std::uint64_t sequence) { done_elsewhere(sequence); })},
      sweeper_{context_.shard.loop.timer([this] { sweep(); })} {}

Hub::~Hub() {
    context_.shard.desk.close(elsewhere_source_);
    for (const auto& session : sessions_) context_.shard.desk.close(session->source);
}

MachineSettings Hub::machine_settings(const DialTarget* target) const {
    MachineSettings settings;
    settings.end = context_.end;
    settings.realm = context_.realm;
    settings.far_realm = target != nullptr ? target->realm : std::string{};
    settings.node = context_.node_instance;
    settings.secret = target != nullptr && !target->secret.empty() ? target->secret : context_.secret;
    settings.stream_id = context_.shard.fresh_id();
    settings.shard = context_.shard.index;
    settings.shards = context_.shard.count;
    return settings;
}

void Hub::accept(std::unique_ptr<io::Stream> stream) {
    if (stopping_) {
        stream.reset();
        if (context_.on_connection_closed) context_.on_connection_closed();
        return;
    }
    log_.debug("link.accepted", {{"remote", stream->remote().text()}, {"local", stream->local().text()}});
    auto place = doorway_.enter(stream->remote().address);
    const bool full = connections_.size() >= most_connections;
    if (!place || full) {
        log_stranger(stream->remote(),
                     full ? "too many links" : "too many connections that have not shown who they are");
        stream.reset();
        if (context_.on_connection_closed) context_.on_connection_closed();
        return;
    }
    connections_.push_back(std::make_unique<Connection>(*this, std::move(stream), machine_settings(nullptr),
                                                        std::string{}, context_.tls, 0));
    connections_.back()->start(std::move(place));
}

void Hub::log_stranger(const Endpoint& remote, const std::string& why) {
    log_.write_for(log_source(remote.address), LogLevel::warn, "link.stranger",
                   {{"remote", remote.text()}, {"why", why}});
}

void Hub::replace_identity(std::string realm, std::string secret, Neighbours neighbours) {
    context_.realm = std::move(realm);
    context_.secret = std::move(secret);
    context_.neighbours = std::move(neighbours);
    doorway_.replace_neighbours(addresses_of(context_.neighbours));
}

void Hub::session_wanted(Connection& connection, const SessionWanted& wanted) {
    Actions actions;
    if (context_.end == End::dialler) {
        Dialling& dialling = *diallings_.at(connection.dial_index());
        Session* previous = find_session(dialling.session_id);
        if (previous != nullptr && previous->far_node == connection.machine().far_node()) {
            connection.machine().resume(previous->id, previous->in.h(), actions);
        } else {
            connection.machine().enable(dialling.given_up, actions);
        }
        return connection.carry_out(actions);
    }
    if (wanted.previous.empty()) {
        const std::string id = std::to_string(context_.shard.index) + "-" + context_.shard.fresh_id();
        connection.machine().enabled(id, actions);
        connection.carry_out(actions);
        Session& fresh = open_session(connection, id);
        fresh.replaces = wanted.given_up;
        begin(connection, fresh);
        return;
    }
    if (Session* known = find_session(wanted.previous); known != nullptr && is_of(connection, *known)) {
        return resume(connection, *known, wanted.h);
    }
    const auto shard = home(wanted.previous);
    if (shard && context_.hand_over) return move(connection, *shard, wanted);
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

/// The connection goes to where the session is, not the other way round: so tickets, windows and the order of what they
/// hold have one place.
void Hub::move(Connection& connection, std::uint32_t shard, const SessionWanted& wanted) {
    connection.prepare_to_move();
    // Not in the middle of a call of its own stream; it may be gone by then.
    context_.shard.loop.defer([this, key = &connection, shard, wanted] {
        const auto at =
            std::find_if(connections_.begin(), connections_.end(), [&](const auto& c) { return c.get() == key; });
        if (at == connections_.end()) return;
        auto moved = std::make_shared<MovedConnection>();
        moved->connection = std::move(*at);
        moved->wanted = wanted;
        connections_.erase(at);
        if (context_.on_connection_closed) context_.on_connection_closed();
        moved->stream = moved->connection->leave();
        if (moved->stream) context_.hand_over(shard, std::move(moved));
    });
}

void Hub::join(MovedConnection moved) {
    connections_.push_back(std::move(moved.connection));
    Connection& connection = *connections_.back();
    if (context_.on_connection_joined) context_.on_connection_joined();
    connection.join(*this, std::move(moved.stream), [&] {
        if (shutting_) {
            return connection.close(xmpp::StreamError{xmpp::StreamCondition::system_shutdown, {}, {}, {}},
                                    "shutting down");
        }
        if (Session* known = find_session(moved.wanted.previous); known != nullptr && is_of(connection, *known)) {
            return resume(connection, *known, moved.wanted.h);
        }
        Actions actions;
        connection.machine().resume_failed(actions);
        connection.carry_out(actions);
    });
}

void Hub::resume(Connection& connection, Session& session, std::uint32_t h) {
    if (session.connection != &connection) detach(session);
    Actions actions;
    connection.machine().resumed(session.id, session.in.h(), actions);
    connection.carry_out(actions);
    session.connection = &connection;
    session.broken_since = never;
    ++session.resumptions;
    connection.attach(&session);
    if (!go_on(connection, session, h)) return;
    log_.info("link.resumed", {{"far", session.far_realm},
                               {"session", session.id.substr(0, 8)},
                               {"waiting", std::to_string(session.out.size())}});
    tell_facts(connection);
    tell_served(connection);
    advertise();
    if (context_.on_change) context_.on_change();
    flush_held();
}

bool Hub::go_on(Connection& connection, Session& session, std::uint32_t h) {
    session.in.resumed();
    flush_done();
    if (!session.out.resume(h)) {
        session.connection = nullptr;
        connection.attach(nullptr);
        connection.close(xmpp::StreamError{xmpp::StreamCondition::undefined_condition, {}, {}, {}},
                         "resumed with a count that was never reached");
        give_up(session, TimePoint::min());
        flush_held();
        return false;
    }
    std::vector<Returned> returned;
    session.out.take_culprits([&](Window::Entry& entry) { returned.push_back(culprit(session, std::move(entry))); });
    pump(session);
    bounce_all(returned);
    return true;
}

void Hub::detach(Session& session) {
    if (session.connection == nullptr) return;
    // The far side knows better than our TCP that the old connection is dead.
    Connection& old = *std::exchange(session.connection, nullptr);
    session.out.broken(Blame::loss);
    session.why_broken = "the far side came back over another connection";
    old.attach(nullptr);
    old.abort();
}

void Hub::session_open(Connection& connection, const SessionOpen& open) {
    Dialling& dialling = *diallings_.at(connection.dial_index());
    dialling.failures = 0;
    dialling.why.clear();
    Session* previous = find_session(dialling.session_id);
    if (open.resumed && previous != nullptr && previous->id == open.id) {
        previous->connection = &connection;
        previous->broken_since = never;
        ++previous->resumptions;
        connection.attach(previous);
        if (!go_on(connection, *previous, open.h)) return;
        log_.info("link.resumed", {{"far", previous->far_realm}, {"session", open.id.substr(0, 8)}});
    } else {
        if (previous != nullptr) {
            // The far side forgot the session: what was not done goes again, in a new one.
            previous->id = open.id;
            previous->far_node = connection.machine().far_node();
            previous->connection = &connection;
            previous->broken_since = never;
            context_.shard.desk.close(previous->source);
            previous->source = {};
            previous->in.restart();
            previous->out.restart();
            connection.attach(previous);
            begin(connection, *previous);
            std::vector<Returned> returned;
            previous->out.take_culprits(
                [&](Window::Entry& entry) { returned.push_back(culprit(*previous, std::move(entry))); });
            pump(*previous);
            bounce_all(returned);
        } else {
            begin(connection, open_session(connection, open.id));
        }
        dialling.session_id = open.id;
        dialling.given_up.clear();
    }
    tell_served(connection);
    const unsigned links = std::max(context_.shard.count, connection.machine().far_shards());
    for (unsigned index = dialling.index + context_.shard.count; index < links; index += context_.shard.count) {
        add_dialling(dialling.target, index);
    }
    advertise();
    // Before what was held: the ways of stanzas may hang on the links that are up.
    if (context_.on_change) context_.on_change();
    flush_held();
}

Session& Hub::open_session(Connection& connection, const std::string& id) {
    auto session = std::make_unique<Session>();
    session->id = id;
    session->serial = ++serials_;
    session->far_realm = connection.machine().far_realm();
    session->far_node = connection.machine().far_node();
    session->connection = &connection;
    session->open_since = context_.shard.loop.now();
    connection.attach(session.get());
    sessions_.push_back(std::move(session));
    return *sessions_.back();
}

void Hub::begin(Connection& connection, Session& session) {
    session.source = context_.shard.desk.open([this, key = &session](std::uint64_t number) {
        key->in.handled(number);
        flush_done();
    });
    const Endpoint remote = connection.remote();
    log_.info("link.open", {{"far", session.far_realm},
                            {"session", session.id.substr(0, 8)},
                            {"connection", connection.local().text() + ":" + remote.text()},
                            {"tls", connection.tls().version},
                            {"cipher", connection.tls().cipher}});
    if (context_.end == End::listener) {
        tell_facts(connection);
        tell_served(connection);
    }
}

void Hub::done(Connection& connection, const std::vector<Range>& ranges) {
    Session* session = connection.session();
    if (session == nullptr) return;
    if (context_.delivery != nullptr && !ranges.empty()) {
        // One observation a batch: a clock for each stanza would cost more than it tells.
        const TimePoint since = session->out.sent_at(ranges.front().first);
        if (since != never) context_.delivery->add(context_.shard.loop.now() - since);
    }
    const TimePoint now = context_.shard.loop.now();
    const auto settle = [&](const Window::Entry& entry) {
        lanes_.remove(*entry.tag.lane, entry.weight(), now);
        context_.shard.settle(entry.tag.ticket);
    };
    for (const Range& range : ranges) {
        if (!session->out.done(range, settle)) {
            return connection.close(xmpp::StreamError{xmpp::StreamCondition::undefined_condition, {}, {}, {}},
                                    "done with what was never sent");
        }
    }
    pump(*session);
    weigh();
}

void Hub::counted(Connection& connection, std::uint32_t h) {
    Session* session = connection.session();
    if (session == nullptr) return;
    if (!session->out.received(h)) {
        return connection.close(xmpp::StreamError{xmpp::StreamCondition::undefined_condition, {}, {}, {}},
                                "acknowledged what was never sent");
    }
    pump(*session);
}

void Hub::stanza(Connection& connection, const xmpp::Stanza& stanza) {
    Session* session = connection.session();
    // At the end of the node: not taken, so that it stays with the far side.
    if (session == nullptr || stopping_) return;
    const Admission admission = judge(*session, stanza);
    const routing::Ticket ticket = received(*session);
    if (admission == Admission::route) return context_.router->route(stanza, ticket);
    // Done with, so that it does not come again when the session is resumed.
    context_.shard.settle(ticket);
    if (admission == Admission::refuse) return;
    connection.close(xmpp::StreamError{xmpp::StreamCondition::invalid_from, {}, {}, {}},
                     "a stanza that the far side may not send");
}

Admission Hub::judge(const Session& session, const xmpp::Stanza& stanza) {
    const Admission admission = context_.admission ? context_.admission(session, stanza) : Admission::route;
    if (admission != Admission::route) {
        log_.error("link.refused", {{"far", session.far_realm},
                                    {"condition", std::string{xmpp::text(xmpp::StreamCondition::invalid_from)}},
                                    {"from", std::string{stanza.from_domain}},
                                    {"to", std::string{stanza.to_domain}}});
    }
    return admission;
}

routing::Ticket Hub::received(Session& session) {
    ++session.received;
    routing::Ticket ticket = session.source;
    ticket.sequence = session.in.received();
    return ticket;
}

void Hub::refused(Connection& connection, const xmpp::Stanza& stanza, const xmpp::StanzaProblem& problem) {
    Session* session = connection.session();
    if (session == nullptr || stopping_) return;
    const routing::Ticket ticket = received(*session);
    const xmpp::StanzaError error = xmpp::refusal(problem);
    log_.write_for(std::string{stanza.from_domain}, LogLevel::warn, "link.stanza.refused",
                   {{"far", session->far_realm},
                    {"condition", std::string{xmpp::text(error.condition)}},
                    {"from", std::string{stanza.from_domain}},
                    {"to", std::string{stanza.to_domain}},
                    {"why", error.why}});
    const bool answerable = !stanza.from_domain.empty() && !stanza.to_domain.empty();
    if (!answerable || judge(*session, stanza) != Admission::route) return context_.shard.settle(ticket);
    context_.bounce(stanza, error, ticket);
}

void Hub::flush_done() {
    if (done_deferred_) return;
    done_deferred_ = true;
    context_.shard.loop.defer([this] {
        done_deferred_ = false;
        send_done();
    });
}

void Hub::send_done() {
    for (const auto& session : sessions_) {
        if (session->connection == nullptr || !session->connection->open()) continue;
        while (session->in.has_done()) {
            Actions actions;
            session->connection->machine().done(session->in.take_done(), actions);
            session->connection->carry_out(actions);
        }
    }
}

void Hub::closed(Connection& connection) {
    Session* session = connection.session();
    if (connection.proven()) {
        log_.warn("link.down", {{"far", session != nullptr ? session->far_realm : connection.machine().far_realm()},
                                {"why", connection.why_closed()},
                                {"waiting", std::to_string(session != nullptr ? session->out.size() : 0)}});
    } else {
        log_stranger(connection.remote(), connection.why_closed());
    }
    if (session != nullptr && session->connection == &connection) {
        session->connection = nullptr;
        session->out.broken(connection.blame());
        session->why_broken = connection.why_closed();
        session->broken_since = context_.shard.loop.now();
        arm_sweep();
    }
    const auto at =
        std::find_if(connections_.begin(), connections_.end(), [&](const auto& c) { return c.get() == &connection; });
    if (at != connections_.end()) {
        dead_.push_back(std::move(*at));
        connections_.erase(at);
        if (dead_.size() == 1) context_.shard.loop.defer([this] { dead_.clear(); });
    }
    if (context_.end == End::dialler && !stopping_) {
        Dialling& dialling = *diallings_.at(connection.dial_index());
        if (dialling.connection == &connection) {
            dialling.connection = nullptr;
            retry_later(dialling, connection.why_closed());
        }
    }
    if (context_.on_connection_closed) context_.on_connection_closed();
    weigh();
    advertise();
    if (context_.on_change) context_.on_change();
}

Session* Hub::find_session(const std::string& id) {
    if (id.empty()) return nullptr;
    for (const auto& session : sessions_) {
        if (session->id == id) return session.get();
    }
    return nullptr;
}

void Hub::restart() {
    std::vector<Connection*> open;
    for (const auto& connection : connections_) open.push_back(connection.get());
    for (Connection* connection : open) {
        connection->close(xmpp::StreamError{xmpp::StreamCondition::reset, {}, {}, {}}, "the router is restarted");
    }
}

}  // namespace sallyport::link
