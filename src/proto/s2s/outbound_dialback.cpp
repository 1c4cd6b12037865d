// Dialback on the outbound stream (XEP-0220 2.1): as initiating server, and as receiving server asking the
// authoritative one. Each answer must match a question of this stream: (from, to) for keys, (from, to, id) for
// verifications, compared as canonical domains and exact ids (threats T01 to T03).
#include <algorithm>

#include "proto/s2s/dialback.h"
#include "proto/s2s/events.h"
#include "proto/s2s/header_judge.h"
#include "proto/s2s/outbound_state.h"
#include "proto/s2s/wire.h"
#include "proto/xmpp/namespaces.h"

namespace sallyport::s2s {

using Out = Outbound::State;
using xmpp::StanzaCondition;

namespace {

/// The condition in `<error>` of a dialback answer.
StanzaCondition answered_condition(const xml::Element& element) {
    for (const xml::Element::Child& child : element.children) {
        const auto* error = std::get_if<xml::Element>(&child);
        if (error == nullptr || error->name != "error") continue;
        for (const xml::Element::Child& inner : error->children) {
            const auto* condition = std::get_if<xml::Element>(&inner);
            if (condition != nullptr && condition->space == xmpp::ns::stanza_errors && condition->name != "text") {
                return xmpp::stanza_condition(condition->name);
            }
        }
    }
    return StanzaCondition::undefined_condition;
}

}  // namespace

/// The channel stands: prove ourselves by dialback, and ask what waits.
/// COMPAT(servers before XEP-0220 1.0, Cisco XCP): they do not announce dialback; the offer is not waited for.
void Out::prove(TimePoint now, Actions& out) {
    phase = Phase::proving;
    deadlines[Timer::answering] = never;
    const StreamPolicy wanted = policy();
    if (wanted.require_certificate && !certificate_proves(pair.remote)) {
        return close(std::nullopt, "the certificate does not prove the peer",
                     {Stage::tls, "the certificate of the remote server is not accepted",
                      StanzaCondition::remote_server_timeout, true},
                     now, out);
    }
    send_asks(now, out);
    if (verify_only) return;
    if (!wanted.offer_dialback) {
        return close(std::nullopt, "the peer does not accept SASL EXTERNAL, and dialback is off",
                     {Stage::sasl, "no common way of authentication", StanzaCondition::remote_server_timeout, true},
                     now, out);
    }
    if (id.empty()) {  // RFC 6120 4.7.3: the key depends on it
        return close(std::nullopt, "the peer's header has no id",
                     {Stage::dialback, "the remote server violated the protocol"}, now, out);
    }
    if (PairState* first = pairs.find(pair)) request(*first, now, out);
    deadlines[Timer::negotiation] = never;  // the pair's own timer runs from here
}

void Out::request(PairState& wanted, TimePoint now, Actions& out) {
    const std::string key = rules.dialback_key(wanted.domains.remote, wanted.domains.local, id);
    wanted.pending = true;
    // Of a stream that is open already no other server can do better.
    wanted.deadline = now + (share && phase == Phase::proving ? std::min(*share, timers.dialback) : timers.dialback);
    out.push_back(Send{wire::result(wanted.domains.local.text(), wanted.domains.remote.text(), key)});
    note(out, LogLevel::info, event::result_sent,
         {{"from", wanted.domains.local.text()},
          {"to", wanted.domains.remote.text()},
          {"key", std::string{cut_key(key)}}});
    note(out, LogLevel::debug, event::dialback_timeout_scheduled,
         {{"pair", wanted.domains.text()},
          {"seconds", std::to_string(std::chrono::duration_cast<std::chrono::seconds>(timers.dialback).count())}});
}

void Out::pair_ready(PairState& wanted, Method method, TimePoint now, Actions& out) {
    wanted.pending = false;
    wanted.deadline = never;
    wanted.method = method;
    phase = Phase::open;
    deadlines[Timer::negotiation] = never;
    deadlines[Timer::idle] = now + timers.idle;
    hold_or_send(wanted, now, out);
}

void Out::send_asks(TimePoint now, Actions& out) {
    for (Ask& ask : asks) {
        if (ask.sent) continue;
        ask.sent = true;
        ask.deadline = now + (share ? std::min(*share, timers.dialback) : timers.dialback);
        const Verify& asked = ask.request;
        out.push_back(
            Send{wire::verify(asked.pair.local.text(), asked.pair.remote.text(), asked.stream_id, asked.key)});
        note(out, LogLevel::info, event::verify_sent,
             {{"from", asked.pair.local.text()},
              {"to", asked.pair.remote.text()},
              {"id", asked.stream_id},
              {"key", std::string{cut_key(asked.key)}}});
        if (verify_only) deadlines[Timer::negotiation] = never;
    }
}

Out::Did Out::take_result(const Event& event, TimePoint now, Actions& out) {
    const xml::Element& element = *event.element;
    xmpp::DomainPair named;
    PairState* wanted = nullptr;
    if (read_domain(element.attribute("from"), named.remote) == Address::good &&
        read_domain(element.attribute("to"), named.local) == Address::good) {
        wanted = pairs.find(named);
    }
    if (wanted == nullptr || !wanted->pending) return drop_answer(event, now, out);
    const std::string_view type = element.attribute("type");
    note(out, LogLevel::info, event::result_received,
         {{"from", named.remote.text()}, {"to", named.local.text()}, {"type", std::string{type}}});
    if (type == "valid") {
        pair_ready(*wanted, Method::dialback, now, out);
        return Did::ended;
    }
    // XEP-0220 2.1.1, 2.5: the sender learns it; the stream may serve other pairs.
    const bool invalid = type == "invalid";
    const StanzaCondition said = invalid ? StanzaCondition::forbidden : answered_condition(element);
    pairs.remove(named);
    const xmpp::Failure failure{
        Stage::dialback,
        invalid ? "the remote server did not accept our dialback key"
                : "the remote server could not verify our dialback key: " + std::string{xmpp::text(said)},
        invalid ? StanzaCondition::internal_server_error : StanzaCondition::remote_server_timeout, invalid};
    out.push_back(PairFailed{named, failure, true});
    note(out, LogLevel::warn, event::state,
         {{"pair", named.text()}, {"from", "PENDING"}, {"to", "FAILED"}, {"condition", std::string{xmpp::text(said)}}},
         failure);
    if (is_of_earlier(named) && !invalid) {
        fail_to_prove(failure, now, out);
        return Did::ended;
    }
    if (awaits == Awaits::proofs) go_on_resuming(now, out);
    close_when_done(now, out);
    return Did::ended;
}

/// It was proved before, and will be again: the earlier stream is not given up for that.
void Out::fail_to_prove(const xmpp::Failure& failure, TimePoint now, Actions& out) {
    close(std::nullopt, "a pair of the stream to be resumed could not be checked", failure, now, out);
}

Out::Did Out::take_verify(const Event& event, TimePoint now, Actions& out) {
    const xml::Element& element = *event.element;
    xmpp::DomainPair named;
    auto found = asks.end();
    if (read_domain(element.attribute("from"), named.remote) == Address::good &&
        read_domain(element.attribute("to"), named.local) == Address::good) {
        const std::string_view asked_id = element.attribute("id");
        found = std::find_if(asks.begin(), asks.end(), [&](const Ask& ask) {
            return ask.sent && ask.request.pair == named && ask.request.stream_id == asked_id;
        });
    }
    if (found == asks.end()) return drop_answer(event, now, out);
    using Outcome = Verified::Outcome;
    const std::string_view type = element.attribute("type");
    Verified answer{named, std::move(found->request.stream_id), Outcome::error, {}};
    answer.answered = true;
    asks.erase(found);
    if (type == "valid") {
        answer.outcome = Outcome::valid;
    } else if (type == "invalid") {
        answer.outcome = Outcome::invalid;
    } else {
        const StanzaCondition said = answered_condition(element);
        answer.text = "the authoritative server answered " + std::string{xmpp::text(said)};
        // XEP-0220 2.5: an error of this step is told to the initiator as remote-server-not-found.
        if (said == StanzaCondition::item_not_found) answer.condition = StanzaCondition::remote_server_not_found;
    }
    note(out, LogLevel::info, event::verify_received,
         {{"from", named.remote.text()},
          {"to", named.local.text()},
          {"id", answer.stream_id},
          {"type", std::string{type}}});
    out.push_back(std::move(answer));
    close_when_done(now, out);
    return phase == Phase::closing ? Did::ended : Did::advance;
}

Out::Did Out::drop_answer(const Event& event, TimePoint, Actions& out) {
    note(out, LogLevel::warn, event::answer_dropped,
         {{"what", std::string{s2s::text(event.on)}},
          {"from", std::string{event.element->attribute("from")}},
          {"to", std::string{event.element->attribute("to")}},
          {"why", "it was not asked for on this stream"}});
    return Did::advance;
}

void Out::time_out(TimePoint now, Actions& out) {
    std::vector<xmpp::DomainPair> late;
    for (const PairState& p : pairs.all()) {
        if (p.pending && now >= p.deadline) late.push_back(p.domains);
    }
    bool changed = !late.empty(), resumes = true;
    const xmpp::Failure failure{Stage::dialback, "the remote server did not answer in time"};
    for (const xmpp::DomainPair& domains : late) {
        resumes = resumes && !is_of_earlier(domains);
        note(out, LogLevel::warn, event::dialback_timeout, {{"pair", domains.text()}});
        out.push_back(PairFailed{domains, failure, true});
        note(out, LogLevel::warn, event::state, {{"pair", domains.text()}, {"from", "PENDING"}, {"to", "FAILED"}},
             failure);
        pairs.remove(domains);
    }
    std::erase_if(asks, [&](Ask& ask) {
        if (now < ask.deadline) return false;
        note(out, LogLevel::warn, event::dialback_timeout,
             {{"pair", ask.request.pair.text()}, {"id", ask.request.stream_id}});
        out.push_back(Verified{ask.request.pair, std::move(ask.request.stream_id), Verified::Outcome::error,
                               "the authoritative server did not answer in time"});
        return changed = true;
    });
    if (!resumes) return fail_to_prove(failure, now, out);
    if (changed && awaits == Awaits::proofs) go_on_resuming(now, out);
    if (changed) close_when_done(now, out);
}

bool Outbound::shareable() const {
    const State& s = *state_;
    // XEP-0220 2.6.1 asks for no announcement; a peer that does not even offer dialback is spared. The key needs its
    // stream id.
    return !s.verify_only && s.phase == State::Phase::open && s.offers.dialback && !s.id.empty() &&
           s.policy().offer_dialback;
}

bool Outbound::add_pair(const xmpp::DomainPair& pair, TimePoint now, Actions& out) {
    State& s = *state_;
    if (s.verify_only || (s.phase != State::Phase::proving && s.phase != State::Phase::open)) return false;
    if (s.pairs.find(pair) != nullptr) return true;
    const StreamPolicy wanted = s.rules.policy(pair.remote);
    // XEP-0220 2.6.2: another target only where the peer answers errors without closing.
    const bool announced = pair.remote == s.pair.remote ? s.offers.dialback : s.offers.errors;
    if (!announced || s.id.empty() || !wanted.offer_dialback) return false;
    if (s.pairs.all().size() >= s.max_pairs || s.pairs.pending() >= s.max_pending) return false;
    if (!s.rules.admits(pair, Direction::outbound).allowed) return false;
    if (s.bidi && !s.rules.admits(pair, Direction::inbound).allowed) return false;
    if (wanted.security == SecurityMode::tls_required && !s.tls) return false;
    if (wanted.require_certificate && !s.certificate_proves(pair.remote)) return false;
    s.request(s.pairs.add(pair), now, out);
    return true;
}

void Outbound::verify(const Verify& request, TimePoint now, Actions& out) {
    State& s = *state_;
    if (s.phase == State::Phase::closing || s.phase == State::Phase::closed) {
        out.push_back(Verified{request.pair, request.stream_id, Verified::Outcome::error, "the stream is closed"});
        return;
    }
    s.asks.push_back({request});
    if (s.phase == State::Phase::proving || s.phase == State::Phase::open) s.send_asks(now, out);
}

}  // namespace sallyport::s2s
