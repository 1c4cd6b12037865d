// The receiving side of a federated stream.
//
// A peer connects and sends a header; we answer with ours and offer what the mode allows (inbound_header.cpp). Three
// ways lead to an authenticated domain pair: SASL EXTERNAL after TLS (inbound_sasl.cpp), the dialback key that the
// peer's authoritative server confirms, or a certificate that makes the call unnecessary (inbound_dialback.cpp). The
// stream is open from its first ready pair on. Pairs are data, not states: each is judged on its own, and adding one
// never changes another (XEP-0220 2.6). In between we answer, as authoritative server, whether keys are ours.
//
// Everything a peer may do is a row of the table below: in this phase, on this event, with these facts holding and
// those not; what no row names is refused with the condition of refusals(). Nothing before TLS when TLS is required is
// therefore a property of the table: no row but starttls has its needs met. Verdicts, timers and closing end here as
// well.
//
//   opening --header--> offering --starttls--> securing --tls--> opening --header--> offering
//   offering --auth--> opening --header--> open            offering --verdict valid--> open
//   any --error, refusal, footer, deadline--> closing --footer, 5 s--> closed
#include <algorithm>
#include <array>

#include "proto/s2s/certificate.h"
#include "proto/s2s/events.h"
#include "proto/s2s/inbound_state.h"

