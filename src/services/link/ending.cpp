// Sessions that end, and what becomes of that which they carry: another session, or back to its sender. And the end of
// the node: what a sender keeps stays with him, everything else is delivered or returned.
#include <algorithm>

#include "services/link/hub.h"

namespace sallyport::link {

namespace {

constexpr Duration sweep_every = std::chrono::milliseconds{500};

const xmpp::StanzaError link_down{xmpp::StanzaCondition::remote_server_timeout, {}, Rule::link_down};
const xmpp::StanzaError shutting_down{xmpp::StanzaCondition::remote_server_timeout, {}, Rule::shutting_down};

}  // namespace

/// The far process was started again: what its predecessor had not done goes to it, in the old order. A listener hears
/// of it before its TCP knows that the old host is no more: a node has one process, and name and role are proved.
void Hub::replace(const FarNode& alive) {
    if (context_.end == End::listener) processes_.linked(alive);
    std::vector<Session*> others;
    for (const auto& session : sessions_) {
        if (session->far_realm == alive.realm && session->far_node != alive.node) others.push_back(session.get());
    }
    if (others.empty()) return;
    for (Session* session : others) tell(*session, SessionLife::On::replaced);
    advertise();
    flush_held();
}

void Hub::replace_given_up(const std::string& id, const std::string& far_realm) {
    if (id.empty()) return;
    const auto shard = home(id);
    if (shard && !siblings_.empty()) return give_up_at(*shard, id, far_realm);
    give_up(id, far_realm);
}

void Hub::give_up(const std::string& id, const std::string& far_realm) {
    Session* old = find_session(id);
    if (old == nullptr || old->far_realm != far_realm) return;
    tell(*old, SessionLife::On::given_up);
    flush_held();
}

void Hub::pass_on(Session& session, TimePoint too_old, std::vector<Returned>& returned) {
    std::deque<Waiting> kept;
    const TimePoint now = context_.shard.loop.now();
    session.out.drain([&](Window::Entry entry) {
        if (entry.strikes >= most_strikes) return returned.push_back(culprit(session, std::move(entry)));
        if (entry.since > too_old) {
            kept.push_back({std::move(entry.stanza), entry.tag, entry.since, entry.strikes, entry.apart});
            return;
        }
        lanes_.remove(*entry.tag.lane, entry.weight(), now);
        returned.push_back({std::move(entry.stanza), entry.tag.ticket, link_down});
    });
    hold_again(std::move(kept));
}

void Hub::give_back(Session& session, std::vector<Returned>& returned) {
    const TimePoint now = context_.shard.loop.now();
    session.out.drain([&](Window::Entry entry) {
        if (entry.strikes >= most_strikes) return returned.push_back(culprit(session, std::move(entry)));
        lanes_.remove(*entry.tag.lane, entry.weight(), now);
        leave_or_return(returned, std::move(entry.stanza), entry.tag, entry.since);
    });
}

void Hub::give_missing(Session& session, std::vector<Returned>& returned) {
    bool cut = false;
    const TimePoint now = context_.shard.loop.now();
    session.out.drain([&](Window::Entry entry) {
        lanes_.remove(*entry.tag.lane, entry.weight(), now);
        // What has arrived is the far side's to deliver or to return.
        if (session.out.arrived(entry)) return;
        cut = true;
        leave_or_return(returned, std::move(entry.stanza), entry.tag, entry.since);
    });
    // What is returned must not arrive after all.
    if (cut && session.connection != nullptr) session.connection->abort();
}

void Hub::close_session(Session& session) {
    context_.shard.desk.close(session.source);
    session.intake->leave(session.taken, context_.shard.loop.now());
    for (auto& dialling : diallings_) {
        if (dialling->session_id == session.id) dialling->given_up = std::exchange(dialling->session_id, {});
    }
    if (session.connection != nullptr) session.connection->attach(nullptr);
    // It never came to that, and the far side names each session once. Not among those that are being walked through.
    if (!session.replaces.empty()) {
        context_.shard.loop.defer([this, id = std::move(session.replaces), far_realm = session.far_realm] {
            replace_given_up(id, far_realm);
        });
    }
    std::erase_if(sessions_, [&](const auto& s) { return s.get() == &session; });
}

/// A stanza at which connections ended, whatever the cause: taken out, so that everything behind it goes on.
Hub::Returned Hub::culprit(const Session& session, Window::Entry entry) {
    lanes_.remove(*entry.tag.lane, entry.weight(), context_.shard.loop.now());
    const xmpp::Stanza stanza = entry.stanza.view();
    const std::string why = "the link to " + session.far_realm +
                            " closed repeatedly while this stanza was on its way; the last time: " + session.why_broken;
    log_.error("link.stanza.taken-out", {{"far", session.far_realm},
                                         {"from", std::string{stanza.from_domain}},
                                         {"to", std::string{stanza.to_domain}},
                                         {"kind", std::string{xmpp::text(stanza.kind)}},
                                         {"bytes", std::to_string(stanza.bytes.size())},
                                         {"why", session.why_broken}});
    if (culprits_.size() == most_culprits) culprits_.pop_front();
    culprits_.push_back({session.far_realm, std::string{stanza.from_domain}, std::string{stanza.to_domain}, why,
                         context_.shard.loop.now()});
    return {
        std::move(entry.stanza),
        entry.tag.ticket,
        {xmpp::StanzaCondition::policy_violation, "the next server cannot take this stanza", Rule::link_refused, why}};
}

void Hub::bounce_all(const std::vector<Returned>& returned) {
    for (const Returned& one : returned) context_.bounce(one.stanza.view(), one.error, one.ticket);
}

bool Hub::others_can_carry(const Session& broken) const {
    bool others = false;
    for (const auto& session : sessions_) {
        others |= session->far_node != broken.far_node && session->open();
    }
    if (!others || is_here(broken.far_realm)) return false;
    bool can = false;
    broken.out.for_each([&](const Window::Entry& entry) {
        const Session* chosen = can ? nullptr : choose(entry.stanza.view(), Lane{});
        can |= chosen != nullptr && chosen->connection != nullptr;
    });
    return can;
}

void Hub::sweep() {
    sweeping_ = false;
    const TimePoint now = context_.shard.loop.now();
    std::vector<Session*> broken;
    for (const auto& session : sessions_) {
        if (session->life.broken()) broken.push_back(session.get());
    }
    for (Session* session : broken) {
        const TimePoint oldest = session->out.oldest();
        SessionLife::Facts more;
        if (oldest != never && now - oldest >= context_.hold) more.add(SessionLife::Fact::overdue);
        if (session->life.away(now) && others_can_carry(*session)) more.add(SessionLife::Fact::others);
        tell(*session, SessionLife::On::look, {.more = more});
    }
    flush_held();
    std::vector<Returned> returned;
    return_old(now, returned);
    bounce_all(returned);
    look_at_lanes(now);
    lanes_.forget_idle();
    weigh();
    bool taken = false;
    for (const auto& [realm, intake] : intakes_) taken |= !intake->sweep(now);
    // A realm that is back has its own again.
    std::erase_if(intakes_, [&](const auto& entry) {
        return entry.second->size() == 0 && std::none_of(sessions_.begin(), sessions_.end(), [&](const auto& session) {
                   return session->intake == entry.second.get();
               });
    });
    if (!broken.empty() || taken || lanes_.size() > 0) arm_sweep();
}

/// A lane that does not move stalls if the far side has its stanzas; whether it has, it is asked.
void Hub::look_at_lanes(TimePoint now) {
    for (const auto& session : sessions_) {
        session->in_time = session->open() && session->in_doubt != 0 && session->out.confirmed() >= session->in_doubt;
        if (session->in_time || !session->open()) session->in_doubt = 0;
    }
    (void)lanes_.look(now, [this](const Lane& lane) {
        Session* session = session_with(lane);
        if (session == nullptr || !session->open()) return false;
        if (session->in_doubt == 0) {
            session->in_doubt = session->out.last();
            ask(*session);
        }
        return session->in_time;
    });
}

void Hub::return_old(TimePoint now, std::vector<Returned>& returned) {
    for (Waiting& one : held_.take_old(context_.hold, now)) {
        lanes_.remove(*one.carried.lane, sizeof(Window::Entry) + one.stanza.weight(), now);
        returned.push_back({std::move(one.stanza), one.carried.ticket, link_down});
    }
}

void Hub::arm_sweep() {
    if (sweeping_) return;
    sweeping_ = true;
    sweeper_->arm(context_.shard.loop.now() + sweep_every);
}

/// A sender that waits for an acknowledgement (XEP-0198, another link) sends it again, or says itself that it cannot.
void Hub::leave_or_return(std::vector<Returned>& returned, xmpp::OwnedStanza stanza, const Carried& carried,
                          TimePoint since) {
    if (!context_.shard.desk.kept(carried.ticket, since, context_.shard.loop.now()))
        returned.push_back({std::move(stanza), carried.ticket, shutting_down});
}

void Hub::quiesce() {
    if (stopping_) return;
    stopping_ = true;
    for (auto& dialling : diallings_) {
        dialling->retry.reset();
        dialling->dial.reset();
        dialling->lookup.reset();
    }
    std::vector<Returned> returned;
    std::vector<Session*> all;
    for (const auto& session : sessions_) {
        all.push_back(session.get());
        if (session->connection != nullptr) session->heard = session->connection->received();
    }
    for (Session* session : all) tell(*session, SessionLife::On::quiesce, {}, returned);
    const TimePoint now = context_.shard.loop.now();
    for (Waiting& waiting : held_.take_all()) {
        lanes_.remove(*waiting.carried.lane, sizeof(Window::Entry) + waiting.stanza.weight(), now);
        leave_or_return(returned, std::move(waiting.stanza), waiting.carried, waiting.since);
    }
    bounce_all(returned);
}

bool Hub::quiet() const {
    return std::all_of(sessions_.begin(), sessions_.end(),
                       [](const auto& session) { return session->connection == nullptr || session->out.size() == 0; });
}

/// Each was asked how much has arrived. A link that is dead may look open for a minute.
void Hub::end_silent() {
    std::vector<Session*> silent;
    for (const auto& session : sessions_) {
        const bool lacks = session->out.size() > 0 && session->out.confirmed() < session->out.last();
        if (session->connection != nullptr && lacks && session->connection->received() == session->heard) {
            silent.push_back(session.get());
        }
    }
    std::vector<Returned> returned;
    for (Session* session : silent) {
        tell(*session, SessionLife::On::shut, {}, returned);
        close_session(*session);  // nothing more goes over it
    }
    bounce_all(returned);
}

void Hub::shut() {
    quiesce();
    if (std::exchange(shutting_, true)) return;
    send_done();
    std::vector<Returned> returned;
    std::vector<Connection*> all;
    for (const auto& connection : connections_) all.push_back(connection.get());
    for (const auto& session : sessions_) tell(*session, SessionLife::On::shut, {}, returned);
    for (Connection* connection : all) {
        // Who has no session, and is not being told why, has not shown who he is.
        const bool is_stranger = connection->session() == nullptr && !connection->machine().closed();
        is_stranger ? connection->abort() : shut(*connection);
    }
    bounce_all(returned);
}

void Hub::shut(Connection& connection) {
    connection.close(xmpp::stream_error(xmpp::StreamCondition::system_shutdown), "shutting down");
}

}  // namespace sallyport::link
