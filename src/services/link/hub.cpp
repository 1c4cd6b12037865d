// Sessions and the connections that carry them.
#include "services/link/hub.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace sallyport::link {

namespace {
/// Of what may be under way, one domain may have an eighth.
constexpr std::uint64_t partners_share = 8;

Budget budget_of(const HubContext& context) {
    const Limits& limits = context.limits;
    const std::uint64_t one_stanza = 2 * limits.after_auth.element_bytes;  // with what it takes beside its bytes
    return {limits.link_bytes, std::max(limits.link_bytes / partners_share, one_stanza), one_stanza,
            context.leads_inwards, Hub::newcomers_stanzas * one_stanza};
}

std::vector<IpNetwork> addresses_of(const Neighbours& neighbours) {
    std::vector<IpNetwork> all;
    for (const Neighbour& one : neighbours.listed) all.insert(all.end(), one.addresses.begin(), one.addresses.end());
    return all;
}

}  // namespace

Hub::Hub(HubContext context)
    : context_{std::move(context)},
      log_{context_.shard.logger(LogModule::link)},
      doorway_{addresses_of(context_.neighbours)},
      life_{.end = context_.end, .hold = context_.hold},
      lanes_{budget_of(context_), SipKey{context_.shard.random(unlimited), context_.shard.random(unlimited)},
             [this](const Partner& partner) {
                 if (context_.on_pace) context_.on_pace(partner);
             }},
      elsewhere_source_{context_.shard.desk.open([this](std::uint64_t sequence) { done_elsewhere(sequence); })},
      sweeper_{context_.shard.loop.timer([this] { sweep(); })},
      teller_{context_.shard.loop.timer([this] { tell_more(); })},
      binder_{context_.shard.loop.timer([this] { take_latest(); })} {}

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
        count_load(-1);
        return;
    }
    log_.debug("link.accepted", {{"remote", stream->remote().text()}, {"local", stream->local().text()}});
    auto place = doorway_.enter(stream->remote().address);
    const bool full = connections_.size() >= most_connections;
    if (!place || full) {
        log_stranger(stream->remote(), full ? "too many links" : "too many unauthenticated connections");
        stream.reset();
        count_load(-1);
        return;
    }
    connections_.push_back(
        std::make_unique<Connection>(*this, context_, std::move(stream), machine_settings(nullptr), std::string{}, 0));
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
    drop_unlisted();
}

void Hub::drop_unlisted() {
    const std::vector<Neighbour>& listed = context_.neighbours.listed;
    if (context_.end == End::dialler || listed.empty()) return;
    std::vector<Session*> over;
    for (const auto& session : sessions_) {
        const bool named = std::any_of(listed.begin(), listed.end(), [&](const Neighbour& neighbour) {
            return realm_of(neighbour.name) == session->far_realm;
        });
        if (!named) over.push_back(session.get());
    }
    std::vector<Connection*> unwelcome;
    for (const auto& connection : connections_) {
        const auto& certificate = connection->tls().peer;
        if (certificate && named_by(*certificate, listed) == nullptr) unwelcome.push_back(connection.get());
    }
    for (Session* session : over) tell(*session, SessionLife::On::given_up);
    for (Connection* connection : unwelcome) {
        connection->close(xmpp::StreamError{xmpp::StreamCondition::not_authorized, {}, {}, {}},
                          "no [[link.accept]] names it any more");
    }
    if (over.empty()) return;
    advertise();
    flush_held();
}

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

void Hub::count_load(int more) {
    if (context_.load != nullptr) context_.load->fetch_add(more);
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
    connection.close(
        xmpp::StreamError{xmpp::StreamCondition::conflict, "another process of this name is linked", {}, {}},
        "a copy of " + realm + ", another process of which is linked");
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
        return connection.close(xmpp::StreamError{xmpp::StreamCondition::undefined_condition, {}, {}, {}},
                                "a session without an id of its own");
    }
    dialling.failures = 0;
    dialling.why.clear();
    dialling.session_id = open.id;
    if (open.resumed && previous != nullptr && previous->id == open.id) {
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
    dial_shards(dialling.target, std::max(context_.shard.count, connection.machine().far_shards()));
    came_up();
}

