// Sessions, what they carry, and what happens when a link is down.
#include "services/link/hub.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"

namespace sallyport::link {

namespace {
constexpr Duration sweep_every = std::chrono::seconds{1};
/// A session without a connection is kept this long at most, whatever it holds (docs/protocol/link.md, section 3).
constexpr Duration session_life = std::chrono::seconds{300};

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

bool may_carry(const Session& session, const Way& way) {
    const auto& domains = session.bound.domains;
    const auto& realms = session.bound.realms;
    switch (way.by) {
        case Way::By::any: return true;
        case Way::By::domain:
            return std::any_of(domains.begin(), domains.end(),
                               [&](const auto& domain) { return domain.text() == way.name; });
        case Way::By::realm: return std::find(realms.begin(), realms.end(), way.name) != realms.end();
        case Way::By::far: return session.far_realm == way.name;
        case Way::By::none: return false;
    }
    return false;
}

}  // namespace

Hub::Hub(HubContext context)
    : context_{std::move(context)},
      log_{context_.shard.logger(LogModule::link)},
      doorway_{addresses_of(context_.neighbours)},
      sweeper_{context_.shard.loop.timer([this] { sweep(); })} {}

Hub::~Hub() {
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
    if (!context_.find_elsewhere) {
        connection.machine().resume_failed(actions);
        return connection.carry_out(actions);
    }
    // The connection may be gone when the answer comes: it is looked up again.
    context_.find_elsewhere(wanted.previous, [this, key = &connection, h = wanted.h](std::unique_ptr<Session> session) {
        const auto at =
            std::find_if(connections_.begin(), connections_.end(), [&](const auto& c) { return c.get() == key; });
        if (session) {
            Session& adopted = adopt(std::move(session));
            if (at != connections_.end() && is_of(**at, adopted)) return resume(**at, adopted, h);
            arm_sweep();
        }
        if (at == connections_.end()) return;
        Actions answer;
        (*at)->machine().resume_failed(answer);
        (*at)->carry_out(answer);
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
    if (!session.out.resume(h, [&](std::string_view bytes) { connection.write(bytes); })) {
        return connection.close(xmpp::StreamError{xmpp::StreamCondition::undefined_condition, {}, {}, {}},
                                "resumed with a count that was never reached");
    }
    log_.info("link.resumed", {{"far", session.far_realm},
                               {"session", session.id.substr(0, 8)},
                               {"waiting", std::to_string(session.out.size())}});
    tell_facts(connection);
    tell_served(connection);
    advertise();
    if (context_.on_change) context_.on_change();
    flush_held();
    flush_done();
}

void Hub::detach(Session& session) {
    if (session.connection == nullptr) return;
    // The far side knows better than our TCP that the old connection is dead.
    Connection& old = *std::exchange(session.connection, nullptr);
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
        if (!previous->out.resume(open.h, [&](std::string_view bytes) { connection.write(bytes); })) {
            return connection.close(xmpp::StreamError{xmpp::StreamCondition::undefined_condition, {}, {}, {}},
                                    "resumed with a count that was never reached");
        }
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
            previous->out.for_each([&](const auto& entry) { connection.write(entry.bytes); });
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
    session->far_realm = connection.machine().far_realm();
    session->far_node = connection.machine().far_node();
    session->connection = &connection;
    session->open_since = context_.shard.loop.now();
    connection.attach(session.get());
    sessions_.push_back(std::move(session));
    return *sessions_.back();
}

Session& Hub::adopt(std::unique_ptr<Session> session) {
    session->source = {};
    Session& adopted = *session;
    sessions_.push_back(std::move(session));
    adopted.source = context_.shard.desk.open([this, key = &adopted](std::uint64_t number) {
        key->in.handled(number);
        flush_done();
    });
    return adopted;
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
    for (const Range& range : ranges) {
        if (!session->out.done(range, [&](const routing::Ticket& ticket) { context_.shard.settle(ticket); })) {
            return connection.close(xmpp::StreamError{xmpp::StreamCondition::undefined_condition, {}, {}, {}},
                                    "done with what was never sent");
        }
    }
    weigh();
}

void Hub::stanza(Connection& connection, const xmpp::Stanza& stanza) {
    Session* session = connection.session();
    if (session == nullptr) return;
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
    if (session == nullptr) return;
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
        for (const auto& session : sessions_) {
            if (session->connection == nullptr || !session->connection->open()) continue;
            while (session->in.has_done()) {
                Actions actions;
                session->connection->machine().done(session->in.take_done(), actions);
                session->connection->carry_out(actions);
            }
        }
    });
}

void Hub::send(const xmpp::Stanza& stanza, const routing::Ticket& ticket, bool may_forward) {
    if (Session* session = choose(stanza)) return transmit(*session, stanza.bytes, ticket);
    // Behind what is held already, so that nothing overtakes it.
    if (may_forward && held_.empty() && context_.send_elsewhere && context_.send_elsewhere(stanza, ticket)) return;
    hold_or_bounce(stanza, ticket);
}

Session* Hub::choose(const xmpp::Stanza& stanza) {
    const Way way = context_.way                    ? context_.way(stanza)
                    : context_.end == End::listener ? Way{Way::By::domain, stanza.to_domain}
                                                    : Way{};
    if (way.by == Way::By::none) return nullptr;
    Session* best = nullptr;
    std::uint64_t best_score = 0;
    // A pair stays with its session while that is broken, so that it keeps its order; unless the whole far node is away
    // and another one is there.
    const auto is_here = [&](const std::string& realm) {
        return std::any_of(sessions_.begin(), sessions_.end(), [&](const auto& session) {
            return session->far_realm == realm && session->connection != nullptr && session->connection->open();
        });
    };
    for (const auto& session : sessions_) {
        if (!may_carry(*session, way)) continue;
        if (sessions_.size() == 1) return session.get();
        // Highest weight of (pair, far side): a pair keeps its link, so its order, while the set of links stays.
        std::uint64_t score =
            sip_hash({sip_hash({1, 1}, stanza.from_domain), sip_hash({2, 2}, stanza.to_domain)}, session->id) >> 1;
        if (is_here(session->far_realm)) score |= std::uint64_t{1} << 63;
        if (best == nullptr || score > best_score) {
            best = session.get();
            best_score = score;
        }
    }
    return best;
}

void Hub::transmit(Session& session, std::string_view bytes, const routing::Ticket& ticket) {
    session.out.push(bytes, ticket, context_.shard.loop.now());
    ++session.sent;
    if (session.connection != nullptr && session.connection->open()) {
        session.connection->write(bytes);
    } else {
        arm_sweep();
    }
    weigh();
}

void Hub::weigh() {
    std::uint64_t bytes = held_bytes_;
    std::size_t pending = 0;
    for (const auto& session : sessions_) {
        bytes += session->out.bytes();
        if (session->connection != nullptr) pending = std::max(pending, session->connection->pending());
    }
    // Far apart, so that the feeders do not flap.
    const bool heavy = bytes > context_.limits.link_bytes / 4 || pending > io::Stream::high_water;
    const bool light = bytes < context_.limits.link_bytes / 8 && pending < io::Stream::low_water;
    if (holding_ ? !light : !heavy) return;
    holding_ = !holding_;
    if (context_.on_hold) context_.on_hold(holding_);
}

void Hub::drained() { weigh(); }

void Hub::hold_or_bounce(const xmpp::Stanza& stanza, const routing::Ticket& ticket) {
    const bool full = held_.size() >= context_.limits.queue_stanzas ||
                      held_bytes_ + stanza.bytes.size() >
                          std::max(context_.limits.queue_bytes, 2 * context_.limits.after_auth.element_bytes);
    if (shutting_ || full || context_.hold == Duration{0}) {
        return context_.bounce(
            stanza,
            {full ? xmpp::StanzaCondition::resource_constraint : xmpp::StanzaCondition::remote_server_timeout,
             {},
             shutting_ ? "shutting-down"
             : full    ? "link-full"
                       : "link-down"},
            ticket);
    }
    held_.push_back({xmpp::OwnedStanza{stanza}, ticket, context_.shard.loop.now()});
    held_bytes_ += stanza.bytes.size();
    arm_sweep();
}

void Hub::flush_held() {
    std::deque<Waiting> all;
    all.swap(held_);
    held_bytes_ = 0;
    for (Waiting& waiting : all) {
        const xmpp::Stanza stanza = waiting.stanza.view();
        if (Session* session = choose(stanza)) {
            transmit(*session, stanza.bytes, waiting.ticket);
        } else if (!context_.send_elsewhere || !context_.send_elsewhere(stanza, waiting.ticket)) {
            held_bytes_ += stanza.bytes.size();
            held_.push_back(std::move(waiting));
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
    if (context_.end == End::dialler && !shutting_) {
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

void Hub::replace_dead(const Session& fresh) {
    // The far process was started again: what its predecessor had not done goes to it, in the old order.
    std::vector<Session*> over;
    for (const auto& session : sessions_) {
        if (session->far_realm == fresh.far_realm && session->far_node != fresh.far_node &&
            session->connection == nullptr) {
            over.push_back(session.get());
        }
    }
    for (Session* session : over) give_up(*session, TimePoint::min());
}

void Hub::replace_given_up(Session& fresh) {
    const std::string id = std::exchange(fresh.replaces, {});
    if (id.empty()) return;
    if (Session* old = find_session(id)) {
        if (old->far_realm != fresh.far_realm) return;
        detach(*old);
        return give_up(*old, TimePoint::min());
    }
    if (!context_.find_elsewhere) return;
    context_.find_elsewhere(id, [this, realm = fresh.far_realm](std::unique_ptr<Session> session) {
        if (!session) return;
        Session& adopted = adopt(std::move(session));
        if (adopted.far_realm != realm) return arm_sweep();
        give_up(adopted, TimePoint::min());
        flush_held();
    });
}

void Hub::give_up(Session& session, TimePoint too_old) {
    log_.warn("link.session.given-up", {{"far", session.far_realm}, {"waiting", std::to_string(session.out.size())}});
    context_.shard.desk.close(session.source);
    session.out.drain([&](const SendWindow<routing::Ticket>::Entry& entry) {
        // The stanza is read again from its own bytes: only here is its shell needed a second time.
        xml::Reader reader{passed_on_limits};
        reader.feed("<stream xmlns='jabber:component:accept'>");
        if (reader.next() != xml::Kind::header) return;
        reader.feed(entry.bytes);
        xmpp::StanzaIntake intake;
        xmpp::Stanza stanza;
        xmpp::StanzaProblem problem;
        if (reader.next() != xml::Kind::element || !intake.read(reader, {}, stanza, problem)) {
            return context_.shard.settle(entry.ticket);
        }
        if (entry.since > too_old) {
            held_.push_back({xmpp::OwnedStanza{stanza}, entry.ticket, entry.since});
            held_bytes_ += stanza.bytes.size();
            return;
        }
        context_.bounce(stanza, {xmpp::StanzaCondition::remote_server_timeout, {}, "link-down"}, entry.ticket);
    });
    for (auto& dialling : diallings_) {
        if (dialling->session_id == session.id) dialling->given_up = std::exchange(dialling->session_id, {});
    }
    std::erase_if(sessions_, [&](const auto& s) { return s.get() == &session; });
}

void Hub::sweep() {
    sweeping_ = false;
    const TimePoint now = context_.shard.loop.now();
    std::vector<std::pair<Session*, TimePoint>> over;  // and since when what it carries is too old to go again
    bool broken = false;
    for (const auto& session : sessions_) {
        if (session->connection != nullptr) continue;
        broken = true;
        if (context_.successor_elsewhere && context_.successor_elsewhere({session->far_realm, session->far_node})) {
            over.emplace_back(session.get(), TimePoint::min());
            continue;
        }
        const TimePoint oldest = session->out.oldest();
        const bool stale =
            oldest != never && now - oldest >= context_.hold && now - session->broken_since >= context_.hold;
        if (stale || now - session->broken_since >= session_life) over.emplace_back(session.get(), now - context_.hold);
    }
    for (const auto& [session, too_old] : over) give_up(*session, too_old);
    flush_held();
    while (!held_.empty() && now - held_.front().since >= context_.hold) {
        const Waiting old = std::move(held_.front());
        held_.pop_front();
        held_bytes_ -= old.stanza.size();
        context_.bounce(old.stanza.view(), {xmpp::StanzaCondition::remote_server_timeout, {}, "link-down"}, old.ticket);
    }
    if (broken || !held_.empty()) arm_sweep();
}

void Hub::arm_sweep() {
    if (sweeping_) return;
    sweeping_ = true;
    sweeper_->arm(context_.shard.loop.now() + sweep_every);
}

Session* Hub::find_session(const std::string& id) {
    if (id.empty()) return nullptr;
    for (const auto& session : sessions_) {
        if (session->id == id) return session.get();
    }
    return nullptr;
}

std::unique_ptr<Session> Hub::take(const std::string& id, std::function<void(std::uint64_t)> handled_there) {
    const auto at = std::find_if(sessions_.begin(), sessions_.end(), [&](const auto& s) { return s->id == id; });
    if (at == sessions_.end()) return nullptr;
    std::unique_ptr<Session> session = std::move(*at);
    sessions_.erase(at);
    detach(*session);
    session->broken_since = context_.shard.loop.now();
    advertise();
    // Stanzas received here and not yet done report to the session's new shard.
    context_.shard.desk.rebind(session->source, std::move(handled_there));
    return session;
}

void Hub::handled(const std::string& session_id, std::uint64_t number) {
    if (Session* session = find_session(session_id)) {
        session->in.handled(number);
        flush_done();
    }
}

void Hub::restart() {
    std::vector<Connection*> open;
    for (const auto& connection : connections_) open.push_back(connection.get());
    for (Connection* connection : open) {
        connection->close(xmpp::StreamError{xmpp::StreamCondition::reset, {}, {}, {}}, "the router is restarted");
    }
}

void Hub::shut() {
    shutting_ = true;
    for (auto& dialling : diallings_) {
        dialling->retry.reset();
        dialling->dial.reset();
        dialling->lookup.reset();
    }
    for (const auto& connection : connections_) {
        connection->close(xmpp::StreamError{xmpp::StreamCondition::system_shutdown, {}, {}, {}}, "shutting down");
    }
}

}  // namespace sallyport::link