namespace sallyport::s2s {

using S = Inbound::State;
using xmpp::StreamCondition;
using xmpp::StreamError;

std::span<const S::Row> S::table() {
    using enum Phase;
    using enum Fact;
    static constexpr std::array rows{
        // in, on, next, act, says, needs, forbids
        Row{opening, On::header, open, &S::greet_again, "RFC 6120 6.3.2, 4.3.6", authenticated},
        Row{opening, On::header, offering, &S::greet, "RFC 6120 4.2", none, authenticated},
        Row{offering, On::starttls, securing, &S::accept_tls, "RFC 6120 5.4.2.3", tls_wanted, secured | pending},
        Row{securing, On::tls_up, opening, &S::restart, "RFC 6120 5.4.3.3"},
        Row{offering, On::auth, opening, &S::authenticate, "RFC 6120 6.4.2, XEP-0178 3", channel_ok, pending},
        Row{offering, On::response, opening, &S::take_response, "RFC 6120 6.4.3", channel_ok, pending},
        Row{offering, On::abort, offering, &S::abort_sasl, "RFC 6120 6.4.4", channel_ok},
        Row{offering, On::result, offering, &S::ask, "XEP-0220 2.2.1", channel_ok},
        Row{offering, On::verdict_valid, open, &S::admit, "XEP-0220 2.2.1"},
        Row{offering, On::verdict_invalid, closing, &S::expel, "XEP-0220 2.2.1"},
        Row{offering, On::verdict_error, offering, &S::report_error, "XEP-0220 2.5"},
        Row{open, On::result, open, &S::ask, "XEP-0220 2.6", channel_ok},
        Row{open, On::verdict_valid, open, &S::admit, "XEP-0220 2.2.1"},
        Row{open, On::verdict_invalid, open, &S::decline, "XEP-0220 2.2.1"},
        Row{open, On::verdict_error, open, &S::report_error, "XEP-0220 2.5"},
        Row{offering, On::verify, offering, &S::vouch, "XEP-0220 2.2.2", channel_ok},
        Row{open, On::verify, open, &S::vouch, "XEP-0220 2.2.2", channel_ok},
        Row{offering, On::result_answer, offering, &S::drop_answer, "XEP-0220 2.2, 3.1", channel_ok},
        Row{offering, On::verify_answer, offering, &S::drop_answer, "XEP-0220 2.2, 3.1", channel_ok},
        Row{open, On::result_answer, open, &S::drop_answer, "XEP-0220 2.2, 3.1", channel_ok},
        Row{open, On::verify_answer, open, &S::drop_answer, "XEP-0220 2.2, 3.1", channel_ok},
        Row{offering, On::bidi, offering, &S::accept_bidi, "XEP-0288 2.2", channel_ok | Fact::bidi},
        Row{open, On::stanza, open, &S::deliver, "RFC 6120 8.1", pair_ready},
        Row{closing, On::stanza, closing, &S::deliver, "RFC 6120 4.4", pair_ready | Fact::orderly},
        Row{offering, On::enable, offering, &S::decline_enable, "XEP-0198 3", channel_ok},
        Row{open, On::enable, open, &S::decline_enable, "XEP-0198 3", managed},
        Row{open, On::enable, open, &S::enable, "XEP-0198 3", management, managed},
        Row{open, On::enable, open, &S::decline_enable, "XEP-0198 3", none, management},
        Row{offering, On::resume, offering, &S::decline_resume, "XEP-0198 5", channel_ok},
        Row{open, On::resume, open, &S::decline_resume, "XEP-0198 5"},
        Row{open, On::ack_request, open, &S::acknowledge, "XEP-0198 4", managed},
        Row{open, On::ack, open, &S::take_ack, "XEP-0198 4", managed},
        Row{offering, On::compress, offering, &S::decline_compression, "XEP-0138 2", channel_ok},
        Row{open, On::compress, open, &S::decline_compression, "XEP-0138 2"},
        Row{offering, On::stream_error, closing, &S::peer_error, "RFC 6120 4.9.1.1"},
        Row{open, On::stream_error, closing, &S::peer_error, "RFC 6120 4.9.1.1"},
        Row{opening, On::footer, closed, &S::finish, "RFC 6120 4.4"},
        Row{offering, On::footer, closed, &S::finish, "RFC 6120 4.4"},
        Row{open, On::footer, closed, &S::finish, "RFC 6120 4.4"},
        Row{closing, On::footer, closed, &S::finish, "RFC 6120 4.4"},
    };
    return rows;
}

std::string_view S::words(Phase phase) {
    switch (phase) {
        case Phase::opening: return "opening";
        case Phase::offering: return "offering";
        case Phase::securing: return "securing";
        case Phase::open: return "open";
        case Phase::closing: return "closing";
        case Phase::closed: return "closed";
    }
    return "";
}

S::State(InboundSettings settings, const Rules& rules_asked, TimePoint now)
    : rules{rules_asked},
      timers{settings.timers},
      fresh_id{std::move(settings.fresh_id)},
      max_pairs{settings.limits.pairs_per_stream},
      max_pending{settings.limits.pending_dialbacks_per_stream},
      max_sasl_failures{settings.limits.sasl_failures},
      max_bytes{settings.limits.after_auth.element_bytes},
      phase{settings.direct_tls ? Phase::securing : Phase::opening},
      negotiation{now + timers.negotiation},
      latest_negotiation{now + timers.negotiation + timers.dialback} {}

Fact S::facts() const {
    const StreamPolicy p = policy();
    Fact all = Fact::none;
    const auto when = [&](bool holds_now, Fact fact) {
        if (holds_now) all = all | fact;
    };
    when(tls != nullptr, Fact::secured);
    when(p.security != SecurityMode::no_tls, Fact::tls_wanted);
    when(p.security == SecurityMode::tls_required, Fact::tls_required);
    when(tls != nullptr || p.security != SecurityMode::tls_required, Fact::channel_ok);
    when(external_acceptable(), Fact::certified);
    when(sasl_done, Fact::authenticated);
    when(p.offer_dialback, Fact::dialback);
    when(p.bidi, Fact::bidi);
    when(p.stream_management, Fact::management);
    when(pairs.any_ready(), Fact::pair_ready);
    when(pairs.pending() != 0, Fact::pending);
    when(received.enabled(), Fact::managed);
    when(challenged, Fact::challenged);
    when(orderly, Fact::orderly);
    return all;
}

bool S::certificate_proves(const xmpp::Domain& domain) const {
    return tls && tls->peer && !domain.empty() && proves(*tls->peer, domain);
}

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
    if (phase != Phase::closing) refuse_event(event.on, now, out);
}

/// What an event gets that no row allows. With TLS missing that is always the reason (threat T18).
void S::refuse_event(On on, TimePoint now, Actions& out) {
    if (on == On::verdict_valid || on == On::verdict_invalid || on == On::verdict_error) return;  // too late
    if (on == On::starttls) {  // RFC 6120 5.4.2.2: not offered, a second one, or verifications under way
        note(out, LogLevel::warn, event::refused, {{"what", "starttls"}, {"why", "TLS is not to be had now"}});
        out.push_back(Send{std::string{"<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"}});
        return close(std::nullopt, "starttls refused", now, out);
    }
    const std::string what{text(on)};
    const Fact holding = facts();
    if (!holds(holding, Fact::channel_ok)) {
        return close(StreamError{StreamCondition::policy_violation, "TLS is required first", {}, {}},
                     what + " before TLS", now, out);
    }
    const bool negotiating = on == On::auth || on == On::response || on == On::abort || on == On::bidi;
    const auto condition = negotiating ? StreamCondition::policy_violation : StreamCondition::unsupported_stanza_type;
    close(StreamError{condition, {}, {}, {}}, what + " has no place here", now, out);
}

