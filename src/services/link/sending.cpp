// The way of a stanza: its session, another shard, or waiting. A pair of domains keeps to its session as long as
// anything of it is not done (docs/protocol/link.md, section 9).
#include <algorithm>
#include <optional>

#include "services/link/hub.h"

namespace sallyport::link {

namespace {

/// What a window or a queue takes for a stanza beside the bytes; for the question whether there is room.
constexpr std::uint64_t overhead = 512;

std::uint64_t weight_of(const xmpp::OwnedStanza& stanza) { return sizeof(Window::Entry) + stanza.weight(); }

}  // namespace

void Hub::send(const xmpp::Stanza& stanza, const routing::Ticket& ticket) {
    take(stanza, {ticket, context_.shard.loop.now()}, false);
}

void Hub::borrow(const routing::Forwarded& message) {
    take(message.stanza.view(), {message.ticket, message.since, message.strikes, message.apart}, true);
}

void Hub::take(const xmpp::Stanza& stanza, const Lent& with, bool lent) {
    const routing::Ticket& ticket = with.ticket;
    if (shutting_) {
        // Who keeps it could not be told any more that it is done.
        if (ticket.kept()) return;
        return context_.bounce(stanza, {xmpp::StanzaCondition::remote_server_timeout, {}, Rule::shutting_down}, ticket);
    }
    Lane& lane = lanes_.lane(stanza.from_domain, stanza.to_domain);
    arm_sweep();
    if (!lanes_.admits(lane, stanza.bytes.size() + overhead)) {
        return context_.bounce(stanza,
                               {xmpp::StanzaCondition::resource_constraint, "too much is unacknowledged",
                                Rule::partner_full, "too much is unacknowledged from or to " + lane.partner->domain},
                               ticket);
    }
    const TimePoint now = context_.shard.loop.now();
    const Carried carried{ticket, &lane, ++arrivals_, lent};
    const bool overtakes = lent && !stopping_ && giving_back_.contains(ticket.shard);
    if (lane.held == 0 && !overtakes) {
        if (Session* session = lane.elsewhere == 0 ? choose(stanza, lane) : nullptr) {
            Waiting waiting{xmpp::OwnedStanza{stanza}, carried, with.since, with.strikes, with.apart};
            lanes_.add(lane, weight_of(waiting.stanza), now);
            return transmit(*session, std::move(waiting));
        }
        if (!lent && !stopping_ && send_elsewhere(stanza, carried, with, stanza.bytes.size() + overhead)) return;
    }
    if (lent && !stopping_) {
        std::vector<GivenBack> back;
        back.push_back({xmpp::OwnedStanza{stanza}, with});
        return hand_back(ticket.shard, std::move(back));
    }
    if (stopping_ || context_.hold == Duration{0}) {
        return context_.bounce(
            stanza,
            {xmpp::StanzaCondition::remote_server_timeout, {}, stopping_ ? Rule::shutting_down : Rule::link_down},
            ticket);
    }
    Waiting waiting{xmpp::OwnedStanza{stanza}, carried, with.since, with.strikes, with.apart};
    lanes_.add(lane, weight_of(waiting.stanza), now);
    held_.add(std::move(waiting));
}

bool Hub::is_here(const std::string& far_realm) const {
    return std::any_of(sessions_.begin(), sessions_.end(),
                       [&](const auto& session) { return session->far_realm == far_realm && session->open(); });
}

Way Hub::way(const xmpp::Stanza& stanza) const {
    if (context_.way) return context_.way(stanza);
    return context_.end == End::listener ? Way{Way::By::domain, stanza.to_domain} : Way{};
}

/// The session that has stanzas of the lane under way; null: none has.
Session* Hub::session_with(const Lane& lane) const {
    if (lane.under_way <= lane.held + lane.elsewhere) return nullptr;
    const auto at = std::find_if(sessions_.begin(), sessions_.end(),
                                 [&](const auto& session) { return session->serial == lane.session; });
    return at == sessions_.end() ? nullptr : at->get();
}

Session* Hub::choose(const xmpp::Stanza& stanza, const Lane& lane) const {
    // Even if the far side has lost its own way for the moment: it holds the rest of the lane as well.
    if (Session* same = session_with(lane)) return same;
    const Way allowed = way(stanza);
    if (allowed.by == Way::By::none) return nullptr;
    Session* best = nullptr;
    std::uint64_t best_score = 0;
    for (const auto& session : sessions_) {
        if (!allowed.allows(session->far_realm, session->names)) continue;
        if (sessions_.size() == 1) return session.get();
        const std::uint64_t score =
            weight_for(stanza.from_domain, stanza.to_domain, session->id, is_here(session->far_realm));
        if (best == nullptr || score > best_score) {
            best = session.get();
            best_score = score;
        }
    }
    return best;
}

/// What is counted in its lane already goes to the session's window.
void Hub::transmit(Session& session, Waiting waiting) {
    waiting.carried.lane->session = session.serial;
    session.out.push(std::move(waiting.stanza), waiting.carried, waiting.since, waiting.strikes, waiting.apart);
    ++session.sent;
    pump(session);
    weigh();
}

void Hub::pump(Session& session) {
    if (!session.life.may_write() || !session.open()) return;
    Connection& connection = *session.connection;
    if (!session.out.write_on([&](std::string_view bytes) { connection.write(bytes); })) return;
    Actions actions;
    connection.machine().ask(context_.shard.loop.now(), actions);
    connection.carry_out(actions);
}

bool Hub::send_elsewhere(const xmpp::Stanza& stanza, const Carried& carried, const Lent& with, std::uint64_t weight) {
    if (siblings_.empty()) return false;
    Lane& lane = *carried.lane;
    // Where the rest of the lane is; another way only when nothing of it can be overtaken.
    const bool tied = lane.elsewhere > 0;
    if (tied ? lane.returning : lane.under_way > lane.held) return false;
    Lent lent = with;
    lent.ticket = held_.fresh_ticket(carried.ticket);
    const auto shard = lend(stanza, lent, tied ? std::optional{lane.shard} : std::nullopt);
    if (!shard) return false;
    lane.shard = *shard;
    ++lane.elsewhere;
    lanes_.add(lane, weight, context_.shard.loop.now());
    held_.lent(lent.ticket, {carried, weight, with.since});
    return true;
}

void Hub::take_back(std::vector<GivenBack> all) {
    std::deque<Waiting> waiting;
    std::vector<Returned> returned;
    for (GivenBack& back : all) {
        const auto there = held_.take_lent(back.lent.ticket);
        if (!there) continue;
        Lane& lane = *there->carried.lane;
        lane.returning = --lane.elsewhere > 0;
        if (stopping_) {
            lanes_.remove(lane, there->weight, context_.shard.loop.now());
            leave_or_return(returned, std::move(back.stanza), there->carried, back.lent.since);
            continue;
        }
        lanes_.reweigh(lane, there->weight, weight_of(back.stanza));
        waiting.push_back({std::move(back.stanza), there->carried, there->since, back.lent.strikes, back.lent.apart});
    }
    // Not looked at before the next sweep: two shards without a link do not hand it to and fro in between.
    hold_again(std::move(waiting));
    bounce_all(returned);
}

void Hub::hold_again(std::deque<Waiting> waiting) {
    if (waiting.empty()) return;
    held_.put_back(std::move(waiting));
    arm_sweep();
}

bool Hub::hangs_on_names(const Session& session) const {
    bool hangs = false;
    session.out.for_each(
        [&](const Window::Entry& entry) { hangs = hangs || way(entry.stanza.view()).hangs_on_names(); });
    return hangs;
}

void Hub::sort(Session& session) {
    std::deque<Waiting> rest;
    session.out.take_unwritten(
        [&](const Window::Entry& entry) { return !way(entry.stanza.view()).allows(session.far_realm, session.names); },
        [&](Window::Entry& entry) {
            rest.push_back({std::move(entry.stanza), entry.tag, entry.since, entry.strikes, entry.apart});
        });
    hold_again(std::move(rest));
    pump(session);
}

void Hub::done_elsewhere(const Elsewhere& there) {
    if (--there.carried.lane->elsewhere == 0) there.carried.lane->returning = false;
    lanes_.remove(*there.carried.lane, there.weight, context_.shard.loop.now());
    context_.shard.settle(there.carried.ticket);
}

void Hub::flush_held() {
    const TimePoint now = context_.shard.loop.now();
    std::map<std::uint32_t, std::vector<GivenBack>> back;
    held_.look([&](Waiting& waiting, bool behind) {
        Lane& lane = *waiting.carried.lane;
        const xmpp::Stanza stanza = waiting.stanza.view();
        Session* session = behind || lane.elsewhere > 0 ? nullptr : choose(stanza, lane);
        if (session != nullptr) {
            --lane.held;
            transmit(*session, std::move(waiting));
            return true;
        }
        // It is counted already.
        const std::uint64_t weight = weight_of(waiting.stanza);
        const Lent with{waiting.carried.ticket, waiting.since, waiting.strikes, waiting.apart};
        const bool lent = waiting.carried.lent;
        if (!lent && (behind || !send_elsewhere(stanza, waiting.carried, with, weight))) return false;
        --lane.held;
        lanes_.remove(lane, weight, now);
        if (lent) back[with.ticket.shard].push_back({std::move(waiting.stanza), with});
        return true;
    });
    for (auto& [shard, some] : back) hand_back(shard, std::move(some));
}

void Hub::weigh() {
    // Of the link that takes most: where another node takes nothing, only what goes there waits, within its budgets.
    std::optional<std::size_t> least;
    for (const auto& session : sessions_) {
        if (session->connection == nullptr) continue;
        const std::size_t pending = session->connection->pending();
        least = std::min(least.value_or(pending), pending);
    }
    const std::size_t pending = least.value_or(0);
    const TimePoint now = context_.shard.loop.now();
    // Far apart, so that the feeders do not flap.
    const bool is_heavy =
        heaviness_ == Pace::free ? pending > io::Stream::high_water : pending >= io::Stream::low_water;
    if (is_heavy && heaviness_ == Pace::free) heavy_since_ = now;
    // One that takes nothing holds back nobody for whom there is another way.
    const Pace pace = is_heavy ? pace_of_backlog(pending, heavy_since_, lanes_.flow(), now) : Pace::free;
    if (pace == std::exchange(heaviness_, pace)) return;
    if (context_.on_heavy) context_.on_heavy(pace);
}

}  // namespace sallyport::link