void Hub::came_up() {
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
        tell_facts(connection);
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
    if (admission == Admission::route) {
        const TimePoint now = context_.shard.loop.now();
        arm_sweep();
        if (session->intake->take(session->taken, ticket.sequence, stanza, now)) {
            return context_.router->route(stanza, ticket);
        }
        return context_.bounce(
            stanza,
            {xmpp::StanzaCondition::resource_constraint, "too much is on its way already", Rule::partner_full,
             "too much that came over the link from " + session->far_realm + " is not done"},
            ticket);
    }
    // Done with, so that it does not come again when the session is resumed.
    context_.shard.settle(ticket);
    if (admission == Admission::refuse) return;
    connection.close(xmpp::StreamError{xmpp::StreamCondition::invalid_from, {}, {}, {}},
                     "a stanza that the far side may not send");
}

Admission Hub::judge(const Session& session, const xmpp::Stanza& stanza) {
    const Admission admission = context_.admission ? context_.admission(session, stanza) : Admission::route;
    if (admission != Admission::route) {
        log_.write_for(session.far_realm, LogLevel::error, "link.refused",
                       {{"far", session.far_realm},
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

/// To a far side that does not read, one element at a time: until then ranges grow together where they are kept.
void Hub::send_done() {
    for (const auto& session : sessions_) {
        if (!session->open()) continue;
        while (session->in.has_done() && (shutting_ || session->connection->takes_done())) {
            Actions actions;
            session->connection->machine().done(session->in.take_done(), actions);
            session->connection->carry_out(actions);
            session->connection->told_done();
        }
    }
}

void Hub::closed(Connection& connection) {
    Session* session = connection.session();
    if (connection.proven()) {
        const std::string& far = session != nullptr ? session->far_realm : connection.machine().far_realm();
        // Before its header came, a listener knows only what the certificate proved.
        const std::string source = far.empty() ? log_source(connection.remote().address) : far;
        log_.write_for(source, LogLevel::warn, "link.down",
                       {{"far", far},
                        {"why", connection.why_closed()},
                        {"waiting", std::to_string(session != nullptr ? session->out.size() : 0)}});
        if (session == nullptr && context_.end == End::listener && !stopping_) {
            refused_ = {far, connection.remote().address, connection.why_closed(), context_.shard.loop.now()};
        }
    } else {
        log_stranger(connection.remote(), connection.why_closed());
    }
    if (session != nullptr && session->connection == &connection) {
        session->connection = nullptr;
        session->out.broken(connection.blame());
        session->why_broken = connection.why_closed();
        tell(*session, SessionLife::On::lost);
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
            const bool is_secret = connection.why_closed() == secrets_differ;
            retry_later(dialling, connection.why_closed(), is_secret ? DialCause::secret : DialCause::other,
                        connection.machine().is_unwanted());
        }
    }
    count_load(-1);
    weigh();
    advertise();
    if (context_.on_change) context_.on_change(nullptr);
}

Intake& Hub::intake_of(const std::string& far_realm) {
    auto& intake = intakes_[far_realm];
    if (!intake) {
        Budget budget = budget_of(context_);
        budget.of_senders = !context_.leads_inwards;  // the far side counts from its own end
        const SipKey key{context_.shard.random(unlimited), context_.shard.random(unlimited)};
        const std::uint64_t left_for = std::min<std::uint64_t>(context_.limits.queue_seconds, 300);
        intake = std::make_unique<Intake>(budget, key, std::chrono::seconds{left_for});
    }
    return *intake;
}

Session* Hub::find_session(const std::string& id) {
    if (id.empty()) return nullptr;
    for (const auto& session : sessions_) {
        if (session->id == id) return session.get();
    }
    return nullptr;
}

/// A session is resumed by the node that it was opened by, and by nobody else who learned its id.
Session* Hub::session_of(Connection& connection, const std::string& id) {
    Session* session = find_session(id);
    return session != nullptr && session->far_realm == connection.machine().far_realm() ? session : nullptr;
}

void Hub::restart() {
    std::vector<Connection*> open;
    for (const auto& connection : connections_) open.push_back(connection.get());
    for (Connection* connection : open) {
        connection->close(xmpp::StreamError{xmpp::StreamCondition::reset, {}, {}, {}}, "the router is restarted");
    }
}

}  // namespace sallyport::link
