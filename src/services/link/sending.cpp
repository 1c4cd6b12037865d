// The way of a stanza: its session, another shard, or waiting. A pair of domains keeps to its session as long as
// anything of it is not done (docs/protocol/link.md, section 9).
#include <algorithm>

#include "base/hash.h"
#include "services/link/hub.h"

namespace sallyport::link {

namespace {

/// What a window or a queue takes for a stanza beside the bytes; for the question whether there is room.
constexpr std::uint64_t overhead = 512;

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

std::uint64_t weight_of(const xmpp::OwnedStanza& stanza) { return sizeof(Window::Entry) + stanza.weight(); }

}  // namespace

void Hub::send(const xmpp::Stanza& stanza, const routing::Ticket& ticket, bool may_forward) {
    if (shutting_) {
        // Who keeps it could not be told any more that it is done.
        if (ticket.kept()) return;
        return context_.bounce(stanza, {xmpp::StanzaCondition::remote_server_timeout, {}, "shutting-down"}, ticket);
    }
    Lane& lane = lanes_.lane(stanza.from_domain, stanza.to_domain);
    arm_sweep();
    if (!lanes_.admits(lane, stanza.bytes.size() + overhead)) {
        return context_.bounce(stanza,
                               {xmpp::StanzaCondition::resource_constraint, "too much is on its way already",
                                "partner-full", "too much is under way of or to " + lane.partner->domain},
                               ticket);
    }
    const TimePoint now = context_.shard.loop.now();
    const Carried carried{ticket, &lane};
    if (lane.held == 0) {
        if (Session* session = lane.elsewhere == 0 ? choose(stanza, lane) : nullptr) {
            Waiting waiting{xmpp::OwnedStanza{stanza}, carried, now, 0};
            lanes_.add(lane, weight_of(waiting.stanza), now);
            return transmit(*session, std::move(waiting));
        }
        if (may_forward && !stopping_ && send_elsewhere(stanza, carried, stanza.bytes.size() + overhead)) return;
    }
    if (stopping_ || context_.hold == Duration{0}) {
        return context_.bounce(
            stanza, {xmpp::StanzaCondition::remote_server_timeout, {}, stopping_ ? "shutting-down" : "link-down"},
            ticket);
    }
    held_.push_back({xmpp::OwnedStanza{stanza}, carried, now, 0});
    lanes_.add(lane, weight_of(held_.back().stanza), now);
    ++lane.held;
}

bool Hub::is_here(const std::string& far_realm) const {
    return std::any_of(sessions_.begin(), sessions_.end(), [&](const auto& session) {
        return session->far_realm == far_realm && session->connection != nullptr && session->connection->open();
    });
}

Way Hub::way(const xmpp::Stanza& stanza) const {
    if (context_.way) return context_.way(stanza);
    return context_.end == End::listener ? Way{Way::By::domain, stanza.to_domain} : Way{};
}

Session* Hub::choose(const xmpp::Stanza& stanza, const Lane& lane) const {
    // Even if the far side has lost its own way for the moment: it holds the rest of the lane as well.
    if (lane.under_way > lane.held + lane.elsewhere) {
        for (const auto& session : sessions_) {
            if (session->serial == lane.session) return session.get();
        }
    }
    const Way allowed = way(stanza);
    if (allowed.by == Way::By::none) return nullptr;
    Session* best = nullptr;
    std::uint64_t best_score = 0;
    for (const auto& session : sessions_) {
        if (!may_carry(*session, allowed)) continue;
        if (sessions_.size() == 1) return session.get();
        // Highest weight of (pair, far side); one whose node is there before one whose node is away.
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

/// What is counted in its lane already goes to the session's window.
void Hub::transmit(Session& session, Waiting waiting) {
    waiting.carried.lane->session = session.serial;
    session.out.push(std::move(waiting.stanza), waiting.carried, waiting.since, waiting.strikes);
    ++session.sent;
    if (session.connection != nullptr && session.connection->open()) {
        pump(session);
    }
    weigh();
}

void Hub::pump(Session& session) {
    if (session.connection == nullptr || !session.connection->open()) return;
    Connection& connection = *session.connection;
    if (!session.out.write_on([&](std::string_view bytes) { connection.write(bytes); })) return;
    Actions actions;
    connection.machine().ask(context_.shard.loop.now(), actions);
    connection.carry_out(actions);
}

bool Hub::send_elsewhere(const xmpp::Stanza& stanza, const Carried& carried, std::uint64_t weight) {
    if (!context_.send_elsewhere) return false;
    Lane& lane = *carried.lane;
    // Where the rest of the lane is; another way only when nothing of it can be overtaken.
    const bool tied = lane.elsewhere > 0;
    if (!tied && lane.under_way > lane.held) return false;
    routing::Ticket ours = elsewhere_source_;
    ours.sequence = ++serials_;
    ours.only_counts = !carried.ticket.kept();
    const auto shard = context_.send_elsewhere(stanza, ours, tied ? std::optional{lane.shard} : std::nullopt);
    if (!shard) return false;
    lane.shard = *shard;
    ++lane.elsewhere;
    lanes_.add(lane, weight, context_.shard.loop.now());
    elsewhere_.emplace(ours.sequence, Elsewhere{carried, weight});
    return true;
}

void Hub::done_elsewhere(std::uint64_t sequence) {
    const auto node = elsewhere_.extract(sequence);
    if (node.empty()) return;
    const Elsewhere& there = node.mapped();
    --there.carried.lane->elsewhere;
    lanes_.remove(*there.carried.lane, there.weight, context_.shard.loop.now());
    context_.shard.settle(there.carried.ticket);
}

void Hub::flush_held() {
    std::deque<Waiting> all;
    all.swap(held_);
    ++looks_;
    const TimePoint now = context_.shard.loop.now();
    for (Waiting& waiting : all) {
        Lane& lane = *waiting.carried.lane;
        const xmpp::Stanza stanza = waiting.stanza.view();
        // One of the lane has no way: none of those behind it may overtake.
        const bool behind = lane.passed == looks_;
        Session* session = behind || lane.elsewhere > 0 ? nullptr : choose(stanza, lane);
        if (session != nullptr) {
            --lane.held;
            transmit(*session, std::move(waiting));
            continue;
        }
        // It is counted already.
        const std::uint64_t weight = weight_of(waiting.stanza);
        if (!behind && send_elsewhere(stanza, waiting.carried, weight)) {
            --lane.held;
            lanes_.remove(lane, weight, now);
            continue;
        }
        lane.passed = looks_;
        held_.push_back(std::move(waiting));
    }
}

void Hub::weigh() {
    std::size_t pending = 0;
    for (const auto& session : sessions_) {
        if (session->connection != nullptr) pending = std::max(pending, session->connection->pending());
    }
    // Far apart, so that the feeders do not flap.
    if (holding_ ? pending >= io::Stream::low_water : pending <= io::Stream::high_water) return;
    holding_ = !holding_;
    if (context_.on_hold) context_.on_hold(holding_);
}

void Hub::drained() { weigh(); }

}  // namespace sallyport::link
