// The public face of Outbound: each call is an event, a time and actions.
#include <algorithm>

#include "proto/s2s/events.h"
#include "proto/s2s/header_judge.h"
#include "proto/s2s/outbound_state.h"
#include "proto/s2s/wire.h"

namespace sallyport::s2s {

using xmpp::StanzaCondition;
using xmpp::StreamError;

Outbound::Outbound(OutboundSettings settings, const Rules& rules, xmpp::DomainPair pair, bool verify_only,
                   TimePoint now)
    : state_{std::make_unique<State>(std::move(settings), rules, std::move(pair), verify_only, now)} {}
Outbound::~Outbound() = default;

void Outbound::on_connected(TimePoint now, Actions& out) { state_->handle({.on = On::connected}, now, out); }

void Outbound::on_header(const xml::Header& header, TimePoint now, Actions& out) {
    state_->handle({.on = On::header, .header = &header}, now, out);
}

void Outbound::on_element(const xml::Element& element, std::size_t unread, TimePoint now, Actions& out) {
    state_->deadlines[State::Timer::stanza] = never;
    state_->handle({.on = classify(element), .element = &element, .unread = unread}, now, out);
}

void Outbound::on_tls(const TlsFacts& facts, TimePoint now, Actions& out) {
    state_->handle({.on = On::tls_up, .tls = &facts}, now, out);
}

void Outbound::on_footer(TimePoint now, Actions& out) { state_->handle({.on = On::footer}, now, out); }

void Outbound::on_problem(xml::Problem problem, const std::string& explanation, TimePoint now, Actions& out) {
    const bool limit = problem == xml::Problem::limit;
    state_->close(
        stream_error(condition_of(problem)), explanation,
        {state_->stage(),
         limit ? "the remote server sent more than a limit allows" : "the remote server violated the protocol",
         StanzaCondition::remote_server_timeout, limit},
        now, out);
}

void Outbound::on_closed(TimePoint, Actions& out) {
    if (closed()) return;
    if (state_->phase != State::Phase::closing) {
        state_->fail_waiting(state_->ended("the connection to the remote server was lost"), out, true);
        state_->note(out, LogLevel::info, event::stream_closed, {{"why", "connection lost"}});
    }
    state_->end();
}

void Outbound::on_rules_changed(TimePoint now, Actions& out) { state_->recheck(now, out); }
void Outbound::on_certificate_expired(TimePoint now, Actions& out) { state_->expire_certificate(now, out); }

void Outbound::shut(std::optional<StreamError> error, const std::string& why, TimePoint now, Actions& out) {
    state_->orderly = true;
    // What has arrived need neither be returned nor sent again.
    if (state_->phase == State::Phase::open && state_->managed && state_->sent.unacknowledged() != 0) {
        out.push_back(Send{std::string{wire::ack_request}});
    }
    state_->close(std::move(error), why, {Stage::stream, "the stream was closed"}, now, out,
                  state_->phase == State::Phase::securing);
}

TimePoint Outbound::deadline() const {
    const State& s = *state_;
    if (s.phase == State::Phase::closed) return never;
    TimePoint first = s.deadlines.first();
    if (s.phase == State::Phase::closing) return first;
    first = std::min(first, s.pairs.deadline());
    for (const State::Ask& ask : s.asks) first = std::min(first, ask.deadline);
    return first;
}

void Outbound::on_deadline(TimePoint now, Actions& out) { state_->on_time(now, out); }

void Outbound::on_partial(bool inside, TimePoint now) {
    State& s = *state_;
    if (s.phase == State::Phase::closing || s.phase == State::Phase::closed) return;
    s.deadlines.run_while(inside, State::Timer::stanza, now + s.timers.stanza);
}

void Outbound::on_held(bool held) { state_->not_read = held; }

bool Outbound::closed() const { return state_->phase == State::Phase::closed; }
const std::string& Outbound::id() const { return state_->id; }
std::string_view Outbound::lang() const { return state_->lang; }
const xmpp::DomainPair& Outbound::pair() const { return state_->pair; }
const TlsFacts* Outbound::tls() const { return state_->tls.get(); }
bool Outbound::orderly() const { return state_->orderly; }
bool Outbound::bidi() const { return state_->bidi; }
bool Outbound::tried_external() const { return state_->external_tried; }
bool Outbound::managed() const { return state_->managed; }
bool Outbound::crowded() const { return state_->received.crowded(); }
bool Outbound::counting() const { return state_->sent.enabled(); }
std::uint64_t Outbound::unacknowledged() const { return state_->sent.unacknowledged(); }
std::uint64_t Outbound::acknowledged() const { return state_->sent.acknowledged(); }
bool Outbound::open() const { return state_->phase == State::Phase::open; }
const std::optional<StreamError>& Outbound::peer_error() const { return state_->error_of_peer; }
std::string_view Outbound::state() const { return State::words(state_->phase); }

bool Outbound::ready(const xmpp::DomainPair& pair) const {
    const State& s = *state_;
    // Behind what is to be sent again, and with a name, or not at all.
    if (s.awaits != State::Awaits::nothing) return false;
    return s.phase == State::Phase::open && state_->pairs.ready(pair.local.text(), pair.remote.text());
}

std::vector<Inbound::Pair> Outbound::pairs() const {
    std::vector<Inbound::Pair> out;
    for (const PairState& p : state_->pairs.all()) out.push_back({p.domains, p.method, p.pending});
    return out;
}

}  // namespace sallyport::s2s
