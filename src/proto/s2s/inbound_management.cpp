// Acknowledgements (XEP-0198), both directions on one stream (XEP-0288) and compression (XEP-0138, refused) on the
// inbound stream. Acknowledging waits for Inbound::on_handled: what is acknowledged has reached the next hop.
#include <algorithm>

#include "proto/s2s/events.h"
#include "proto/s2s/inbound_state.h"
#include "proto/s2s/stream_limits.h"
#include "proto/s2s/wire.h"
#include "proto/xmpp/namespaces.h"

namespace sallyport::s2s {

using In = Inbound::State;
using xmpp::StanzaCondition;
using xmpp::StreamCondition;
using xmpp::StreamError;

In::Did In::accept_bidi(const Event& event, TimePoint, Actions& out) {
    bidi = true;
    note(out, LogLevel::info, event::bidi, {{"pair", peer.text()}});
    if (const xml::Element* announced = event.element->child(xmpp::ns::stream_limits, "limits")) {  // XEP-0478
        const PeerLimits limits = read_limits(*announced);
        out.push_back(limits);
        note(out, LogLevel::debug, event::peer_limits,
             {{"max-bytes", std::to_string(limits.max_bytes)}, {"idle-seconds", std::to_string(limits.idle_seconds)}});
    }
    return Did::advance;
}

In::Did In::enable(const Event& event, TimePoint, Actions& out) {
    received.enable();
    sent.enable();
    const std::string_view asked = event.element->attribute("resume");
    const std::uint64_t seconds = seconds_to_resume();
    if ((asked != "true" && asked != "1") || seconds == 0 || bidi) {
        out.push_back(Send{std::string{wire::sm_enabled}});
        note(out, LogLevel::info, event::acks, {{"enabled", "yes"}});
        return Did::advance;
    }
    const std::uint64_t wished = read_h(event.element->attribute("max")).value_or(0);
    const std::chrono::seconds max{wished == 0 ? seconds : std::min(wished, seconds)};
    received.keep_marks(static_cast<std::size_t>(bounds().stanzas));
    session = fresh_session();
    out.push_back(Resumable{session, max});
    out.push_back(Send{wire::sm_enabled_as(session, max)});
    note(out, LogLevel::info, event::acks, {{"enabled", "yes"}, {"resumable", std::to_string(max.count()) + "s"}});
    return Did::advance;
}

In::Bounds In::bounds() const {
    const xmpp::Domain& remote =
        peer.remote.empty() && !pairs.all().empty() ? pairs.all().front().domains.remote : peer.remote;
    if (!limits_of || remote.empty()) return general;
    const Limits limits = limits_of(remote);
    return {limits.s2s_resume_seconds, limits.resumable_stanzas};
}

/// 0: it cannot be.
std::uint64_t In::seconds_to_resume() const {
    constexpr std::uint64_t most = 1'000'000'000;
    return fresh_session && policy().stream_management ? std::min(bounds().seconds, most) : 0;
}

In::Did In::decline_enable(const Event&, TimePoint, Actions& out) {
    out.push_back(Send{wire::sm_failed(StanzaCondition::unexpected_request)});
    note(out, LogLevel::info, event::acks, {{"enabled", "no"}});
    return Did::advance;
}

/// Whatever the answer would be: the stream is closed.
bool In::asks_too_often(TimePoint now, Actions& out) {
    if (++resumptions <= most_resumptions) return false;
    close(stream_error(StreamCondition::policy_violation, "too many attempts to resume"), "too many attempts to resume",
          now, out);
    return true;
}

/// Who has proved nothing does not learn whether there is such a stream (XEP-0198 section 9).
In::Did In::refuse_stranger(const Event&, TimePoint now, Actions& out) {
    if (asks_too_often(now, out)) return Did::ended;
    out.push_back(Send{wire::sm_failed(StanzaCondition::not_authorized)});
    note(out, LogLevel::info, event::not_resumed, {{"why", "nothing is proved yet"}, {"from", peer.remote.text()}});
    return Did::advance;
}

In::Did In::decline_resume(const Event&, TimePoint now, Actions& out) {
    if (asks_too_often(now, out)) return Did::ended;
    out.push_back(Send{wire::sm_failed(received.enabled() || pairs.pending() != 0 ? StanzaCondition::unexpected_request
                                                                                  : StanzaCondition::item_not_found)});
    note(out, LogLevel::info, event::not_resumed, {{"why", "not on this stream"}, {"from", peer.remote.text()}});
    return Did::advance;
}

/// Whether there is such a stream, and whether it is this peer's, others know.
In::Did In::ask_to_resume(const Event& event, TimePoint now, Actions& out) {
    if (bidi) {
        const Did did = decline_resume(event, now, out);
        return did == Did::advance ? Did::stay : did;
    }
    if (asks_too_often(now, out)) return Did::ended;
    const auto h = read_h(event.element->attribute("h"));
    const std::string_view previous = event.element->attribute("previd");
    constexpr std::size_t longest = 4000;  // XEP-0198 section 3
    if (!h || previous.empty() || previous.size() > longest) {
        // Nothing has been counted yet: the peer goes on with a new stream, and sends again what it has.
        out.push_back(Send{wire::sm_failed(StanzaCondition::bad_request)});
        note(out, LogLevel::info, event::not_resumed, {{"why", "no name or no count"}, {"from", peer.remote.text()}});
        return Did::stay;
    }
    // On a stream that can be resumed nothing goes to the peer that it could have counted.
    if (*h != 0) return refuse_count(now, out);
    out.push_back(Resume{std::string{previous}});
    return Did::advance;
}

In::Did In::go_on(const Event& event, TimePoint now, Actions& out) {
    session = event.text;
    received = std::move(*event.counted);
    sent.enable();
    const std::uint64_t again = received.received();
    const std::uint32_t h = received.go_back();
    deadlines[Timer::idle] = now + timers.idle;
    if (received.on_their_way()) deadlines[Timer::withheld] = received.watch(now);
    out.push_back(Send{wire::sm_resumed(session, h)});
    note(out, LogLevel::info, event::resumed,
         {{"from", peer.remote.text()}, {"h", std::to_string(h)}, {"received", std::to_string(again)}});
    return Did::advance;
}

In::Did In::begin_anew(const Event& event, TimePoint, Actions& out) {
    out.push_back(Send{wire::sm_failed(StanzaCondition::item_not_found, event.h)});
    note(out, LogLevel::info, event::not_resumed,
         {{"why", event.h ? "it is over" : "no such stream of this peer"}, {"from", peer.remote.text()}});
    return Did::advance;
}

In::Did In::acknowledge(const Event&, TimePoint, Actions& out) {
    out.push_back(Send{wire::ack(received.h())});
    received.owe();
    return Did::advance;
}

void In::look_at_withheld(TimePoint now, Actions& out) {
    if (received.look()) out.push_back(Send{wire::ack(received.h())});
    deadlines[Timer::withheld] = received.next_look(now);
}

In::Did In::take_ack(const Event& event, TimePoint now, Actions& out) {
    const auto h = read_h(event.element->attribute("h"));
    if (!h) {
        close(stream_error(StreamCondition::bad_format), "an acknowledgement without a count", now, out);
        return Did::ended;
    }
    const auto fresh = sent.acknowledge(*h);
    if (!fresh) return refuse_count(now, out);
    if (*fresh != 0) out.push_back(Acknowledged{*fresh});
    return Did::advance;
}

/// XEP-0198 section 6.
In::Did In::refuse_count(TimePoint now, Actions& out) {
    close(StreamError{StreamCondition::undefined_condition,
                      {},
                      std::string{xmpp::ns::stream_management},
                      "handled-count-too-high"},
          "the peer acknowledged more than was sent", now, out);
    return Did::ended;
}

In::Did In::decline_compression(const Event&, TimePoint, Actions& out) {
    out.push_back(Send{std::string{wire::compress_failure}});
    return Did::advance;
}

void Inbound::on_handled(std::uint64_t sequence, Actions& out) {
    State& s = *state_;
    s.received.handle(sequence);
    if (s.phase == State::Phase::open && s.received.enabled() && s.received.due()) {
        out.push_back(Send{wire::ack(s.received.h())});
    }
}

bool Inbound::probe(TimePoint, Actions& out) {
    State& s = *state_;
    if (s.phase != State::Phase::open || !s.sent.enabled()) return false;
    s.sent.asked();
    out.push_back(Send{std::string{wire::ack_request}});
    return true;
}

void Inbound::on_sent(TimePoint now, Actions& out) {
    State& s = *state_;
    if (s.phase != State::Phase::open) return;
    s.deadlines[State::Timer::idle] = now + s.timers.idle;
    if (s.sent.send()) {
        s.sent.asked();
        out.push_back(Send{std::string{wire::ack_request}});
    }
}

}  // namespace sallyport::s2s
