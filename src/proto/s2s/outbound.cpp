// The initiating side of a federated stream.
//
// We connect and send a header. Before TLS nothing but starttls is said unless the mode allows plain text; when TLS is
// required it is asked for even if the peer does not offer it (RFC 7590 3.1), so stripping the offer gains nothing
// (threat T15). After TLS the certificate is judged against the domain that we want, never against the host that we
// reached. Then SASL EXTERNAL when both sides can (outbound_negotiation.cpp), else dialback (outbound_dialback.cpp).
// Stanzas wait until their pair is ready. A verify-only stream skips the proof, asks the authoritative server what it
// was opened for, and ends with the last answer.
//
// Answers count only if the very question was asked on this stream and is still open (threats T01 to T03). What no row
// of the table names ends the stream.
//
//   fresh --connected--> opening --header--> offered --features--> asking_tls --proceed--> securing --tls--> opening
//   offered --features--> authenticating --success--> opening --header--> offered --features--> open
//   offered --features--> proving --result valid--> open
//   any --error, refusal, footer, deadline--> closing --footer, 5 s--> closed
#include "proto/s2s/outbound.h"

#include <algorithm>
#include <array>

#include "proto/s2s/certificate.h"
#include "proto/s2s/events.h"
#include "proto/s2s/header_judge.h"
#include "proto/s2s/outbound_state.h"
#include "proto/s2s/wire.h"

