// Headers, features, TLS and SASL on the outbound stream: RFC 6120 4 to 6, RFC 7590 3, XEP-0178, XEP-0288, XEP-0478.
#include "proto/s2s/certificate.h"
#include "proto/s2s/events.h"
#include "proto/s2s/header_judge.h"
#include "proto/s2s/outbound_state.h"
#include "proto/s2s/sasl/mechanisms.h"
#include "proto/s2s/stream_limits.h"
#include "proto/s2s/wire.h"
#include "proto/xmpp/namespaces.h"
#include "proto/xmpp/stream_header.h"

namespace sallyport::s2s {

namespace ns = xmpp::ns;
using Out = Outbound::State;
using xmpp::StreamCondition;

void Out::send_header(Actions& out) {
    xmpp::StreamHeader header;
    header.from = pair.local.text();
    header.to = pair.remote.text();
    header_sent = true;
    out.push_back(Send{xmpp::write(header)});
}

void Out::forget_stream(Actions& out) {
    out.push_back(RestartXml{});
    id.clear();
    lang.clear();
    offers = {};
    declares_dialback = false;
}

Out::Did Out::begin(const Event&, TimePoint, Actions& out) {
    send_header(out);
    return Did::advance;
}

Out::Did Out::begin_direct(const Event&, TimePoint, Actions& out) {
    out.push_back(StartTls{pair.remote.ascii()});
    return Did::advance;
}

Out::Did Out::read_header(const Event& event, TimePoint now, Actions& out) {
    const xml::Header& header = *event.header;
    if (const auto objection = judge_frame(header)) {
        close(stream_error(objection->condition), std::string{objection->why},
              {Stage::stream, "the remote server violated the protocol"}, now, out);
        return Did::ended;
    }
    id = header.attribute("id");
    lang = usable_lang(header);
    declares_dialback = false;
    for (const auto& [prefix, space] : header.prefixes) declares_dialback = declares_dialback || space == ns::dialback;
    // COMPAT(Cisco XCP): the reply has no `to`, and `from` is a hint until TLS or dialback has spoken: neither is
    // judged.
    note(out, LogLevel::info, event::stream_opened,
         {{"from", std::string{header.attribute("from")}},
          {"to", std::string{header.attribute("to")}},
          {"version", std::string{header.attribute("version")}}});
    if (own_id && own_id(id)) {  // threat T14
        close(std::nullopt, "the connection leads back to this node",
              {Stage::stream, "the remote server cannot be reached", xmpp::StanzaCondition::remote_server_not_found,
               true},
              now, out);
        return Did::ended;
    }
    if (speaks_version_1(header)) return Did::advance;
    if (tls) {
        prove(now, out);
    } else {
        choose_without_tls(now, out);  // RFC 6120 4.7.5: no features will come
    }
    return Did::ended;
}

/// Collects what the peer offers, and tells the driver its limits.
void Out::read_features(const xml::Element& element, Actions& out) {
    offers = {};
    std::string names;
    for (const xml::Element::Child& child : element.children) {
        const auto* feature = std::get_if<xml::Element>(&child);
        if (feature == nullptr) continue;
        if (names.size() < 256) names.append(names.empty() ? "" : " ").append(feature->name);
        if (feature->is(ns::tls, "starttls")) {
            offers.starttls = true;
            offers.starttls_required = feature->child(ns::tls, "required") != nullptr;
        } else if (feature->is(ns::sasl, "mechanisms")) {
            for (const xml::Element::Child& inner : feature->children) {
                const auto* mechanism = std::get_if<xml::Element>(&inner);
                if (mechanism != nullptr && mechanism->is(ns::sasl, "mechanism") && mechanism->text() == "EXTERNAL") {
                    offers.external = true;
                }
            }
        } else if (feature->is(ns::dialback_feature, "dialback")) {
            offers.dialback = true;
            offers.errors = feature->child(ns::dialback_feature, "errors") != nullptr;
        } else if (feature->is(ns::bidi_feature, "bidi")) {
            offers.bidi = true;
        } else if (feature->is(ns::stream_management, "sm")) {
            offers.management = true;
        } else if (feature->is(ns::stream_limits, "limits")) {
            const PeerLimits limits = read_limits(*feature);
            out.push_back(limits);
            note(out, LogLevel::debug, event::peer_limits,
                 {{"max-bytes", std::to_string(limits.max_bytes)},
                  {"idle-seconds", std::to_string(limits.idle_seconds)}});
        }
    }
    note(out, LogLevel::info, event::features_received, {{"features", std::move(names)}});
}

/// COMPAT(servers that send features again after db:result): nothing new is chosen in the middle of a stream.
Out::Did Out::ignore_features(const Event&, TimePoint, Actions& out) {
    note(out, LogLevel::debug, event::features_received, {{"ignored", "received before"}});
    return Did::advance;
}

Out::Did Out::choose_channel(const Event& event, TimePoint now, Actions& out) {
    read_features(*event.element, out);
    const SecurityMode mode = policy().security;
    if (offers.starttls && mode != SecurityMode::no_tls) {
        out.push_back(Send{std::string{wire::starttls}});
        return Did::advance;
    }
    if (offers.starttls_required) {
        note(out, LogLevel::warn, event::tls_failed, {{"why", "the peer requires TLS, our mode is No TLS"}},
             xmpp::Failure{Stage::tls, "the peer requires TLS, our mode is No TLS"});
        close(std::nullopt, "the peer requires TLS, our mode is No TLS",
              {Stage::tls, "the remote server requires TLS", xmpp::StanzaCondition::remote_server_timeout, true}, now,
              out);
        return Did::ended;
    }
    choose_without_tls(now, out);
    return Did::ended;
}

/// XEP-0288 2.2: before any authentication, and with the limits that we have no features for (XEP-0478). Only from whom
/// stanzas are welcome as well.
void Out::ask_for_bidi(Actions& out) {
    if (!offers.bidi || !policy().bidi || !rules.admits(pair, Direction::inbound).allowed) return;
    bidi = true;
    const auto idle_seconds = std::chrono::duration_cast<std::chrono::seconds>(timers.idle).count();
    out.push_back(Send{wire::bidi(write_limits(max_bytes, static_cast<std::uint64_t>(idle_seconds)))});
    note(out, LogLevel::info, event::bidi, {{"pair", pair.text()}});
}

/// The peer offers no TLS (or cannot say). RFC 7590 3.1: that does not stop us from asking when TLS is required.
void Out::choose_without_tls(TimePoint now, Actions& out) {
    if (policy().security == SecurityMode::tls_required) {
        out.push_back(Send{std::string{wire::starttls}});
        phase = Phase::asking_tls;
        deadlines[Timer::answering] = std::min(deadlines[Timer::answering], now + timers.unoffered);
        return;
    }
    if (!verify_only) ask_for_bidi(out);
    prove(now, out);
}

Out::Did Out::begin_tls(const Event& event, TimePoint now, Actions& out) {
    if (event.unread > 0) {  // threat T17
        note(out, LogLevel::warn, event::tls_failed, {{"why", "bytes after proceed"}},
             xmpp::Failure{Stage::tls, "bytes after proceed"});
        close(std::nullopt, "bytes after proceed", {Stage::tls, "the remote server violated the protocol"}, now, out,
              true);
        return Did::ended;
    }
    deadlines[Timer::answering] = share ? now + *share : never;
    out.push_back(StartTls{pair.remote.ascii()});
    return Did::advance;
}

Out::Did Out::tls_refused(const Event&, TimePoint now, Actions& out) {
    note(out, LogLevel::warn, event::tls_failed, {{"why", "the peer refused TLS"}},
         xmpp::Failure{Stage::tls, "the peer refused TLS"});
    close(std::nullopt, "the peer refused TLS", ended("the remote server refused TLS"), now, out);
    return Did::ended;
}

Out::Did Out::restart(const Event& event, TimePoint now, Actions& out) {
    tls = std::make_unique<TlsFacts>(*event.tls);
    const std::string doubt = tls->peer ? objection(*tls->peer, pair.remote) : std::string{"no certificate"};
    note(out, LogLevel::info, event::tls,
         {{"version", tls->version},
          {"cipher", tls->cipher},
          {"certificate", doubt.empty() ? "proves the peer" : doubt}});
    if (!doubt.empty() && policy().require_certificate) {  // RFC 6120 13.7.2
        note(out, LogLevel::warn, event::tls_failed, {{"why", doubt}}, xmpp::Failure{Stage::tls, doubt});
        close(std::nullopt, doubt,
              {Stage::tls, "the certificate of the remote server is not accepted",
               xmpp::StanzaCondition::remote_server_timeout, true},
              now, out, true);
        return Did::ended;
    }
    forget_stream(out);
    send_header(out);
    return Did::advance;
}

Out::Did Out::choose_proof(const Event& event, TimePoint now, Actions& out) {
    read_features(*event.element, out);
    const StreamPolicy wanted = policy();
    if (verify_only) {
        prove(now, out);
        return Did::ended;
    }
    ask_for_bidi(out);
    if (offers.external && wanted.offer_external && certificate_proves(pair.remote)) {
        if (external || !may_dial_back()) {
            out.push_back(Send{wire::auth("EXTERNAL", sasl::external_response(pair.local))});
            note(out, LogLevel::info, event::sasl_sent, {{"mechanism", "EXTERNAL"}, {"pair", pair.text()}});
            external_tried = true;
            phase = Phase::authenticating;
            deadlines[Timer::answering] = now + timers.sasl;
            return Did::ended;
        }
        note(out, LogLevel::info, event::sasl_avoided,
             {{"mechanism", "EXTERNAL"},
              {"pair", pair.text()},
              {"why", "the peer refused our certificate and ended the stream; dialback instead"}});
    }
    prove(now, out);
    return Did::ended;
}

/// RFC 6120 6.4.3: a server that wants it on its own line gets once more what it has had.
Out::Did Out::respond(const Event&, TimePoint, Actions& out) {
    challenged = true;
    out.push_back(Send{wire::sasl_response(sasl::external_response(pair.local))});
    return Did::advance;
}

Out::Did Out::restart_authenticated(const Event&, TimePoint now, Actions& out) {
    sasl_done = true;
    deadlines[Timer::answering] = now + timers.sasl;
    note(out, LogLevel::info, event::sasl_success, {{"mechanism", "EXTERNAL"}, {"pair", pair.text()}});
    forget_stream(out);
    send_header(out);
    return Did::advance;
}

Out::Did Out::fall_back(const Event& event, TimePoint now, Actions& out) {
    const xml::Element* condition = event.element->first_child();
    const std::string said = condition == nullptr ? std::string{"no condition"} : condition->name;
    note(out, LogLevel::warn, event::sasl_failure, {{"condition", said}, {"pair", pair.text()}},
         xmpp::Failure{Stage::sasl, said});
    if (!may_dial_back()) {
        close(std::nullopt, "SASL failed: " + said,
              {Stage::sasl, "the remote server refused authentication", xmpp::StanzaCondition::remote_server_timeout,
               said != "temporary-auth-failure"},
              now, out);
        return Did::ended;
    }
    prove(now, out);
    return Did::ended;
}

Out::Did Out::open_external(const Event& event, TimePoint now, Actions& out) {
    read_features(*event.element, out);
    phase = Phase::open;
    deadlines[Timer::answering] = never;
    if (PairState* first = pairs.find(pair)) pair_ready(*first, Method::external, now, out);
    send_asks(now, out);
    return Did::ended;
}

}  // namespace sallyport::s2s
