// Dialback on the inbound stream: as receiving server (XEP-0220 2.2.1, with the certificate shortcut of XEP-0344) and
// as authoritative server (2.2.2). One policy decides before any Verify leaves, so that nothing is looked up or dialled
// for a peer that is refused (threats T09 to T14).
#include "proto/s2s/certificate.h"
#include "proto/s2s/dialback.h"
#include "proto/s2s/events.h"
#include "proto/s2s/header_judge.h"
#include "proto/s2s/inbound_state.h"
#include "proto/s2s/wire.h"

namespace sallyport::s2s {
namespace {

/// Foreign keys are opaque: other implementations send 40 digits (a SHA-1), ours are 64.
constexpr std::size_t longest_key = 1024;

/// What need not be a domain, for the log.
std::string cut_name(std::string_view given) {
    constexpr std::size_t longest_domain = 1023;  // RFC 7622 3.2
    return std::string{given.substr(0, longest_domain)};
}

}  // namespace

using In = Inbound::State;
using xmpp::StanzaCondition;
using xmpp::StanzaError;
using xmpp::StreamCondition;

void In::answer_error(const Event& event, const StanzaError& error, std::string_view why, Actions& out,
                      const Cause& cause) {
    const std::string_view from = event.element->attribute("to");
    const std::string_view to = event.element->attribute("from");
    out.push_back(Send{wire::result_error(from, to, error)});
    std::vector<LogFact> facts_told{{"what", "dialback"},
                                    {"condition", std::string{xmpp::text(error.condition)}},
                                    {"why", std::string{why}},
                                    {"from", cut_name(to)},
                                    {"to", cut_name(from)}};
    if (!cause.verdict.empty()) facts_told.push_back({"verdict", cause.verdict});
    note(out, LogLevel::warn, event::refused, std::move(facts_told),
         failure_of(Stage::dialback, cause, rule_of(error.condition), std::string{why}));
}

/// There is nobody to answer.
In::Did In::refuse_unaddressed(std::string_view what, TimePoint now, Actions& out) {
    close(stream_error(StreamCondition::improper_addressing), std::string{what} + " without from or without to", now,
          out);
    return Did::ended;
}

/// `<db:result>` with a key.
In::Did In::ask(const Event& event, TimePoint now, Actions& out) {
    const xml::Element& element = *event.element;
    xmpp::DomainPair pair;
    const Address from = read_domain(element.attribute("from"), pair.remote);
    const Address to = read_domain(element.attribute("to"), pair.local);
    if (from == Address::absent || to == Address::absent) return refuse_unaddressed("db:result", now, out);
    // One name among those that the peer serves: it knows another Unicode than we do, or has taken in anything.
    if (from == Address::malformed || to == Address::malformed) {
        answer_error(event, {StanzaCondition::jid_malformed, {}}, "from or to is no domain", out, Rule::malformed);
        return Did::stay;
    }
    const std::string key = element.text();
    note(out, LogLevel::info, event::result_received,
         {{"from", pair.remote.text()}, {"to", pair.local.text()}, {"key", std::string{cut_key(key)}}});
    // Nothing is asked or proved, and the other names that the peer serves cannot help it.
    if (rules.serves(pair.remote) != Served::no) {
        answer_error(event, {StanzaCondition::not_authorized, {}}, "from is a domain of ours", out, Rule::self);
        return Did::stay;
    }
    if (rules.serves(pair.local) != Served::yes) {
        answer_error(event, {StanzaCondition::item_not_found, {}}, "to is not served here", out);
        return Did::stay;
    }
    const Admission admission = rules.admits(pair, Direction::inbound);
    if (!admission.allowed) {
        if (pair == peer && !pairs.any_ready()) {
            close(stream_error(admission.stream, admission.text), admission.reason(), now, out, admission);
            return Did::ended;
        }
        answer_error(event, {admission.stanza, admission.text}, admission.reason(), out, admission);
        return Did::stay;
    }
    const bool shortcut = takes_certificate(pair.remote);
    if (const auto no = objection(pair, key, shortcut)) {
        answer_error(event, {no->condition, {}}, no->why, out, no->rule);
        return Did::stay;
    }
    PairState* known = pairs.find(pair);
    if (known != nullptr && known->pending) {
        note(out, LogLevel::debug, event::answer_dropped, {{"pair", pair.text()}, {"why", "already being verified"}});
        return Did::stay;
    }
    PairState& entry = known != nullptr ? *known : pairs.add(pair);
    entry.pending = true;
    entry.wire_local = element.attribute("to");
    entry.wire_remote = element.attribute("from");
    entry.asked = shortcut ? Method::certificate_dialback : Method::dialback;
    if (shortcut) {
        note(out, LogLevel::info, event::result_shortcut, {{"pair", pair.text()}});
        handle({.on = On::verdict_valid, .pair = &entry}, now, out);
        return Did::ended;  // the verdict's own row has moved the phase
    }
    verify(entry, key, now, out);
    return Did::advance;
}

/// XEP-0344 2.5: judged when the key arrives.
bool In::takes_certificate(const xmpp::Domain& remote) const {
    return certificate_proves(remote) && rules.policy(remote).certificate_shortcut;
}

/// Why the key of an admitted pair is not to be verified; nothing: it is.
std::optional<In::Objection> In::objection(const xmpp::DomainPair& pair, const std::string& key, bool shortcut) {
    const StreamPolicy wanted = rules.policy(pair.remote);
    if (wanted.security == SecurityMode::tls_required && !tls) {
        return Objection{StanzaCondition::policy_violation, "TLS is required first", Rule::tls};
    }
    if (wanted.require_certificate && !certificate_proves(pair.remote)) {
        return Objection{StanzaCondition::not_authorized, "the certificate does not prove the sender"};
    }
    if (key.empty() || key.size() > longest_key) return Objection{StanzaCondition::not_acceptable, "no usable key"};
    const PairState* known = pairs.find(pair);
    if (known != nullptr && known->pending) return std::nullopt;
    if (!shortcut && !wanted.offer_dialback) {
        return Objection{StanzaCondition::not_authorized, "dialback without a certificate is not accepted"};
    }
    if ((known == nullptr && pairs.all().size() >= max_pairs) || (!shortcut && pairs.pending() >= max_pending)) {
        return Objection{StanzaCondition::resource_constraint, "too many pairs of domains on this stream"};
    }
    return std::nullopt;
}

/// The authoritative server is to be asked, and has its time to answer.
void In::verify(PairState& pair, const std::string& key, TimePoint now, Actions& out) {
    pair.deadline = now + timers.dialback;
    if (deadlines[Timer::negotiation] != never) deadlines[Timer::negotiation] = latest_negotiation;
    out.push_back(Verify{pair.domains, id, key});
    note(out, LogLevel::debug, event::dialback_timeout_scheduled,
         {{"pair", pair.domains.text()},
          {"seconds", std::to_string(std::chrono::duration_cast<std::chrono::seconds>(timers.dialback).count())}});
}

/// `<db:verify>` with a key: stateless, from the secret alone.
In::Did In::vouch(const Event& event, TimePoint now, Actions& out) {
    const xml::Element& element = *event.element;
    const std::string_view from = element.attribute("from");
    const std::string_view to = element.attribute("to");
    const std::string_view stream_id = element.attribute("id");
    xmpp::DomainPair pair;
    const Address asks = read_domain(from, pair.remote);
    const Address asked = read_domain(to, pair.local);
    if (asks == Address::absent || asked == Address::absent) return refuse_unaddressed("db:verify", now, out);
    if (asks == Address::malformed || asked == Address::malformed) {
        out.push_back(Send{wire::verify_error(to, from, stream_id, {StanzaCondition::jid_malformed, {}})});
        note(out, LogLevel::info, event::verify_answered,
             {{"from", cut_name(to)},
              {"to", cut_name(from)},
              {"id", cut_name(stream_id)},
              {"type", "error jid-malformed"}});
        return Did::stay;
    }
    vouched = true;
    const std::string key = element.text();
    note(out, LogLevel::info, event::verify_received,
         {{"from", pair.remote.text()},
          {"to", pair.local.text()},
          {"id", std::string{stream_id}},
          {"key", std::string{cut_key(key)}}});
    std::string type, why;
    Cause cause = Rule::dialback;
    if (rules.serves(pair.local) != Served::yes) {
        type = "error item-not-found";
        cause = Rule::not_local;
        out.push_back(Send{wire::verify_error(to, from, stream_id, {StanzaCondition::item_not_found, {}})});
    } else if (const Admission admission = rules.admits(pair, Direction::outbound); !admission.allowed) {
        type = "error " + std::string{xmpp::text(admission.stanza)};
        cause = admission;
        why = admission.reason();
        out.push_back(Send{wire::verify_error(to, from, stream_id, {admission.stanza, admission.text})});
    } else if (!tls && rules.policy(pair.remote).security == SecurityMode::tls_required) {
        type = "error policy-violation";
        cause = Rule::tls;
        why = "TLS is required first";
        out.push_back(Send{wire::verify_error(to, from, stream_id, {StanzaCondition::policy_violation, {}})});
    } else {
        const bool ours = key.size() <= longest_key && rules.vouches(pair.remote, pair.local, stream_id, key);
        type = ours ? "valid" : "invalid";
        out.push_back(Send{wire::verify_answer(to, from, stream_id, type)});
    }
    std::vector<LogFact> facts_told{
        {"from", pair.local.text()}, {"to", pair.remote.text()}, {"id", std::string{stream_id}}, {"type", type}};
    if (!why.empty()) facts_told.push_back({"why", why});
    if (!cause.verdict.empty()) facts_told.push_back({"verdict", cause.verdict});
    std::optional<xmpp::Failure> failure;
    if (type != "valid") {
        if (why.empty()) why = cause.rule == Rule::not_local ? "to is not served here" : "the key is not valid";
        failure = failure_of(Stage::dialback, cause, Rule::dialback, why);
    }
    note(out, LogLevel::info, event::verify_answered, std::move(facts_told), std::move(failure));
    return Did::advance;
}

void In::settle(PairState& pair) {
    pair.pending = false;
    pair.deadline = never;
    std::string{}.swap(pair.wire_local);
    std::string{}.swap(pair.wire_remote);
}

In::Did In::admit(const Event& event, TimePoint now, Actions& out) {
    PairState& pair = *event.pair;
    // The snapshot may have changed since the key arrived.
    const Admission admission = rules.admits(pair.domains, Direction::inbound);
    if (!admission.allowed || rules.serves(pair.domains.local) != Served::yes) {
        const std::string why = admission.allowed ? "to is no longer served" : admission.reason();
        Event refused = event;
        refused.condition = admission.allowed ? StanzaCondition::item_not_found : admission.stanza;
        refused.text = why;
        refused.cause = admission.allowed ? Cause{Rule::not_local} : Cause{admission};
        report_error(refused, now, out);
        return Did::stay;
    }
    out.push_back(Send{wire::result_answer(pair.wire_local, pair.wire_remote, "valid")});
    note(out, LogLevel::info, event::result_answered, {{"pair", pair.domains.text()}, {"type", "valid"}});
    settle(pair);
    deadlines[Timer::negotiation] = never;
    deadlines[Timer::idle] = now + timers.idle;
    if (pair.method != Method::none) return Did::advance;  // confirmed once more
    pair.method = pair.asked;
    out.push_back(PairReady{pair.domains, pair.method});
    note(out, LogLevel::info, event::state,
         {{"pair", pair.domains.text()},
          {"from", "PENDING"},
          {"to", "CONNECTED"},
          {"method", std::string{s2s::text(pair.method)}}});
    return Did::advance;
}

/// No pair is ready: the stream ends (XEP-0220 2.2.1, MUST).
In::Did In::expel(const Event& event, TimePoint now, Actions& out) {
    decline(event, now, out);
    close(std::nullopt, "dialback: the key is not valid", now, out);
    return Did::ended;
}

In::Did In::decline(const Event& event, TimePoint, Actions& out) {
    PairState& pair = *event.pair;
    out.push_back(Send{wire::result_answer(pair.wire_local, pair.wire_remote, "invalid")});
    const xmpp::Failure failure{Stage::dialback, "the dialback key is not valid", StanzaCondition::forbidden};
    note(out, LogLevel::warn, event::result_answered, {{"pair", pair.domains.text()}, {"type", "invalid"}}, failure);
    fail_pair(pair, failure, out);
    return Did::advance;
}

/// Other pairs, or an earlier proof of this one, stay as they are.
void In::fail_pair(PairState& pair, const xmpp::Failure& failure, Actions& out) {
    if (pair.method != Method::none) return settle(pair);
    const xmpp::DomainPair domains = pair.domains;
    pairs.remove(domains);
    out.push_back(PairFailed{domains, failure});
    note(out, LogLevel::warn, event::state, {{"pair", domains.text()}, {"from", "PENDING"}, {"to", "FAILED"}}, failure);
}

In::Did In::report_error(const Event& event, TimePoint, Actions& out) {
    PairState& pair = *event.pair;
    out.push_back(Send{wire::result_error(pair.wire_local, pair.wire_remote, {event.condition, {}})});
    std::vector<LogFact> facts_told{{"pair", pair.domains.text()},
                                    {"type", "error"},
                                    {"condition", std::string{xmpp::text(event.condition)}},
                                    {"why", std::string{event.text}}};
    if (!event.cause.verdict.empty()) facts_told.push_back({"verdict", event.cause.verdict});
    xmpp::Failure failure = failure_of(Stage::dialback, event.cause, rule_of(event.condition), std::string{event.text});
    failure.condition = event.condition;
    note(out, LogLevel::warn, event::result_answered, std::move(facts_told), failure);
    fail_pair(pair, failure, out);
    return Did::advance;
}

/// A typed element on a stream that the peer opened is no answer to anything (threats T01, T04).
In::Did In::drop_answer(const Event& event, TimePoint, Actions& out) {
    note(out, LogLevel::warn, event::answer_dropped,
         {{"what", std::string{s2s::text(event.on)}},
          {"from", std::string{event.element->attribute("from")}},
          {"why", "it was not asked for on this stream"}});
    return Did::advance;
}

void In::time_out_pairs(TimePoint now, Actions& out) {
    std::vector<xmpp::DomainPair> late;
    for (const PairState& pair : pairs.all()) {
        if (pair.pending && now >= pair.deadline) late.push_back(pair.domains);
    }
    for (const xmpp::DomainPair& domains : late) {
        PairState* pair = pairs.find(domains);
        note(out, LogLevel::warn, event::dialback_timeout, {{"pair", domains.text()}});
        handle({.on = On::verdict_error, .pair = pair, .text = "no answer in time"}, now, out);
    }
}

}  // namespace sallyport::s2s
