// Sessions that end, and what becomes of that which they carry: another session, or back to its sender. And the end of
// the node: what a sender keeps stays with him, everything else is delivered or returned.
#include <algorithm>

#include "services/link/hub.h"

namespace sallyport::link {

namespace {

constexpr Duration sweep_every = std::chrono::milliseconds{500};
/// A session without a connection is kept this long at most, whatever it holds (docs/protocol/link.md, section 3).
constexpr Duration session_life = std::chrono::seconds{300};
/// A far node that is away for longer has its stanzas given to another one that can carry them.
constexpr Duration away_patience = std::chrono::milliseconds{2500};
constexpr std::size_t most_culprits = 16;

const xmpp::StanzaError link_down{xmpp::StanzaCondition::remote_server_timeout, {}, "link-down"};
const xmpp::StanzaError shutting_down{xmpp::StanzaCondition::remote_server_timeout, {}, "shutting-down"};

}  // namespace

void Hub::replace_dead(const Session& fresh) {
    // The far process was started again: what its predecessor had not done goes to it, in the old order.
    std::vector<Session*> over;
    for (const auto& session : sessions_) {
        if (session->far_realm == fresh.far_realm && session->far_node != fresh.far_node &&
            session->connection == nullptr) {
            over.push_back(session.get());
        }
    }
    for (Session* session : over) {
        session->out.far_died();
        give_up(*session, TimePoint::min());
    }
}

void Hub::replace_given_up(Session& fresh) {
    const std::string id = std::exchange(fresh.replaces, {});
    if (id.empty()) return;
    const auto shard = home(id);
    if (shard && context_.give_up_elsewhere) return context_.give_up_elsewhere(*shard, id, fresh.far_realm);
    give_up(id, fresh.far_realm);
}

void Hub::give_up(const std::string& id, const std::string& far_realm) {
    Session* old = find_session(id);
    if (old == nullptr || old->far_realm != far_realm) return;
    detach(*old);
    give_up(*old, TimePoint::min());
    flush_held();
}

void Hub::give_up(Session& session, TimePoint too_old) {
    log_.warn("link.session.given-up", {{"far", session.far_realm}, {"waiting", std::to_string(session.out.size())}});
    std::deque<Waiting> kept;
    std::vector<Returned> returned;
    const TimePoint now = context_.shard.loop.now();
    session.out.drain([&](Window::Entry entry) {
        if (entry.strikes >= most_strikes) return returned.push_back(culprit(session, std::move(entry)));
        if (entry.since > too_old) {
            ++entry.tag.lane->held;
            kept.push_back({std::move(entry.stanza), entry.tag, entry.since, entry.strikes});
            return;
        }
        lanes_.remove(*entry.tag.lane, entry.weight(), now);
        returned.push_back({std::move(entry.stanza), entry.tag.ticket, link_down});
    });
    // It is older than what waits already.
    held_.insert(held_.begin(), std::make_move_iterator(kept.begin()), std::make_move_iterator(kept.end()));
    if (!held_.empty()) arm_sweep();
    close_session(session);
    bounce_all(returned);
}

void Hub::close_session(Session& session) {
    context_.shard.desk.close(session.source);
    for (auto& dialling : diallings_) {
        if (dialling->session_id == session.id) dialling->given_up = std::exchange(dialling->session_id, {});
    }
    if (session.connection != nullptr) session.connection->attach(nullptr);
    std::erase_if(sessions_, [&](const auto& s) { return s.get() == &session; });
}

/// A stanza at which connections ended, whatever the cause: taken out, so that everything behind it goes on.
Hub::Returned Hub::culprit(const Session& session, Window::Entry entry) {
    lanes_.remove(*entry.tag.lane, entry.weight(), context_.shard.loop.now());
    const xmpp::Stanza stanza = entry.stanza.view();
    const std::string why = "the link to " + session.far_realm +
                            " ended again and again while this stanza was on its way; at last: " + session.why_broken;
    log_.error("link.stanza.taken-out", {{"far", session.far_realm},
                                         {"from", std::string{stanza.from_domain}},
                                         {"to", std::string{stanza.to_domain}},
                                         {"kind", std::string{xmpp::text(stanza.kind)}},
                                         {"bytes", std::to_string(stanza.bytes.size())},
                                         {"why", session.why_broken}});
    if (culprits_.size() == most_culprits) culprits_.pop_front();
    culprits_.push_back({session.far_realm, std::string{stanza.from_domain}, std::string{stanza.to_domain}, why,
                         context_.shard.loop.now()});
    return {std::move(entry.stanza),
            entry.tag.ticket,
            {xmpp::StanzaCondition::policy_violation, "the next server on its way cannot take this stanza",
             "link-refused", why}};
}

void Hub::bounce_all(const std::vector<Returned>& returned) {
    for (const Returned& one : returned) context_.bounce(one.stanza.view(), one.error, one.ticket);
}

bool Hub::others_can_carry(const Session& broken) const {
    bool others = false;
    for (const auto& session : sessions_) {
        others |= session->far_node != broken.far_node && session->connection != nullptr && session->connection->open();
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
        const Duration away = now - session->broken_since;
        const bool stale = oldest != never && now - oldest >= context_.hold && away >= context_.hold;
        if (stale || away >= session_life || (away >= away_patience && others_can_carry(*session)))
            over.emplace_back(session.get(), now - context_.hold);
    }
    for (const auto& [session, too_old] : over) give_up(*session, too_old);
    flush_held();
    std::vector<Returned> returned;
    while (!held_.empty() && now - held_.front().since >= context_.hold) {
        Waiting old = std::move(held_.front());
        held_.pop_front();
        --old.carried.lane->held;
        lanes_.remove(*old.carried.lane, sizeof(Window::Entry) + old.stanza.weight(), now);
        returned.push_back({std::move(old.stanza), old.carried.ticket, link_down});
    }
    bounce_all(returned);
    (void)lanes_.look(now);
    lanes_.forget_idle();
    if (broken || lanes_.size() > 0) arm_sweep();
}

void Hub::arm_sweep() {
    if (sweeping_) return;
    sweeping_ = true;
    sweeper_->arm(context_.shard.loop.now() + sweep_every);
}

/// A sender that waits for an acknowledgement (XEP-0198, another link) sends it again, or says itself that it cannot.
void Hub::leave_or_return(std::vector<Returned>& returned, xmpp::OwnedStanza stanza, const Carried& carried) {
    if (!carried.ticket.kept()) returned.push_back({std::move(stanza), carried.ticket, shutting_down});
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
    std::vector<Session*> broken;
    const TimePoint now = context_.shard.loop.now();
    for (const auto& session : sessions_) {
        if (session->connection == nullptr) broken.push_back(session.get());
    }
    for (Session* session : broken) {
        session->out.drain([&](Window::Entry entry) {
            lanes_.remove(*entry.tag.lane, entry.weight(), now);
            leave_or_return(returned, std::move(entry.stanza), entry.tag);
        });
        close_session(*session);
    }
    for (Waiting& waiting : held_) {
        --waiting.carried.lane->held;
        lanes_.remove(*waiting.carried.lane, sizeof(Window::Entry) + waiting.stanza.weight(), now);
        leave_or_return(returned, std::move(waiting.stanza), waiting.carried);
    }
    held_.clear();
    for (const auto& session : sessions_) {
        Actions actions;
        if (session->connection->open()) session->connection->machine().ask(now, actions);
        session->connection->carry_out(actions);
    }
    bounce_all(returned);
}

bool Hub::quiet() const {
    return std::all_of(sessions_.begin(), sessions_.end(),
                       [](const auto& session) { return session->connection == nullptr || session->out.size() == 0; });
}

void Hub::shut() {
    quiesce();
    if (std::exchange(shutting_, true)) return;
    send_done();
    std::vector<Returned> returned;
    std::vector<Connection*> all;
    for (const auto& connection : connections_) all.push_back(connection.get());
    const TimePoint now = context_.shard.loop.now();
    for (const auto& session : sessions_) {
        bool cut = false;
        session->out.drain([&](Window::Entry entry) {
            lanes_.remove(*entry.tag.lane, entry.weight(), now);
            // What has arrived is the far side's to deliver or to return.
            if (session->out.arrived(entry)) return;
            cut = true;
            leave_or_return(returned, std::move(entry.stanza), entry.tag);
        });
        // What is returned must not arrive after all.
        if (cut && session->connection != nullptr) session->connection->abort();
    }
    for (Connection* connection : all) {
        connection->close(xmpp::StreamError{xmpp::StreamCondition::system_shutdown, {}, {}, {}}, "shutting down");
    }
    bounce_all(returned);
}

}  // namespace sallyport::link
