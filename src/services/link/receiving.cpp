// What comes over a link: stanzas, how many of ours have arrived and which are done; and what the far side is told of
// its own (docs/protocol/link.md, sections 5 and 7).
#include "services/link/hub.h"

namespace sallyport::link {

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
            return connection.close(xmpp::stream_error(xmpp::StreamCondition::undefined_condition),
                                    "<done/> for stanzas that were never sent");
        }
    }
    pump(*session);
    weigh();
}

void Hub::counted(Connection& connection, std::uint32_t h) {
    Session* session = connection.session();
    if (session == nullptr) return;
    if (!session->out.received(h)) {
        return connection.close(xmpp::stream_error(xmpp::StreamCondition::undefined_condition),
                                "acknowledged more than was sent");
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
            {xmpp::StanzaCondition::resource_constraint, "too much is unacknowledged", Rule::partner_full,
             "too much of what came over the link from " + session->far_realm + " is unacknowledged"},
            ticket);
    }
    // Done with, so that it does not come again when the session is resumed.
    context_.shard.settle(ticket);
    if (admission == Admission::refuse) return;
    connection.close(xmpp::stream_error(xmpp::StreamCondition::invalid_from),
                     "a stanza that the far node may not send");
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

}  // namespace sallyport::link
