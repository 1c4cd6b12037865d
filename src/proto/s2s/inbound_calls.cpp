// The public face of Inbound: each call is an event, a time and actions. on_stanza is the fast path: it asks no rules
// and builds nothing, it only looks whether the pair is ready.
#include <algorithm>
#include <utility>

#include "proto/s2s/events.h"
#include "proto/s2s/header_judge.h"
#include "proto/s2s/inbound_state.h"
#include "proto/s2s/wire.h"

namespace sallyport::s2s {

using xmpp::StreamError;

Inbound::Inbound(InboundSettings settings, const Rules& rules, TimePoint now)
    : state_{std::make_unique<State>(std::move(settings), rules, now)} {}
Inbound::Inbound(InboundSettings settings, const Rules& rules, TimePoint now, Inbound& other)
    : Inbound{std::move(settings), rules, now} {
    state_->take(std::move(*other.state_));
}
Inbound::~Inbound() = default;
Inbound::Inbound(Inbound&&) noexcept = default;

void Inbound::on_header(const xml::Header& header, TimePoint now, Actions& out) {
    state_->handle({.on = On::header, .header = &header}, now, out);
}

void Inbound::on_element(const xml::Element& element, std::size_t unread, TimePoint now, Actions& out) {
    state_->deadlines[State::Timer::stanza] = never;
    state_->handle({.on = classify(element), .element = &element, .unread = unread}, now, out);
}

void Inbound::on_tls(const TlsFacts& facts, TimePoint now, Actions& out) {
    state_->handle({.on = On::tls_up, .tls = &facts}, now, out);
}

void Inbound::on_verified(const xmpp::DomainPair& pair, Verified::Outcome outcome, xmpp::StanzaCondition error,
                          const std::string& text, TimePoint now, Actions& out) {
    PairState* known = state_->pairs.find(pair);
    if (known == nullptr || !known->pending || closed()) {
        state_->note(out, LogLevel::debug, event::answer_dropped, {{"pair", pair.text()}, {"why", "too late"}});
        return;
    }
    using Outcome = Verified::Outcome;
    const On on = outcome == Outcome::valid     ? On::verdict_valid
                  : outcome == Outcome::invalid ? On::verdict_invalid
                                                : On::verdict_error;
    state_->handle({.on = on, .pair = known, .condition = error, .text = text}, now, out);
}

void Inbound::on_footer(TimePoint now, Actions& out) { state_->handle({.on = On::footer}, now, out); }

void Inbound::on_problem(xml::Problem problem, const std::string& explanation, TimePoint now, Actions& out) {
    state_->close(stream_error(condition_of(problem)), explanation, now, out);
}

void Inbound::refuse(StreamError error, const std::string& why, TimePoint now, Actions& out) {
    state_->close(std::move(error), why, now, out);
}

void Inbound::on_closed(TimePoint, Actions& out) {
    if (closed()) return;
    if (state_->phase != State::Phase::closing) {
        state_->note(out, LogLevel::info, event::stream_closed, {{"why", "connection lost"}});
    }
    state_->end();
}

bool Inbound::on_stanza(const xmpp::Stanza& stanza, TimePoint now, std::uint64_t& sequence, Actions& out) {
    State& s = *state_;
    const bool open = s.phase == State::Phase::open || (s.phase == State::Phase::closing && s.orderly);
    if (open && s.pairs.ready(stanza.to_domain, stanza.from_domain)) {
        s.deadlines[State::Timer::stanza] = never;
        if (s.received.repeats()) {
            sequence = 0;
            if (s.received.repeat(mark_of(stanza))) return true;
            s.close(xmpp::stream_error(xmpp::StreamCondition::undefined_condition, "not what was sent before"),
                    "the peer did not send again what it had sent before", now, out);
            return false;
        }
        sequence = s.session.empty() ? s.received.receive() : s.received.receive(mark_of(stanza));
        if (s.received.enabled() && s.phase == State::Phase::open && s.deadlines[State::Timer::withheld] == never) {
            s.deadlines[State::Timer::withheld] = s.received.watch(now);
        }
        if (s.phase == State::Phase::open) s.deadlines[State::Timer::idle] = now + s.timers.idle;
        return true;
    }
    s.refuse_stanza(stanza, now, out);
    return false;
}

std::string_view Inbound::local_for(std::string_view from_domain) const { return state_->pairs.local_for(from_domain); }

void Inbound::set_limits(const Limits& limits) {
    state_->max_pairs = limits.pairs_per_stream;
    state_->max_pending = limits.pending_dialbacks_per_stream;
}

void Inbound::on_rules_changed(TimePoint now, Actions& out) { state_->recheck(now, out); }
void Inbound::on_certificate_expired(TimePoint now, Actions& out) { state_->expire_certificate(now, out); }

void Inbound::shut(StreamError error, TimePoint now, Actions& out) {
    // XEP-0198 section 4: what is done by now must not come again.
    if (state_->phase == State::Phase::open && state_->received.enabled())
        out.push_back(Send{wire::ack(state_->received.h())});
    state_->orderly = true;
    // What has arrived need neither be returned nor sent again.
    if (state_->sent.unacknowledged() != 0) static_cast<void>(probe(now, out));
    std::string why = "shut: " + std::string{xmpp::text(error.condition)};
    state_->close(std::move(error), std::move(why), now, out);
}

TimePoint Inbound::deadline() const {
    const State& s = *state_;
    const TimePoint first = s.deadlines.first();
    return s.phase == State::Phase::closing ? first : std::min(first, s.pairs.deadline());
}

void Inbound::on_deadline(TimePoint now, Actions& out) { state_->on_time(now, out); }

void Inbound::on_partial(bool inside, TimePoint now) {
    State& s = *state_;
    if (s.phase == State::Phase::closing || s.phase == State::Phase::closed) return;
    s.deadlines.run_while(inside, State::Timer::stanza, now + s.timers.stanza);
}

bool Inbound::closed() const { return state_->phase == State::Phase::closed; }
bool Inbound::authenticated() const { return state_->pairs.any_ready(); }
const std::string& Inbound::id() const { return state_->id; }
std::string_view Inbound::lang() const { return state_->lang; }
const xmpp::DomainPair& Inbound::peer() const { return state_->peer; }
const TlsFacts* Inbound::tls() const { return state_->tls.get(); }
bool Inbound::orderly() const { return state_->orderly; }
bool Inbound::bidi() const { return state_->bidi; }
bool Inbound::open() const { return state_->phase == State::Phase::open; }
bool Inbound::resuming() const { return state_->phase == State::Phase::resuming; }
bool Inbound::resumable() const { return open() && !state_->session.empty() && state_->received.knows_all(); }

ReceivedCounter Inbound::give_up_count() {
    state_->session.clear();
    return std::exchange(state_->received, {});
}

void Inbound::resume(std::string id, ReceivedCounter counted, TimePoint now, Actions& out) {
    state_->handle({.on = On::resumption_granted, .text = id, .counted = &counted}, now, out);
}

void Inbound::refuse_resumption(std::optional<std::uint32_t> h, TimePoint now, Actions& out) {
    state_->handle({.on = On::resumption_refused, .h = h}, now, out);
}
std::uint64_t Inbound::unacknowledged() const { return state_->sent.unacknowledged(); }
const std::optional<StreamError>& Inbound::peer_error() const { return state_->error_of_peer; }
bool Inbound::managed() const { return state_->received.enabled(); }
bool Inbound::crowded() const { return state_->received.crowded(); }
std::string_view Inbound::state() const { return State::words(state_->phase); }

std::vector<Inbound::Pair> Inbound::pairs() const {
    std::vector<Pair> out;
    for (const PairState& p : state_->pairs.all()) out.push_back({p.domains, p.method, p.pending});
    return out;
}

}  // namespace sallyport::s2s