namespace sallyport::s2s {

using S = Outbound::State;
using xmpp::StanzaCondition;
using xmpp::StreamCondition;
using xmpp::StreamError;

std::span<const S::Row> S::table() {
    using enum Phase;
    using enum Fact;
    static constexpr std::array rows{
        // in, on, next, act, says, needs, forbids
        Row{fresh, On::connected, securing, &S::begin_direct, "XEP-0368 3", Fact::direct},
        Row{fresh, On::connected, opening, &S::begin, "RFC 6120 4.2"},
        Row{opening, On::header, offered, &S::read_header, "RFC 6120 4.2, 4.7.3"},
        Row{offered, On::features, open, &S::open_external, "RFC 6120 6.3.2, 4.3.5", authenticated},
        Row{offered, On::features, asking_tls, &S::choose_channel, "RFC 6120 5.4.2.1, RFC 7590 3.1", none, secured},
        Row{offered, On::features, proving, &S::choose_proof, "RFC 6120 6.3, XEP-0220 2.1.1", secured},
        // Once more, some servers after db:result: what was chosen stands.
        Row{asking_tls, On::features, asking_tls, &S::ignore_features, "RFC 6120 4.3.2"},
        Row{authenticating, On::features, authenticating, &S::ignore_features, "RFC 6120 4.3.2"},
        Row{proving, On::features, proving, &S::ignore_features, "RFC 6120 4.3.2"},
        Row{open, On::features, open, &S::ignore_features, "RFC 6120 4.3.2"},
        Row{asking_tls, On::proceed, securing, &S::begin_tls, "RFC 6120 5.4.2.3"},
        Row{asking_tls, On::tls_failure, closing, &S::tls_refused, "RFC 6120 5.4.2.2"},
        Row{securing, On::tls_up, opening, &S::restart, "RFC 6120 5.4.3.3"},
        Row{authenticating, On::success, opening, &S::restart_authenticated, "RFC 6120 6.4.6"},
        Row{authenticating, On::challenge, authenticating, &S::respond, "RFC 6120 6.4.3", none, Fact::challenged},
        Row{authenticating, On::sasl_failure, proving, &S::fall_back, "RFC 6120 6.4.5, XEP-0178 3"},
        Row{proving, On::result_answer, proving, &S::take_result, "XEP-0220 2.1.1"},
        Row{open, On::result_answer, open, &S::take_result, "XEP-0220 2.1.1"},
        Row{proving, On::verify_answer, proving, &S::take_verify, "XEP-0220 2.1.2"},
        Row{open, On::verify_answer, open, &S::take_verify, "XEP-0220 2.1.2"},
        Row{offered, On::result_answer, offered, &S::drop_answer, "XEP-0220 3.1"},
        Row{offered, On::verify_answer, offered, &S::drop_answer, "XEP-0220 3.1"},
        Row{authenticating, On::result_answer, authenticating, &S::drop_answer, "XEP-0220 3.1"},
        Row{authenticating, On::verify_answer, authenticating, &S::drop_answer, "XEP-0220 3.1"},
        // Requests go to whom one connects to, not back (XEP-0220 2.2 note).
        Row{proving, On::result, proving, &S::drop_answer, "XEP-0220 2.2"},
        Row{proving, On::verify, proving, &S::drop_answer, "XEP-0220 2.2"},
        Row{open, On::result, open, &S::drop_answer, "XEP-0220 2.2"},
        Row{open, On::verify, open, &S::drop_answer, "XEP-0220 2.2"},
        Row{open, On::enabled, open, &S::acks_enabled, "XEP-0198 3"},
        Row{open, On::sm_failed, open, &S::acks_declined, "XEP-0198 3"},
        Row{open, On::ack, open, &S::take_ack, "XEP-0198 4", Fact::managed},
        Row{open, On::ack_request, open, &S::acknowledge, "XEP-0198 4", Fact::managed},
        Row{opening, On::stream_error, closing, &S::peer_error, "RFC 6120 4.9.1.1"},
        Row{offered, On::stream_error, closing, &S::peer_error, "RFC 6120 4.9.1.1"},
        Row{asking_tls, On::stream_error, closing, &S::peer_error, "RFC 6120 4.9.1.1"},
        Row{authenticating, On::stream_error, closing, &S::peer_error, "RFC 6120 4.9.1.1"},
        Row{proving, On::stream_error, closing, &S::peer_error, "RFC 6120 4.9.1.1"},
        Row{open, On::stream_error, closing, &S::peer_error, "RFC 6120 4.9.1.1"},
        Row{opening, On::footer, closed, &S::finish, "RFC 6120 4.4"},
        Row{offered, On::footer, closed, &S::finish, "RFC 6120 4.4"},
        Row{asking_tls, On::footer, closed, &S::finish, "RFC 6120 4.4"},
        Row{authenticating, On::footer, closed, &S::finish, "RFC 6120 4.4"},
        Row{proving, On::footer, closed, &S::finish, "RFC 6120 4.4"},
        Row{open, On::footer, closed, &S::finish, "RFC 6120 4.4"},
        Row{closing, On::footer, closed, &S::finish, "RFC 6120 4.4"},
        Row{closing, On::ack, closing, &S::take_ack, "XEP-0198 4", Fact::managed},
    };
    return rows;
}

std::string_view S::words(Phase phase) {
    switch (phase) {
        case Phase::fresh: return "fresh";
        case Phase::opening: return "opening";
        case Phase::offered: return "offered";
        case Phase::asking_tls: return "asking-tls";
        case Phase::securing: return "securing";
        case Phase::authenticating: return "authenticating";
        case Phase::proving: return "proving";
        case Phase::open: return "open";
        case Phase::closing: return "closing";
        case Phase::closed: return "closed";
    }
    return "";
}

/// The step at which an end finds us, for status.
std::string_view S::step() const {
    switch (phase) {
        case Phase::fresh:
        case Phase::opening:
        case Phase::offered: return sasl_done ? "sasl" : "stream";
        case Phase::asking_tls:
        case Phase::securing: return "tls";
        case Phase::authenticating: return "sasl";
        case Phase::proving: return "dialback";
        case Phase::open:
        case Phase::closing:
        case Phase::closed: break;
    }
    return "stream";
}

S::State(OutboundSettings settings, const Rules& rules_asked, xmpp::DomainPair first, bool verifies_only, TimePoint now)
    : rules{rules_asked},
      timers{settings.timers},
      // Not more than a peer like us takes, whatever we take ourselves.
      max_pairs{std::min(settings.limits.pairs_per_stream, Limits{}.pairs_per_stream)},
      max_pending{std::min(settings.limits.pending_dialbacks_per_stream, Limits{}.pending_dialbacks_per_stream)},
      max_bytes{stanza_limits(settings.limits).element_bytes},
      own_id{std::move(settings.own_id)},
      pair{std::move(first)},
      verify_only{verifies_only},
      direct{settings.direct_tls},
      external{settings.external},
      share{settings.share},
      negotiation{now + timers.negotiation} {
    if (share) answering = now + *share;
    if (!verify_only) pairs.add(pair);
}

Fact S::facts() const {
    Fact all = Fact::none;
    const auto when = [&](bool holds_now, Fact fact) {
        if (holds_now) all = all | fact;
    };
    when(tls != nullptr, Fact::secured);
    when(sasl_done, Fact::authenticated);
    when(managed, Fact::managed);
    when(direct, Fact::direct);
    when(challenged, Fact::challenged);
    return all;
}

bool S::certificate_proves(const xmpp::Domain& domain) const { return tls && tls->peer && proves(*tls->peer, domain); }

void S::handle(const Event& event, TimePoint now, Actions& out) {
    if (phase == Phase::closed) return;
    const Fact holding = facts();
    for (const Row& row : table()) {
        if (row.in != phase || row.on != event.on || !holds(holding, row.needs) || overlaps(holding, row.forbids))
            continue;
        if ((this->*row.act)(event, now, out) == Did::advance && phase != Phase::closed) phase = row.next;
        if (phase == Phase::closed) end();
        return;
    }
    if (phase == Phase::closing) return;
    const std::string what{text(event.on)};
    close(StreamError{StreamCondition::unsupported_stanza_type, {}, {}, {}}, what + " has no place here",
          {step(), "the remote server broke the protocol"}, now, out,
          phase == Phase::securing || phase == Phase::fresh);
}

/// What has waited for this stream learns that it waited in vain.
void S::fail_waiting(const Failure& failure, Actions& out) {
    for (const PairState& waiting : pairs.all()) {
        if (waiting.method != Method::none) continue;
        out.push_back(
            PairFailed{waiting.domains, failure.condition, failure.text, std::string{failure.step}, failure.permanent});
        note(out, LogLevel::warn, event::state,
             {{"pair", waiting.domains.text()},
              {"from", "PENDING"},
              {"to", "FAILED"},
              {"step", std::string{failure.step}}});
    }
    for (Ask& ask : asks) {
        out.push_back(Verified{ask.request.pair, std::move(ask.request.stream_id), Verified::Outcome::error,
                               failure.text, failure.condition});
    }
    asks.clear();
}

void S::close(std::optional<StreamError> error, std::string why, const Failure& failure, TimePoint now, Actions& out,
              bool silent) {
    if (phase == Phase::closing || phase == Phase::closed) return;
    if (error) {  // before what it ends, which then has its reason
        note(out, LogLevel::warn, event::refused,
             {{"condition", std::string{xmpp::text(error->condition)}}, {"why", why}, {"to", pair.remote.text()}});
    }
    fail_waiting(failure, out);
    note(out, LogLevel::info, event::stream_closed, {{"why", why}});
    silent = silent || !header_sent;
    out.push_back(Close{silent ? std::nullopt : std::move(error), std::move(why), silent});
    phase = Phase::closing;
    closing = now + timers.closing;
    negotiation = answering = idle = stanza = probe = enabling = never;
    if (!orderly) pairs.clear();
    if (silent) end();
}

void S::end() {
    phase = Phase::closed;
    negotiation = answering = idle = stanza = probe = enabling = closing = never;
    pairs.clear();
    asks.clear();
}

void S::note(Actions& out, LogLevel level, std::string_view name, std::vector<LogFact> facts_told) const {
    out.push_back(Note{level, name, std::move(facts_told)});
}

/// It was asked for TLS all the same (choose_without_tls) and ends the stream: that it has none is why.
bool S::unasked_tls() const { return phase == Phase::asking_tls && !offers.starttls; }

/// What waited is told `text`, unless the end shows that there is no TLS.
S::Failure S::ended(std::string text) const {
    if (unasked_tls()) return {step(), no_tls_offered, StanzaCondition::remote_server_timeout, true};
    return {step(), std::move(text)};
}

S::Did S::finish(const Event&, TimePoint, Actions& out) {
    if (phase != Phase::closing) {
        fail_waiting(ended("the remote server closed the stream"), out);
        note(out, LogLevel::info, event::stream_closed, {{"why", "closed by the peer"}});
        out.push_back(Close{std::nullopt, "closed by the peer", !header_sent});
    }
    return Did::advance;
}

S::Did S::peer_error(const Event& event, TimePoint now, Actions& out) {
    const StreamError error = xmpp::read_stream_error(*event.element);
    error_of_peer = error;
    std::vector<LogFact> facts_told{{"condition", std::string{xmpp::text(error.condition)}}, {"text", error.text}};
    if (unasked_tls()) facts_told.push_back({"why", no_tls_offered});
    note(out, LogLevel::warn, event::stream_error_received, std::move(facts_told));
    const bool unknown =
        error.condition == StreamCondition::host_unknown || error.condition == StreamCondition::host_gone;
    Failure failure = ended("the remote server ended the stream");
    if (unknown) failure.condition = StanzaCondition::remote_server_not_found;
    failure.permanent = failure.permanent || unknown || error.condition == StreamCondition::not_authorized ||
                        error.condition == StreamCondition::unsupported_version;
    close(std::nullopt, "the peer sent " + std::string{xmpp::text(error.condition)}, failure, now, out);
    return Did::ended;
}

void S::on_time(TimePoint now, Actions& out) {
    if (phase == Phase::closing) {
        if (now >= closing) end();
        return;
    }
    if (phase == Phase::closed) return;
    time_out(now, out);
    if (now >= enabling) waive_acks("no answer", out);
    if (now >= std::min(negotiation, answering)) {
        const bool silent = phase == Phase::fresh || phase == Phase::securing;
        return close(StreamError{StreamCondition::connection_timeout, "negotiation took too long", {}, {}},
                     "negotiation deadline", ended("the remote server did not answer in time"), now, out, silent);
    }
    if (now >= stanza) {  // threat T58
        return close(StreamError{StreamCondition::policy_violation, "the stanza took too long", {}, {}},
                     "stanza deadline", {"stream", "the remote server broke the protocol"}, now, out);
    }
    if (now >= probe && not_read) {  // the answer may be among what we leave lying
        probe = now + timers.stanza;
    } else if (now >= probe) {  // RFC 6120 4.6.2
        return close(StreamError{StreamCondition::connection_timeout, "no answer to a request", {}, {}}, "unresponsive",
                     {"stream", "the remote server does not respond"}, now, out);
    }
    if (now >= idle) {
        orderly = true;
        close(std::nullopt, "idle", {"stream", "the stream was idle"}, now, out);
    }
}

/// Nothing is ready, asked for or waiting: the stream has no use (XEP-0220 2.1.2 for verify-only ones).
void S::close_when_done(TimePoint now, Actions& out) {
    if (phase == Phase::closing || phase == Phase::closed || !asks.empty() || !pairs.all().empty()) return;
    if (verify_only) note(out, LogLevel::info, event::stream_closed_dialback_only, {{"to", pair.remote.text()}});
    close(std::nullopt, verify_only ? "used for dialback only" : "no pair can use the stream", {"dialback", {}}, now,
          out);
}

void S::recheck(TimePoint now, Actions& out) {
    if (phase == Phase::closing || phase == Phase::closed) return;
    const StreamPolicy wanted = policy();
    const bool plain = (phase == Phase::proving || phase == Phase::open) && !tls;
    if ((plain && wanted.security == SecurityMode::tls_required) ||
        (tls && wanted.require_certificate && !certificate_proves(pair.remote))) {
        orderly = true;
        return close(std::nullopt, "the stream is no longer secure enough", {"tls", "not secure enough"}, now, out);
    }
    const std::vector<PairState> held = pairs.all();
    for (const PairState& p : held) {
        Admission admission = rules.admits(p.domains, Direction::outbound);
        if (admission.allowed && bidi) admission = rules.admits(p.domains, Direction::inbound);
        if (admission.allowed) continue;
        // A peer that answers on the same stream (XEP-0288) cannot be told about one pair.
        if (held.size() == 1 || phase != Phase::open || bidi) {
            note(out, LogLevel::warn, event::refused,
                 {{"pair", p.domains.text()}, {"why", admission.reason()}, {"verdict", admission.verdict_id}});
            return close(std::nullopt, "no longer admitted: " + admission.rule,
                         {"policy", admission.text, admission.stanza}, now, out, phase == Phase::securing);
        }
        pairs.remove(p.domains);
        out.push_back(PairFailed{p.domains, admission.stanza, admission.text, "policy"});
        note(out, LogLevel::warn, event::state,
             {{"pair", p.domains.text()},
              {"from", p.method == Method::none ? "PENDING" : "CONNECTED"},
              {"to", "FAILED"},
              {"step", "policy"},
              {"why", admission.reason()},
              {"verdict", admission.verdict_id}});
    }
    if (pairs.all().size() < held.size()) close_when_done(now, out);
}

void S::expire_certificate(TimePoint now, Actions& out) {
    if (phase == Phase::closing || phase == Phase::closed || !tls || !tls->peer) return;
    const bool held = std::any_of(pairs.all().begin(), pairs.all().end(),
                                  [](const PairState& p) { return p.method == Method::external; });
    const bool rests_on_it = held || phase == Phase::authenticating || sasl_done || policy().require_certificate;
    tls->peer->chain_valid = false;
    tls->peer->chain_error = "certificate has expired";
    if (!rests_on_it) return;
    orderly = true;
    close(StreamError{StreamCondition::reset, "certificate has expired", {}, {}}, "the peer's certificate has expired",
          {"tls", "the certificate of the remote server has expired"}, now, out);
}

// The public face.

Outbound::Outbound(OutboundSettings settings, const Rules& rules, xmpp::DomainPair pair, bool verify_only,
                   TimePoint now)
    : state_{std::make_unique<State>(std::move(settings), rules, std::move(pair), verify_only, now)} {}
Outbound::~Outbound() = default;

void Outbound::on_connected(TimePoint now, Actions& out) { state_->handle({.on = On::connected}, now, out); }

void Outbound::on_header(const xml::Header& header, TimePoint now, Actions& out) {
    state_->handle({.on = On::header, .header = &header}, now, out);
}

void Outbound::on_element(const xml::Element& element, std::size_t unread, TimePoint now, Actions& out) {
    state_->stanza = never;
    state_->handle({.on = classify(element), .element = &element, .unread = unread}, now, out);
}

void Outbound::on_tls(const TlsFacts& facts, TimePoint now, Actions& out) {
    state_->handle({.on = On::tls_up, .tls = &facts}, now, out);
}

void Outbound::on_footer(TimePoint now, Actions& out) { state_->handle({.on = On::footer}, now, out); }

void Outbound::on_problem(xml::Problem problem, const std::string& explanation, TimePoint now, Actions& out) {
    const bool limit = problem == xml::Problem::limit;
    state_->close(
        StreamError{condition_of(problem), {}, {}, {}}, explanation,
        {state_->step(), limit ? "the remote server says more than we take" : "the remote server broke the protocol",
         StanzaCondition::remote_server_timeout, limit},
        now, out);
}

void Outbound::on_closed(TimePoint, Actions& out) {
    if (closed()) return;
    if (state_->phase != State::Phase::closing) {
        state_->fail_waiting(state_->ended("the connection to the remote server was lost"), out);
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
    state_->close(std::move(error), why, {"stream", "the stream was closed"}, now, out,
                  state_->phase == State::Phase::securing);
}

TimePoint Outbound::deadline() const {
    const State& s = *state_;
    if (s.phase == State::Phase::closed) return never;
    TimePoint first = std::min({s.negotiation, s.answering, s.idle, s.stanza, s.probe, s.enabling, s.closing});
    if (s.phase == State::Phase::closing) return first;
    first = std::min(first, s.pairs.deadline());
    for (const State::Ask& ask : s.asks) first = std::min(first, ask.deadline);
    return first;
}

void Outbound::on_deadline(TimePoint now, Actions& out) { state_->on_time(now, out); }

void Outbound::on_partial(bool inside, TimePoint now) {
    State& s = *state_;
    if (s.phase == State::Phase::closing || s.phase == State::Phase::closed) return;
    if (!inside) {
        s.stanza = never;
    } else if (s.stanza == never) {
        s.stanza = now + s.timers.stanza;
    }
}

void Outbound::on_held(bool held) { state_->not_read = held; }

bool Outbound::closed() const { return state_->phase == State::Phase::closed; }
const std::string& Outbound::id() const { return state_->id; }
std::string_view Outbound::lang() const { return state_->lang; }
const xmpp::DomainPair& Outbound::pair() const { return state_->pair; }
const TlsFacts* Outbound::tls() const { return state_->tls.get(); }
bool Outbound::bidi() const { return state_->bidi; }
bool Outbound::tried_external() const { return state_->external_tried; }
bool Outbound::managed() const { return state_->managed; }
bool Outbound::counting() const { return state_->sent.enabled(); }
std::uint64_t Outbound::unacknowledged() const { return state_->sent.unacknowledged(); }
const std::optional<StreamError>& Outbound::peer_error() const { return state_->error_of_peer; }
std::string_view Outbound::state() const { return State::words(state_->phase); }

bool Outbound::ready(const xmpp::DomainPair& pair) const {
    return state_->phase == State::Phase::open && state_->pairs.ready(pair.local.text(), pair.remote.text());
}

std::vector<Inbound::Pair> Outbound::pairs() const {
    std::vector<Inbound::Pair> out;
    for (const PairState& p : state_->pairs.all()) out.push_back({p.domains, p.method, p.pending});
    return out;
}

std::vector<RowText> outbound_table() {
    std::vector<RowText> out;
    for (const S::Row& row : S::table()) out.push_back({S::words(row.in), text(row.on), S::words(row.next), row.says});
    return out;
}

}  // namespace sallyport::s2s
