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

using Out = Outbound::State;
using xmpp::StanzaCondition;
using xmpp::StreamCondition;
using xmpp::StreamError;

struct Out::Table {
    using enum Phase;
    using enum Fact;
    static constexpr auto stays = machine::stays;
    static constexpr machine::Set speaking{opening, offered, asking_tls, authenticating, proving, open};
    static constexpr std::array rows{
        // in, on, next, act, says, needs, forbids
        Row{fresh, On::connected, securing, &Out::begin_direct, "XEP-0368 3", Fact::direct},
        Row{fresh, On::connected, opening, &Out::begin, "RFC 6120 4.2", {}, Fact::direct},
        Row{opening, On::header, offered, &Out::read_header, "RFC 6120 4.2, 4.7.3"},
        Row{offered, On::features, open, &Out::open_external, "RFC 6120 6.3.2, 4.3.5", authenticated},
        Row{offered,
            On::features,
            asking_tls,
            &Out::choose_channel,
            "RFC 6120 5.4.2.1, RFC 7590 3.1",
            {},
            {secured, authenticated}},
        Row{offered, On::features, proving, &Out::choose_proof, "RFC 6120 6.3, XEP-0220 2.1.1", secured, authenticated},
        // Once more, some servers after db:result: what was chosen stands.
        Row{{asking_tls, authenticating, proving, open}, On::features, stays, &Out::ignore_features, "RFC 6120 4.3.2"},
        Row{asking_tls, On::proceed, securing, &Out::begin_tls, "RFC 6120 5.4.2.3"},
        Row{asking_tls, On::tls_failure, closing, &Out::tls_refused, "RFC 6120 5.4.2.2"},
        Row{securing, On::tls_up, opening, &Out::restart, "RFC 6120 5.4.3.3"},
        Row{authenticating, On::success, opening, &Out::restart_authenticated, "RFC 6120 6.4.6"},
        Row{authenticating, On::challenge, stays, &Out::respond, "RFC 6120 6.4.3", {}, Fact::challenged},
        Row{authenticating, On::sasl_failure, proving, &Out::fall_back, "RFC 6120 6.4.5, XEP-0178 3"},
        Row{{proving, open}, On::result_answer, stays, &Out::take_result, "XEP-0220 2.1.1"},
        Row{{proving, open}, On::verify_answer, stays, &Out::take_verify, "XEP-0220 2.1.2"},
        Row{{offered, authenticating}, On::result_answer, stays, &Out::drop_answer, "XEP-0220 3.1"},
        Row{{offered, authenticating}, On::verify_answer, stays, &Out::drop_answer, "XEP-0220 3.1"},
        // Requests go to whom one connects to, not back (XEP-0220 2.2 note).
        Row{{proving, open}, On::result, stays, &Out::drop_answer, "XEP-0220 2.2"},
        Row{{proving, open}, On::verify, stays, &Out::drop_answer, "XEP-0220 2.2"},
        Row{open, On::enabled, stays, &Out::acks_enabled, "XEP-0198 3"},
        Row{open, On::resumed, stays, &Out::take_resumed, "XEP-0198 5", Fact::asked_to_resume},
        Row{open, On::sm_failed, stays, &Out::acks_declined, "XEP-0198 3"},
        Row{{open, closing}, On::ack, stays, &Out::take_ack, "XEP-0198 4", Fact::managed},
        Row{open, On::ack_request, stays, &Out::acknowledge, "XEP-0198 4", Fact::managed},
        Row{speaking, On::stream_error, closing, &Out::peer_error, "RFC 6120 4.9.1.1"},
        Row{speaking | closing, On::footer, closed, &Out::finish, "RFC 6120 4.4"},
    };
    // choose_proof() goes to `authenticating` by itself.
    static_assert(machine::check(rows, {fresh, authenticating}, closed) == machine::Fault::none);
};