void S::refuse_stanza(const xmpp::Stanza& refused, TimePoint now, Actions& out) {
    if (phase == Phase::closing || phase == Phase::closed) return;
    if (!pairs.any_ready() || phase != Phase::open) {
        if (!holds(facts(), Fact::channel_ok)) return refuse_event(On::stanza, now, out);
        return close(StreamError{StreamCondition::not_authorized, {}, {}, {}}, "stanza before authentication", now,
                     out);
    }
    if (!pairs.knows_remote(refused.from_domain)) {  // RFC 6120 8.1.2.2
        return close(StreamError{StreamCondition::invalid_from, {}, {}, {}},
                     "stanza from a domain that is not authenticated on this stream", now, out);
    }
    const auto to = xmpp::Domain::parse(refused.to_domain);  // RFC 6120 8.1.1.2, 10.4
    const bool gone = to && rules.serves(*to) == Served::gone;
    close(StreamError{gone ? StreamCondition::host_gone : StreamCondition::host_unknown, {}, {}, {}},
          "stanza to a domain that is not verified on this stream", now, out);
}

void S::close(std::optional<StreamError> error, std::string why, TimePoint now, Actions& out) {
    if (phase == Phase::closing || phase == Phase::closed) return;
    const bool silent = phase == Phase::securing || (phase == Phase::opening && !header_seen && !error);
    if (!silent && !header_sent) respond_header(true, out);  // RFC 6120 4.9.1.2
    if (error) {
        note(out, LogLevel::warn, event::refused,
             {{"condition", std::string{xmpp::text(error->condition)}}, {"why", why}, {"from", peer.remote.text()}});
    }
    note(out, LogLevel::info, event::stream_closed, {{"why", why}});
    out.push_back(Close{std::move(error), std::move(why), silent});
    phase = Phase::closing;
    closing = now + timers.closing;
    negotiation = idle = stanza = never;
    if (!orderly) pairs.clear();
    if (silent) end();
}

void S::end() {
    phase = Phase::closed;
    negotiation = idle = stanza = closing = never;
    pairs.clear();
}

void S::note(Actions& out, LogLevel level, std::string_view name, std::vector<LogFact> facts_told) const {
    out.push_back(Note{level, name, std::move(facts_told)});
}

/// The peer closes: we answer in kind and are done (RFC 6120 4.4).
S::Did S::finish(const Event&, TimePoint, Actions& out) {
    if (phase != Phase::closing) {
        const bool dialback_only = vouched && !pairs.any_ready();
        if (dialback_only)
            note(out, LogLevel::info, event::stream_closed_dialback_only, {{"from", peer.remote.text()}});
        note(out, LogLevel::info, event::stream_closed, {{"why", "closed by the peer"}});
        out.push_back(
            Close{std::nullopt, dialback_only ? "used for dialback only" : "closed by the peer", !header_sent});
    }
    return Did::advance;
}

S::Did S::peer_error(const Event& event, TimePoint now, Actions& out) {
    const StreamError error = xmpp::read_stream_error(*event.element);
    note(out, LogLevel::warn, event::stream_error_received,
         {{"condition", std::string{xmpp::text(error.condition)}}, {"text", error.text}});
    close(std::nullopt, "the peer sent " + std::string{xmpp::text(error.condition)}, now, out);
    return Did::ended;
}

/// Whatever is due: several timers may have run out.
void S::on_time(TimePoint now, Actions& out) {
    if (phase == Phase::closing) {
        if (now >= closing) end();
        return;
    }
    if (phase == Phase::closed) return;
    time_out_pairs(now, out);
    if (now >= stanza) {  // threat T58
        return close(StreamError{StreamCondition::policy_violation, "the stanza took too long", {}, {}},
                     "stanza deadline", now, out);
    }
    if (now >= negotiation) {
        if (vouched) {
            note(out, LogLevel::info, event::stream_closed_dialback_only, {{"from", peer.remote.text()}});
            return close(std::nullopt, "used for dialback only", now, out);
        }
        if (!header_seen) return close(std::nullopt, "negotiation deadline, no header", now, out);
        return close(StreamError{StreamCondition::connection_timeout, "negotiation took too long", {}, {}},
                     "negotiation deadline", now, out);
    }
    if (now >= idle) {  // RFC 6120 4.6.3
        orderly = true;
        close(StreamError{StreamCondition::policy_violation, "idle for too long", {}, {}}, "idle", now, out);
    }
}

