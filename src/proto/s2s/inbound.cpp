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
#include "proto/s2s/wire.h"

namespace sallyport::s2s {

using In = Inbound::State;
using xmpp::StreamCondition;
using xmpp::StreamError;

struct In::Table {
    using enum Phase;
    using enum Fact;
    static constexpr auto stays = machine::stays;
    static constexpr std::array rows{
        // in, on, next, act, says, needs, forbids
        Row{opening, On::header, open, &In::greet_again, "RFC 6120 6.3.2, 4.3.6", authenticated},
        Row{opening, On::header, offering, &In::greet, "RFC 6120 4.2", {}, authenticated},
        Row{offering, On::starttls, securing, &In::accept_tls, "RFC 6120 5.4.2.3", tls_wanted, {secured, pending}},
        Row{securing, On::tls_up, opening, &In::restart, "RFC 6120 5.4.3.3"},
        Row{offering, On::auth, opening, &In::authenticate, "RFC 6120 6.4.2, XEP-0178 3", channel_ok, pending},
        Row{offering, On::response, opening, &In::take_response, "RFC 6120 6.4.3", channel_ok, pending},
        Row{offering, On::abort, stays, &In::abort_sasl, "RFC 6120 6.4.4", channel_ok},
        Row{{offering, open}, On::result, stays, &In::ask, "XEP-0220 2.2.1, 2.6", channel_ok},
        Row{{offering, open}, On::verdict_valid, open, &In::admit, "XEP-0220 2.2.1"},
        Row{offering, On::verdict_invalid, closing, &In::expel, "XEP-0220 2.2.1"},
        Row{open, On::verdict_invalid, stays, &In::decline, "XEP-0220 2.2.1"},
        Row{{offering, open}, On::verdict_error, stays, &In::report_error, "XEP-0220 2.5"},
        Row{{offering, open}, On::verify, stays, &In::vouch, "XEP-0220 2.2.2", channel_ok},
        Row{{offering, open}, On::result_answer, stays, &In::drop_answer, "XEP-0220 2.2, 3.1", channel_ok},
        Row{{offering, open}, On::verify_answer, stays, &In::drop_answer, "XEP-0220 2.2, 3.1", channel_ok},
        Row{offering, On::bidi, stays, &In::accept_bidi, "XEP-0288 2.2", {channel_ok, Fact::bidi}},
        Row{open, On::stanza, stays, &In::deliver, "RFC 6120 8.1", pair_ready},
        Row{closing, On::stanza, stays, &In::deliver, "RFC 6120 4.4", {pair_ready, Fact::orderly}},
        Row{offering, On::enable, stays, &In::decline_enable, "XEP-0198 3", channel_ok},
        Row{open, On::enable, stays, &In::decline_enable, "XEP-0198 3", managed},
        Row{open, On::enable, stays, &In::enable, "XEP-0198 3", management, managed},
        Row{open, On::enable, stays, &In::decline_enable, "XEP-0198 3", {}, {management, managed}},
        Row{offering, On::resume, stays, &In::refuse_stranger, "XEP-0198 9", channel_ok},
        // What costs nothing to find out first.
        Row{open, On::resume, stays, &In::decline_resume, "XEP-0198 5", managed},
        Row{open, On::resume, resuming, &In::ask_to_resume, "XEP-0198 5", resumable, {managed, pending}},
        Row{open, On::resume, stays, &In::decline_resume, "XEP-0198 5", {resumable, pending}, managed},
        Row{open, On::resume, stays, &In::decline_resume, "XEP-0198 5", {}, {resumable, managed}},
        Row{resuming, On::resumption_granted, open, &In::go_on, "XEP-0198 5"},
        Row{resuming, On::resumption_refused, open, &In::begin_anew, "XEP-0198 5"},
        Row{open, On::ack_request, stays, &In::acknowledge, "XEP-0198 4", managed},
        Row{{open, closing}, On::ack, stays, &In::take_ack, "XEP-0198 4", managed},
        Row{offering, On::compress, stays, &In::decline_compression, "XEP-0138 2", channel_ok},
        Row{open, On::compress, stays, &In::decline_compression, "XEP-0138 2"},
        Row{{offering, open}, On::stream_error, closing, &In::peer_error, "RFC 6120 4.9.1.1"},
        Row{{opening, offering, open, resuming, closing}, On::footer, closed, &In::finish, "RFC 6120 4.4"},
    };
    static_assert(machine::check(rows, {opening, securing}, closed) == machine::Fault::none);
};

std::string_view In::words(Phase phase) {
    switch (phase) {
        case Phase::opening: return "opening";
        case Phase::offering: return "offering";
        case Phase::securing: return "securing";
        case Phase::open: return "open";
        case Phase::resuming: return "resuming";
        case Phase::closing: return "closing";
        case Phase::closed: return "closed";
    }
    return "";
}

In::State(InboundSettings settings, const Rules& rules_asked, TimePoint now)
    : rules{rules_asked},
      timers{settings.timers},
      fresh_id{std::move(settings.fresh_id)},
      limits_of{std::move(settings.limits_of)},
      fresh_session{std::move(settings.fresh_session)},
      general{settings.limits.s2s_resume_seconds, settings.limits.resumable_stanzas},
      max_pairs{settings.limits.pairs_per_stream},
      max_pending{settings.limits.pending_dialbacks_per_stream},
      max_sasl_failures{settings.limits.sasl_failures},
      max_bytes{stanza_limits(settings.limits).element_bytes},
      phase{settings.direct_tls ? Phase::securing : Phase::opening},
      latest_negotiation{now + timers.negotiation + timers.dialback} {
    deadlines[Timer::negotiation] = now + timers.negotiation;
}

void In::take(State&& other) {
    phase = other.phase;
    header_sent = other.header_sent;
    header_seen = other.header_seen;
    version_1 = other.version_1;
    sasl_done = other.sasl_done;
    vouched = other.vouched;
    sasl_failures = other.sasl_failures;
    resumptions = other.resumptions;
    peer = std::move(other.peer);
    proven = std::move(other.proven);
    id = std::move(other.id);
    lang = std::move(other.lang);
    tls = std::move(other.tls);
    pairs = std::move(other.pairs);
    deadlines = other.deadlines;
    latest_negotiation = other.latest_negotiation;
    received = std::move(other.received);
}

/// Which of `asked` hold. Only those are looked at: some cost a walk through the operator's rules, and an open stream
/// may bring one `<r/>` a stanza.
Facts In::facts(Facts asked) const {
    Facts all;
    const auto when = [&](Fact fact, auto&& holds_now) {
        if (asked.has(fact) && holds_now()) all.add(fact);
    };
    constexpr Facts of_policy{Fact::tls_wanted, Fact::tls_required, Fact::channel_ok,
                              Fact::dialback,   Fact::bidi,         Fact::management};
    const StreamPolicy p = asked.meets(of_policy) ? policy() : StreamPolicy{};
    when(Fact::secured, [&] { return tls != nullptr; });
    when(Fact::tls_wanted, [&] { return p.security != SecurityMode::no_tls; });
    when(Fact::tls_required, [&] { return p.security == SecurityMode::tls_required; });
    when(Fact::channel_ok, [&] { return tls != nullptr || p.security != SecurityMode::tls_required; });
    when(Fact::certified, [&] { return external_acceptable(); });
    when(Fact::authenticated, [&] { return sasl_done; });
    when(Fact::dialback, [&] { return p.offer_dialback; });
    when(Fact::bidi, [&] { return p.bidi; });
    when(Fact::management, [&] { return p.stream_management; });
    when(Fact::resumable, [&] { return seconds_to_resume() != 0; });
    when(Fact::pair_ready, [&] { return pairs.any_ready(); });
    when(Fact::pending, [&] { return pairs.pending() != 0; });
    when(Fact::managed, [&] { return received.enabled(); });
    when(Fact::challenged, [&] { return challenged != nullptr; });
    when(Fact::orderly, [&] { return orderly; });
    return all;
}

/// Of whom the header named; of whom `db:result` named first, where the header did not say.
StreamPolicy In::policy() const {
    if (!peer.remote.empty()) return rules.policy(peer.remote);
    return pairs.all().empty() ? rules.unnamed_policy() : rules.policy(pairs.all().front().domains.remote);
}

bool In::certificate_proves(const xmpp::Domain& domain) const {
    return tls && tls->peer && !domain.empty() && proves(*tls->peer, domain);
}

void In::handle(const Event& event, TimePoint now, Actions& out) {
    if (phase == Phase::closed) return;
    const auto holding = [&](Facts asked) { return facts(asked); };
    const auto run = [&](Act act) { return (this->*act)(event, now, out); };
    if (!machine::step(Table::rows, phase, event.on, holding, run)) {
        if (phase != Phase::closing) refuse_event(event.on, now, out);
    } else if (phase == Phase::closed) {
        end();
    }
}

/// What an event gets that no row allows. With TLS missing that is always the reason (threat T18).
void In::refuse_event(On on, TimePoint now, Actions& out) {
    if (on == On::verdict_valid || on == On::verdict_invalid || on == On::verdict_error) return;  // too late
    if (on == On::starttls) {  // RFC 6120 5.4.2.2: not offered, a second one, or verifications under way
        const std::string why = "starttls is not offered at this point";
        note(out, LogLevel::warn, event::refused, {{"what", "starttls"}, {"why", why}},
             failure_of(Stage::stream, Rule::tls, Rule::tls, why));
        out.push_back(Send{std::string{"<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"}});
        return close(std::nullopt, "starttls refused", now, out);
    }
    const std::string what{text(on)};
    if (!channel_ok()) {
        return close(stream_error(StreamCondition::policy_violation, "TLS is required first"), what + " before TLS",
                     now, out, Rule::tls);
    }
    if (on == On::resumption_granted || on == On::resumption_refused) return;
    const bool negotiating = on == On::auth || on == On::response || on == On::abort || on == On::bidi;
    const auto condition = negotiating ? StreamCondition::policy_violation : StreamCondition::unsupported_stanza_type;
    close(stream_error(condition), "unexpected " + what, now, out);
}

void In::refuse_stanza(const xmpp::Stanza& refused, TimePoint now, Actions& out) {
    if (phase == Phase::closing || phase == Phase::closed) return;
    if (!pairs.any_ready() || phase != Phase::open) {
        if (!channel_ok()) return refuse_event(On::stanza, now, out);
        return close(stream_error(StreamCondition::not_authorized), "stanza before authentication", now, out);
    }
    if (!pairs.knows_remote(refused.from_domain)) {  // RFC 6120 8.1.2.2
        return close(stream_error(StreamCondition::invalid_from),
                     "stanza from a domain that is not authenticated on this stream", now, out);
    }
    const auto to = xmpp::Domain::parse(refused.to_domain);  // RFC 6120 8.1.1.2, 10.4
    const bool gone = to && rules.serves(*to) == Served::gone;
    close(stream_error(gone ? StreamCondition::host_gone : StreamCondition::host_unknown),
          "stanza to a domain that is not verified on this stream", now, out);
}

void In::close(std::optional<StreamError> error, std::string why, TimePoint now, Actions& out, const Cause& cause) {
    if (phase == Phase::closing || phase == Phase::closed) return;
    const bool silent = phase == Phase::securing || (phase == Phase::opening && !header_seen && !error);
    if (!silent && !header_sent) respond_header(true, out);  // RFC 6120 4.9.1.2
    if (error) {
        std::vector<LogFact> facts_told{
            {"condition", std::string{xmpp::text(error->condition)}}, {"why", why}, {"from", peer.remote.text()}};
        if (!cause.verdict.empty()) facts_told.push_back({"verdict", cause.verdict});
        note(out, LogLevel::warn, event::refused, std::move(facts_told),
             failure_of(Stage::stream, cause, rule_of(error->condition), why));
    }
    note(out, LogLevel::info, event::stream_closed, {{"why", why}});
    out.push_back(Close{std::move(error), std::move(why), silent});
    phase = Phase::closing;
    deadlines.stop();
    deadlines[Timer::closing] = now + timers.closing;
    if (!orderly) pairs.clear();
    if (silent) end();
}

void In::end() {
    phase = Phase::closed;
    deadlines.stop();
    pairs.clear();
}

void In::note(Actions& out, LogLevel level, std::string_view name, std::vector<LogFact> facts_told,
              std::optional<xmpp::Failure> failure) const {
    out.push_back(Note{level, name, std::move(facts_told), std::move(failure)});
}

/// The peer closes: we answer in kind and are done (RFC 6120 4.4).
In::Did In::finish(const Event&, TimePoint, Actions& out) {
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

In::Did In::peer_error(const Event& event, TimePoint now, Actions& out) {
    const StreamError error = xmpp::read_stream_error(*event.element);
    error_of_peer = error;
    note(out, LogLevel::warn, event::stream_error_received,
         {{"condition", std::string{xmpp::text(error.condition)}}, {"text", error.text}});
    close(std::nullopt, "the peer sent " + std::string{xmpp::text(error.condition)}, now, out);
    return Did::ended;
}

/// Whatever is due: several timers may have run out.
void In::on_time(TimePoint now, Actions& out) {
    if (phase == Phase::closing) {
        if (now >= deadlines[Timer::closing]) end();
        return;
    }
    if (phase == Phase::closed) return;
    time_out_pairs(now, out);
    if (now >= deadlines[Timer::withheld]) look_at_withheld(now, out);
    if (now >= deadlines[Timer::stanza]) {  // threat T58
        return close(stream_error(StreamCondition::policy_violation, "the stanza took too long"), "stanza deadline",
                     now, out);
    }
    if (now >= deadlines[Timer::negotiation]) {
        if (vouched) {
            note(out, LogLevel::info, event::stream_closed_dialback_only, {{"from", peer.remote.text()}});
            return close(std::nullopt, "used for dialback only", now, out);
        }
        if (!header_seen) return close(std::nullopt, "negotiation deadline, no header", now, out);
        return close(stream_error(StreamCondition::connection_timeout, "negotiation took too long"),
                     "negotiation deadline", now, out);
    }
    if (now >= deadlines[Timer::idle]) {  // RFC 6120 4.6.3
        orderly = true;
        if (sent.unacknowledged() != 0) out.push_back(Send{std::string{wire::ack_request}});
        close(stream_error(StreamCondition::policy_violation, "idle for too long"), "idle", now, out);
    }
}

/// The snapshot changed: what would be refused today ends now (threat T70).
void In::recheck(TimePoint now, Actions& out) {
    if (phase == Phase::closing || phase == Phase::closed || !header_seen) return;
    if (phase != Phase::securing && phase != Phase::opening && !channel_ok()) {
        return close(stream_error(StreamCondition::policy_violation, "TLS is required"), "the mode changed", now, out,
                     Rule::tls);
    }
    if (!peer.remote.empty() && !rules.admits(peer, Direction::outbound).allowed) {
        const Admission admission = rules.admits(peer, Direction::inbound);
        if (!admission.allowed) {
            Refusal refusal = unwelcome(admission);
            return close(std::move(refusal.error), std::move(refusal.why), now, out, refusal.cause);
        }
    }
    std::optional<Refusal> first;
    const std::vector<PairState> held = pairs.all();
    for (const PairState& pair : held) {
        std::optional<Refusal> refusal = objection_to(pair);
        if (!refusal) continue;
        pairs.remove(pair.domains);
        if (!first) first = std::move(refusal);
    }
    if (!first) return;
    // What the other pairs have on its way counts still.
    orderly = pairs.any_ready();
    close(std::move(first->error), std::move(first->why), now, out, first->cause);
}

/// What our rules of now say against a pair of the stream.
std::optional<In::Refusal> In::objection_to(const PairState& pair) const {
    const Served served = rules.serves(pair.domains.local);
    if (served != Served::yes) {
        const bool gone = served == Served::gone;
        return Refusal{stream_error(gone ? StreamCondition::host_gone : StreamCondition::host_unknown),
                       pair.domains.local.text() + " is no longer served"};
    }
    const Admission admission = rules.admits(pair.domains, Direction::inbound);
    if (!admission.allowed) return unwelcome(admission);
    const StreamPolicy p = rules.policy(pair.domains.remote);
    const bool certified = certificate_proves(pair.domains.remote);
    if ((p.require_certificate && !certified) || (p.security == SecurityMode::tls_required && !tls)) {
        return Refusal{stream_error(StreamCondition::policy_violation), "the stream is no longer secure enough",
                       Rule::tls};
    }
    return std::nullopt;
}

In::Refusal In::unwelcome(const Admission& admission) {
    return {stream_error(admission.stream, admission.text),
            "no longer allowed: " + std::string{sallyport::text(admission.rule)}, admission};
}

/// Proofs to come need another certificate; what this one has proved ends with it.
void In::expire_certificate(TimePoint now, Actions& out) {
    if (phase == Phase::closing || phase == Phase::closed || !tls || !tls->peer) return;
    tls->peer->chain_valid = false;
    tls->peer->chain_error = "certificate has expired";
    const bool rests_on_it =
        sasl_done || std::any_of(pairs.all().begin(), pairs.all().end(), [&](const PairState& p) {
            return p.method == Method::external || p.method == Method::certificate_dialback ||
                   (p.method != Method::none && rules.policy(p.domains.remote).require_certificate);
        });
    if (!rests_on_it) return;
    orderly = true;
    close(stream_error(StreamCondition::reset, "certificate has expired"), "the peer's certificate has expired", now,
          out);
}

std::vector<RowText> inbound_table() { return machine::in_words(In::Table::rows, &In::words, &s2s::text); }

}  // namespace sallyport::s2s