std::string_view Out::words(Phase phase) {
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

/// The stage at which an end finds us, for status.
Stage Out::stage() const {
    switch (phase) {
        case Phase::fresh:
        case Phase::opening:
        case Phase::offered: return sasl_done ? Stage::sasl : Stage::stream;
        case Phase::asking_tls:
        case Phase::securing: return Stage::tls;
        case Phase::authenticating: return Stage::sasl;
        case Phase::proving: return Stage::dialback;
        case Phase::open:
        case Phase::closing:
        case Phase::closed: break;
    }
    return Stage::stream;
}

Out::State(OutboundSettings settings, const Rules& rules_asked, xmpp::DomainPair first, bool verifies_only,
           TimePoint now)
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
      resumption{std::move(settings.resume)},
      resume_seconds{settings.limits.s2s_resume_seconds} {
    deadlines[Timer::negotiation] = now + timers.negotiation;
    if (share) deadlines[Timer::answering] = now + *share;
    if (!verify_only) pairs.add(pair);
}

Facts Out::facts() const {
    Facts all;
    if (tls) all.add(Fact::secured);
    if (sasl_done) all.add(Fact::authenticated);
    if (managed) all.add(Fact::managed);
    if (direct) all.add(Fact::direct);
    if (challenged) all.add(Fact::challenged);
    if (awaits == Awaits::resumed) all.add(Fact::asked_to_resume);
    return all;
}

bool Out::certificate_proves(const xmpp::Domain& domain) const {
    return tls && tls->peer && proves(*tls->peer, domain);
}

void Out::handle(const Event& event, TimePoint now, Actions& out) {
    if (phase == Phase::closed) return;
    const auto holding = [&](Facts) { return facts(); };
    const auto run = [&](Act act) { return (this->*act)(event, now, out); };
    if (machine::step(Table::rows, phase, event.on, holding, run)) {
        if (phase == Phase::closed) end();
        return;
    }
    if (phase == Phase::closing) return;
    const std::string what{text(event.on)};
    close(stream_error(StreamCondition::unsupported_stanza_type), "unexpected " + what,
          {stage(), "the remote server violated the protocol"}, now, out,
          phase == Phase::securing || phase == Phase::fresh);
}

/// What has waited for this stream learns that it waited in vain.
void Out::fail_waiting(const xmpp::Failure& failure, Actions& out, bool lost) {
    for (const PairState& waiting : pairs.all()) {
        const bool waits = std::find(held_back.begin(), held_back.end(), waiting.domains) != held_back.end();
        if (waiting.method != Method::none && !waits) continue;
        out.push_back(PairFailed{waiting.domains, failure, failure.stage == Stage::dialback && !lost});
        note(out, LogLevel::warn, event::state,
             {{"pair", waiting.domains.text()},
              {"from", "PENDING"},
              {"to", "FAILED"},
              {"step", std::string{text(failure.stage)}}},
             failure);
    }
    for (Ask& ask : asks) {
        out.push_back(Verified{ask.request.pair, std::move(ask.request.stream_id), Verified::Outcome::error,
                               failure.why, failure.condition});
    }
    asks.clear();
    held_back.clear();
}

void Out::close(std::optional<StreamError> error, std::string why, const xmpp::Failure& failure, TimePoint now,
                Actions& out, bool silent) {
    if (phase == Phase::closing || phase == Phase::closed) return;
    if (error) {  // before what it ends, which then has its reason
        note(out, LogLevel::warn, event::refused,
             {{"condition", std::string{xmpp::text(error->condition)}}, {"why", why}, {"to", pair.remote.text()}},
             failure_of(failure.stage, failure.rule, rule_of(error->condition), why));
    }
    fail_waiting(failure, out);
    note(out, LogLevel::info, event::stream_closed, {{"why", why}});
    silent = silent || !header_sent;
    out.push_back(Close{silent ? std::nullopt : std::move(error), std::move(why), silent});
    phase = Phase::closing;
    deadlines.stop();
    deadlines[Timer::closing] = now + timers.closing;
    if (!orderly) pairs.clear();
    if (silent) end();
}

void Out::end() {
    phase = Phase::closed;
    deadlines.stop();
    pairs.clear();
    asks.clear();
}

void Out::note(Actions& out, LogLevel level, std::string_view name, std::vector<LogFact> facts_told,
               std::optional<xmpp::Failure> failure) const {
    out.push_back(Note{level, name, std::move(facts_told), std::move(failure)});
}

/// It was asked for TLS all the same (choose_without_tls) and ends the stream: that it has none is why.
bool Out::unasked_tls() const { return phase == Phase::asking_tls && !offers.starttls; }

/// What waited is told `text`, unless the end shows that there is no TLS.
xmpp::Failure Out::ended(std::string text) const {
    if (unasked_tls()) return {stage(), no_tls_offered, StanzaCondition::remote_server_timeout, true};
    return {stage(), std::move(text)};
}

Out::Did Out::finish(const Event&, TimePoint, Actions& out) {
    if (phase != Phase::closing) {
        fail_waiting(ended("the remote server closed the stream"), out);
        note(out, LogLevel::info, event::stream_closed, {{"why", "closed by the peer"}});
        out.push_back(Close{std::nullopt, "closed by the peer", !header_sent});
    }
    return Did::advance;
}

Out::Did Out::peer_error(const Event& event, TimePoint now, Actions& out) {
    const StreamError error = xmpp::read_stream_error(*event.element);
    error_of_peer = error;
    std::vector<LogFact> facts_told{{"condition", std::string{xmpp::text(error.condition)}}, {"text", error.text}};
    if (unasked_tls()) facts_told.push_back({"why", no_tls_offered});
    note(out, LogLevel::warn, event::stream_error_received, std::move(facts_told));
    const bool unknown =
        error.condition == StreamCondition::host_unknown || error.condition == StreamCondition::host_gone;
    xmpp::Failure failure = ended("the remote server ended the stream");
    if (unknown) failure.condition = StanzaCondition::remote_server_not_found;
    failure.permanent = failure.permanent || unknown || error.condition == StreamCondition::not_authorized ||
                        error.condition == StreamCondition::unsupported_version;
    close(std::nullopt, "the peer sent " + std::string{xmpp::text(error.condition)}, failure, now, out);
    return Did::ended;
}

void Out::on_time(TimePoint now, Actions& out) {
    if (phase == Phase::closing) {
        if (now >= deadlines[Timer::closing]) end();
        return;
    }
    if (phase == Phase::closed) return;
    time_out(now, out);
    if (phase == Phase::closing) return;
    if (now >= deadlines[Timer::holding]) {
        awaits == Awaits::proofs ? begin_anew(0, "nothing is left to go on with", now, out) : let_go(out);
    }
    if (now >= deadlines[Timer::enabling]) {
        if (awaits == Awaits::resumed) {
            out.push_back(NotResumed{});
            return close(stream_error(StreamCondition::connection_timeout, "no answer to a request"),
                         "no answer to <resume/>", {Stage::stream, "the remote server does not respond"}, now, out);
        }
        waive_acks("no answer", out);
    }
    if (now >= deadlines[Timer::withheld]) look_at_withheld(now, out);
    if (now >= std::min(deadlines[Timer::negotiation], deadlines[Timer::answering])) {
        const bool silent = phase == Phase::fresh || phase == Phase::securing;
        return close(stream_error(StreamCondition::connection_timeout, "negotiation took too long"),
                     "negotiation deadline", ended("the remote server did not answer in time"), now, out, silent);
    }
    if (now >= deadlines[Timer::stanza]) {  // threat T58
        return close(stream_error(StreamCondition::policy_violation, "the stanza took too long"), "stanza deadline",
                     {Stage::stream, "the remote server violated the protocol"}, now, out);
    }
    if (now >= deadlines[Timer::probe] && not_read) {  // the answer may be among what we leave lying
        deadlines[Timer::probe] = now + timers.stanza;
    } else if (now >= deadlines[Timer::probe]) {  // RFC 6120 4.6.2
        return close(stream_error(StreamCondition::connection_timeout, "no answer to a request"), "unresponsive",
                     {Stage::stream, "the remote server does not respond"}, now, out);
    }
    if (now >= deadlines[Timer::idle]) {
        orderly = true;
        close(std::nullopt, "idle", {Stage::stream, "the stream was idle"}, now, out);
    }
}

/// Nothing is ready, asked for or waiting: the stream has no use (XEP-0220 2.1.2 for verify-only ones).
void Out::close_when_done(TimePoint now, Actions& out) {
    if (phase == Phase::closing || phase == Phase::closed || !asks.empty() || !pairs.all().empty()) return;
    if (verify_only) note(out, LogLevel::info, event::stream_closed_dialback_only, {{"to", pair.remote.text()}});
    close(std::nullopt, verify_only ? "used for dialback only" : "no pair can use the stream", {Stage::dialback, {}},
          now, out);
}

void Out::recheck(TimePoint now, Actions& out) {
    if (phase == Phase::closing || phase == Phase::closed) return;
    const StreamPolicy wanted = policy();
    const bool plain = (phase == Phase::proving || phase == Phase::open) && !tls;
    if ((plain && wanted.security == SecurityMode::tls_required) ||
        (tls && wanted.require_certificate && !certificate_proves(pair.remote))) {
        orderly = true;
        return close(std::nullopt, "the stream is no longer secure enough", {Stage::tls, "not secure enough"}, now,
                     out);
    }
    const std::vector<PairState> held = pairs.all();
    for (const PairState& p : held) {
        Admission admission = rules.admits(p.domains, Direction::outbound);
        if (admission.allowed && bidi) admission = rules.admits(p.domains, Direction::inbound);
        if (admission.allowed) continue;
        // A peer that answers on the same stream (XEP-0288) cannot be told about one pair.
        if (held.size() == 1 || phase != Phase::open || bidi) {
            note(out, LogLevel::warn, event::refused,
                 {{"pair", p.domains.text()}, {"why", admission.reason()}, {"verdict", admission.verdict_id}},
                 refused_by(admission));
            const auto welcome = [&](const PairState& one) { return one.method != Method::none && is_welcome(one); };
            orderly = std::any_of(held.begin(), held.end(), welcome);
            close(std::nullopt, "no longer allowed: " + std::string{sallyport::text(admission.rule)},
                  refused_by(admission), now, out, phase == Phase::securing);
            // What it has on its way for the others counts still.
            for (const PairState& one : held) {
                if (!is_welcome(one)) pairs.remove(one.domains);
            }
            return;
        }
        pairs.remove(p.domains);
        out.push_back(PairFailed{p.domains, refused_by(admission)});
        note(out, LogLevel::warn, event::state,
             {{"pair", p.domains.text()},
              {"from", p.method == Method::none ? "PENDING" : "CONNECTED"},
              {"to", "FAILED"},
              {"step", "policy"},
              {"why", admission.reason()},
              {"verdict", admission.verdict_id}},
             refused_by(admission));
    }
    if (pairs.all().size() == held.size()) return;
    if (awaits == Awaits::proofs) go_on_resuming(now, out);
    close_when_done(now, out);
}

bool Out::is_welcome(const PairState& one) const {
    return rules.admits(one.domains, Direction::outbound).allowed &&
           (!bidi || rules.admits(one.domains, Direction::inbound).allowed);
}

void Out::expire_certificate(TimePoint now, Actions& out) {
    if (phase == Phase::closing || phase == Phase::closed || !tls || !tls->peer) return;
    const bool held = std::any_of(pairs.all().begin(), pairs.all().end(),
                                  [](const PairState& p) { return p.method == Method::external; });
    const bool rests_on_it = held || phase == Phase::authenticating || sasl_done || policy().require_certificate;
    tls->peer->chain_valid = false;
    tls->peer->chain_error = "certificate has expired";
    if (!rests_on_it) return;
    orderly = true;
    close(stream_error(StreamCondition::reset, "certificate has expired"), "the peer's certificate has expired",
          {Stage::tls, "the certificate of the remote server has expired"}, now, out);
}

std::vector<RowText> outbound_table() { return machine::in_words(Out::Table::rows, &Out::words, &s2s::text); }

}  // namespace sallyport::s2s