/// The snapshot changed: what would be refused today ends now (threat T70).
void S::recheck(TimePoint now, Actions& out) {
    if (phase == Phase::closing || phase == Phase::closed || !header_seen) return;
    if (phase != Phase::securing && phase != Phase::opening && !holds(facts(), Fact::channel_ok)) {
        return close(StreamError{StreamCondition::policy_violation, "TLS is required", {}, {}}, "the mode changed", now,
                     out);
    }
    const std::vector<PairState> held = pairs.all();
    for (const PairState& pair : held) {
        const Served served = rules.serves(pair.domains.local);
        if (served != Served::yes) {
            const bool gone = served == Served::gone;
            return close(StreamError{gone ? StreamCondition::host_gone : StreamCondition::host_unknown, {}, {}, {}},
                         pair.domains.local.text() + " is no longer served", now, out);
        }
        const Admission admission = rules.admits(pair.domains, Direction::inbound);
        if (!admission.allowed) {
            return close(StreamError{admission.stream, admission.text, {}, {}}, "no longer admitted: " + admission.rule,
                         now, out);
        }
        const StreamPolicy p = rules.policy(pair.domains.remote);
        const bool certified = certificate_proves(pair.domains.remote);
        if ((p.require_certificate && !certified) || (p.security == SecurityMode::tls_required && !tls)) {
            return close(StreamError{StreamCondition::policy_violation, {}, {}, {}},
                         "the stream is no longer secure enough", now, out);
        }
    }
}

// The public face: each call is an event, a time and actions.

Inbound::Inbound(InboundSettings settings, const Rules& rules, TimePoint now)
    : state_{std::make_unique<State>(std::move(settings), rules, now)} {}
Inbound::~Inbound() = default;

void Inbound::on_header(const xml::Header& header, TimePoint now, Actions& out) {
    state_->handle({.on = On::header, .header = &header}, now, out);
}

void Inbound::on_element(const xml::Element& element, std::size_t unread, TimePoint now, Actions& out) {
    state_->stanza = never;
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
    StreamError error{StreamCondition::not_well_formed, {}, {}, {}};
    switch (problem) {
        case xml::Problem::none:
        case xml::Problem::not_well_formed: break;
        case xml::Problem::restricted_xml: error.condition = StreamCondition::restricted_xml; break;
        case xml::Problem::unsupported_encoding: error.condition = StreamCondition::unsupported_encoding; break;
        case xml::Problem::limit: error.condition = StreamCondition::policy_violation; break;
        case xml::Problem::bad_format: error.condition = StreamCondition::bad_format; break;
    }
    state_->close(std::move(error), explanation, now, out);
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
        sequence = s.received.receive();
        s.stanza = never;
        if (s.phase == State::Phase::open) s.idle = now + s.timers.idle;
        return true;
    }
    s.refuse_stanza(stanza, now, out);
    return false;
}

void Inbound::on_rules_changed(TimePoint now, Actions& out) { state_->recheck(now, out); }

void Inbound::shut(StreamError error, TimePoint now, Actions& out) {
    state_->orderly = true;
    std::string why = "shut: " + std::string{xmpp::text(error.condition)};
    state_->close(std::move(error), std::move(why), now, out);
}

TimePoint Inbound::deadline() const {
    const State& s = *state_;
    return std::min(
        {s.negotiation, s.idle, s.stanza, s.closing, s.phase == State::Phase::closing ? never : s.pairs.deadline()});
}

void Inbound::on_deadline(TimePoint now, Actions& out) { state_->on_time(now, out); }

void Inbound::on_partial(bool inside, TimePoint now) {
    State& s = *state_;
    if (s.phase == State::Phase::closing || s.phase == State::Phase::closed) return;
    if (!inside) {
        s.stanza = never;
    } else if (s.stanza == never) {
        s.stanza = now + s.timers.stanza;
    }
}

bool Inbound::closed() const { return state_->phase == State::Phase::closed; }
bool Inbound::authenticated() const { return state_->pairs.any_ready(); }
const std::string& Inbound::id() const { return state_->id; }
std::string_view Inbound::lang() const { return state_->lang; }
const xmpp::DomainPair& Inbound::peer() const { return state_->peer; }
const TlsFacts* Inbound::tls() const { return state_->tls.get(); }
bool Inbound::bidi() const { return state_->bidi; }
bool Inbound::managed() const { return state_->received.enabled(); }
std::string_view Inbound::state() const { return State::words(state_->phase); }

std::vector<Inbound::Pair> Inbound::pairs() const {
    std::vector<Pair> out;
    for (const PairState& p : state_->pairs.all()) out.push_back({p.domains, p.method, p.pending});
    return out;
}

std::vector<RowText> inbound_table() {
    std::vector<RowText> out;
    for (const S::Row& row : S::table()) out.push_back({S::words(row.in), text(row.on), S::words(row.next), row.says});
    return out;
}

}  // namespace sallyport::s2s
