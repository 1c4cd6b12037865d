// The inbound stream's headers, features and TLS: RFC 6120 4.2 to 4.9 and 5. The response header always goes out before
// an error (4.9.1.2); its id is fresh each time (4.7.3); what was learnt before TLS is forgotten (5.4.3.3, threat T33).
#include "proto/s2s/certificate.h"
#include "proto/s2s/events.h"
#include "proto/s2s/header_judge.h"
#include "proto/s2s/inbound_state.h"
#include "proto/s2s/wire.h"
#include "proto/xmpp/stream_header.h"

namespace sallyport::s2s {

using In = Inbound::State;
using xmpp::StreamCondition;

/// Judges frame and addresses and fills peer, version_1 and lang. Nothing: welcome.
std::optional<In::Refusal> In::judge(const xml::Header& header) {
    const auto no = [](StreamCondition condition, std::string_view why) {
        return Refusal{stream_error(condition), std::string{why}};
    };
    if (const auto objection = judge_frame(header)) return no(objection->condition, objection->why);
    version_1 = speaks_version_1(header);
    lang = usable_lang(header);

    peer = {};
    // `from` first: the response is addressed to it even when `to` is refused.
    const Address from = read_domain(header.attribute("from"), peer.remote);
    const Address to = read_domain(header.attribute("to"), peer.local);
    const Served served = to == Address::good ? rules.serves(peer.local) : Served::no;
    const std::string asked = peer.local.text();
    if (served != Served::yes) peer.local = {};  // RFC 6120 4.9.1.3: answer as a name that is ours
    if (from == Address::malformed) return no(StreamCondition::improper_addressing, "from is not a domain");
    if (to == Address::malformed) return no(StreamCondition::improper_addressing, "to is not a domain");
    if (to == Address::absent) return no(StreamCondition::improper_addressing, "to is missing");
    if (served == Served::gone) return no(StreamCondition::host_gone, asked + " is no longer served");
    if (served == Served::no) return no(StreamCondition::host_unknown, asked + " is not served here");
    if (from == Address::absent) return std::nullopt;  // pairs will say who it is; EXTERNAL is out of reach
    if (rules.serves(peer.remote) != Served::no) return no(StreamCondition::invalid_from, "from is a domain of ours");
    // Whoever may only be talked to still has to ask us about our keys, so both directions must refuse.
    const Admission admission = rules.admits(peer, Direction::inbound);
    if (!admission.allowed && !rules.admits(peer, Direction::outbound).allowed) {
        return Refusal{stream_error(admission.stream, admission.text), admission.reason(), admission};
    }
    return std::nullopt;
}

void In::respond_header(bool with_version, Actions& out) {
    id = fresh_id();
    header_sent = true;
    xmpp::StreamHeader header;
    header.from = (peer.local.empty() ? rules.default_domain() : peer.local).text();
    header.to = peer.remote.text();
    header.id = id;
    header.version_1 = with_version;
    out.push_back(Send{xmpp::write(header)});
}

void In::send_features(Actions& out) {
    FeatureValues values;
    values.facts = facts(every_fact);
    const bool known = limits_of && !peer.remote.empty();
    values.max_bytes = known ? stanza_limits(limits_of(peer.remote)).element_bytes : max_bytes;
    values.idle_seconds =
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(timers.idle).count());
    std::string names;
    out.push_back(Send{offer_features(values, names)});
    note(out, LogLevel::info, event::features_sent, {{"features", std::move(names)}});
}

In::Did In::greet(const Event& event, TimePoint now, Actions& out) {
    const xml::Header& header = *event.header;
    header_seen = true;
    const auto refusal = judge(header);
    respond_header(version_1 || refusal.has_value(), out);
    note(out, LogLevel::info, event::stream_opened,
         {{"from", std::string{header.attribute("from")}},
          {"to", std::string{header.attribute("to")}},
          {"peer-id", std::string{header.attribute("id")}},
          {"version", std::string{header.attribute("version")}}});
    if (refusal) {
        close(refusal->error, refusal->why, now, out, refusal->cause);
        return Did::ended;
    }
    if (version_1) {
        send_features(out);
    } else if (!channel_ok()) {  // a peer without version 1.0 cannot negotiate TLS
        close(stream_error(StreamCondition::policy_violation, "TLS is required"),
              "no stream version, and TLS is required", now, out, Rule::tls);
        return Did::ended;
    }
    return Did::advance;
}

std::optional<In::Refusal> In::judge_again(const xml::Header& header, const xmpp::Domain& local_before) {
    if (auto refusal = judge(header)) return refusal;
    const auto no = [](StreamCondition condition, std::string_view why) {
        return Refusal{stream_error(condition), std::string{why}};
    };
    if (peer.remote != proven) return no(StreamCondition::invalid_from, "from is not the authenticated domain");
    if (peer.local != local_before) {
        return no(StreamCondition::not_authorized, "to is not the domain that the authentication was for");
    }
    if (!external_acceptable()) {
        return no(StreamCondition::not_authorized, "the certificate or the policy no longer allows EXTERNAL");
    }
    return std::nullopt;
}

/// After SASL: the header must repeat who and what was authenticated (RFC 6120 6.4.6, threat T33).
In::Did In::greet_again(const Event& event, TimePoint now, Actions& out) {
    header_seen = true;
    const xmpp::Domain before = peer.local;
    const auto refusal = judge_again(*event.header, before);
    respond_header(true, out);
    note(out, LogLevel::info, event::stream_opened,
         {{"from", peer.remote.text()}, {"to", peer.local.text()}, {"after", "sasl"}});
    if (refusal) {
        close(refusal->error, refusal->why, now, out, refusal->cause);
        return Did::ended;
    }
    PairState& pair = pairs.add(peer);
    pair.method = Method::external;
    send_features(out);
    deadlines[Timer::negotiation] = latest_negotiation = never;
    deadlines[Timer::idle] = now + timers.idle;
    out.push_back(PairReady{peer, Method::external});
    note(out, LogLevel::info, event::state,
         {{"pair", peer.text()}, {"from", "PENDING"}, {"to", "CONNECTED"}, {"method", "external"}});
    return Did::advance;
}

In::Did In::accept_tls(const Event& event, TimePoint now, Actions& out) {
    if (event.unread > 0) {  // RFC 6120 5.3.3: byte precision; anything behind is an injection (threat T16)
        note(out, LogLevel::warn, event::tls_failed, {{"why", "bytes after starttls"}},
             xmpp::Failure{Stage::tls, "bytes after starttls"});
        out.push_back(Send{std::string{wire::tls_failure}});
        close(std::nullopt, "bytes after starttls", now, out);
        return Did::ended;
    }
    out.push_back(Send{std::string{wire::proceed}});
    out.push_back(StartTls{(peer.local.empty() ? rules.default_domain() : peer.local).ascii()});
    return Did::advance;
}

In::Did In::restart(const Event& event, TimePoint, Actions& out) {
    tls = std::make_unique<TlsFacts>(*event.tls);
    std::string certificate = "none";
    if (tls->peer) certificate = tls->peer->chain_valid ? "chain accepted" : "not accepted: " + tls->peer->chain_error;
    note(out, LogLevel::info, event::tls,
         {{"version", tls->version}, {"cipher", tls->cipher}, {"certificate", std::move(certificate)}});
    forget_stream(out);
    peer = {};
    lang.clear();
    bidi = false;
    return Did::advance;
}

void In::forget_stream(Actions& out) {
    out.push_back(RestartXml{});
    pairs.clear();
    header_sent = header_seen = false;
    challenged = nullptr;
    id.clear();
}

}  // namespace sallyport::s2s
