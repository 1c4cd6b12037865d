// The machine of each session (proto/link/session_life.h) and the hub around it: what it is told of, what holds then,
// and what is done when it says so.
#include <utility>

#include "services/link/hub.h"

namespace sallyport::link {

std::string_view text(LinkState state) { return state == LinkState::open ? "open" : "broken"; }

bool Session::open() const { return connection != nullptr && connection->open(); }

void Hub::tell(Session& session, SessionLife::On on, const News& news) {
    std::vector<Returned> returned;
    tell(session, on, news, returned);
    bounce_all(returned);
}

void Hub::tell(Session& session, SessionLife::On on, const News& news, std::vector<Returned>& returned) {
    SessionLife::Actions actions;
    session.life.on(on, around(session) | news.more, context_.shard.loop.now(), actions);
    carry_out(session, actions, news, returned);
}

void Hub::tell_time(Session& session, TimePoint now) {
    SessionLife::Actions actions;
    session.life.on_deadline(around(session), now, actions);
    std::vector<Returned> returned;
    carry_out(session, actions, {}, returned);
    bounce_all(returned);
}

/// What some events need beside this costs a walk through a window; who tells of them brings it.
SessionLife::Facts Hub::around(const Session& session) const {
    SessionLife::Facts all;
    if (session.open()) all.add(SessionLife::Fact::lives);
    if (stopping_) all.add(SessionLife::Fact::stopping);
    return all;
}

void Hub::carry_out(Session& session, const SessionLife::Actions& actions, const News& news,
                    std::vector<Returned>& returned) {
    using Do = SessionLife::Action;
    for (const Do action : actions) {
        switch (action) {
            case Do::turn_away: turn_away(*news.connection); break;
            case Do::cut: detach(session, Blame::loss); break;
            case Do::bury:
                // A host that fell silent says nothing against what was on its way there.
                detach(session, Blame::none);
                session.out.far_died();
                break;
            case Do::refuse: refuse_count(session); break;
            case Do::go_on: go_on(session, news, returned); break;
            case Do::begin_anew: begin_anew(session, news, returned); break;
            case Do::ask: ask(session); break;
            case Do::learn: learn(session); break;
            case Do::forget: session.said = {}; break;
            case Do::sort: sort(session); break;
            case Do::succeed: succeed(session); break;
            case Do::pass_on: pass_on(session, TimePoint::min(), returned); break;
            case Do::pass_on_young: pass_on(session, context_.shard.loop.now() - context_.hold, returned); break;
            case Do::give_back: give_back(session, returned); break;
            case Do::give_missing: give_missing(session, returned); break;
            case Do::tell_end:
                log_.write_for(session.far_realm, LogLevel::warn, "link.session.given-up",
                               {{"far", session.far_realm}, {"waiting", std::to_string(session.out.size())}});
                break;
            case Do::end: close_session(session); break;
        }
    }
}

void Hub::go_on(Session& session, const News& news, std::vector<Returned>& returned) {
    Connection& connection = *news.connection;
    if (context_.end == End::listener) {
        Actions answer;
        connection.machine().resumed(session.id, session.in.h(), answer);
        connection.carry_out(answer);
    }
    session.connection = &connection;
    ++session.resumptions;
    connection.attach(&session);
    session.in.resumed();
    flush_done();
    if (!session.out.resume(news.h)) {
        tell(session, SessionLife::On::miscounted, {}, returned);
        return flush_held();
    }
    write_again(session, returned);
    log_.write_for(session.far_realm, LogLevel::info, "link.resumed",
                   {{"far", session.far_realm},
                    {"session", session.id.substr(0, 8)},
                    {"waiting", std::to_string(session.out.size())}});
}

/// The far side forgot the session: what was not done goes again, in a new one.
void Hub::begin_anew(Session& session, const News& news, std::vector<Returned>& returned) {
    Connection& connection = *news.connection;
    session.id = news.id;
    session.far_node = connection.machine().far_node();
    session.connection = &connection;
    // What its predecessor served says nothing.
    session.bound = {};
    session.names = {};
    context_.shard.desk.close(session.source);
    session.source = {};
    session.intake->leave(session.taken, context_.shard.loop.now());
    session.in.restart();
    session.out.restart();
    connection.attach(&session);
    begin(connection, session);
    write_again(session, returned);
}

void Hub::write_again(Session& session, std::vector<Returned>& returned) {
    session.out.take_culprits([&](Window::Entry& entry) { returned.push_back(culprit(session, std::move(entry))); });
    pump(session);
}

void Hub::detach(Session& session, Blame blame) {
    if (session.connection == nullptr) return;
    // The far side knows better than our TCP that the old connection is dead.
    Connection& old = *std::exchange(session.connection, nullptr);
    session.out.broken(blame);
    session.why_broken = "the far node reconnected";
    old.attach(nullptr);
    old.abort();
}

void Hub::refuse_count(Session& session) {
    Connection& connection = *std::exchange(session.connection, nullptr);
    connection.attach(nullptr);
    connection.close(xmpp::stream_error(xmpp::StreamCondition::undefined_condition),
                     "resumed with a count that was never reached");
}

void Hub::ask(Session& session) {
    if (!session.open()) return;
    Actions actions;
    session.connection->machine().ask(context_.shard.loop.now(), actions);
    session.connection->carry_out(actions);
}

}  // namespace sallyport::link
