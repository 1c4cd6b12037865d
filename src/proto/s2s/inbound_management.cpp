// Acknowledgements (XEP-0198), both directions on one stream (XEP-0288) and compression (XEP-0138, refused) on the
// inbound stream. Acknowledging waits for Inbound::on_handled: what is acknowledged has reached the next hop.
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

In::Did In::enable(const Event&, TimePoint, Actions& out) {
    received.enable();
    sent.enable();
    out.push_back(Send{std::string{wire::sm_enabled}});
    note(out, LogLevel::info, event::acks, {{"enabled", "yes"}});
    return Did::advance;
}

In::Did In::decline_enable(const Event&, TimePoint, Actions& out) {
    out.push_back(Send{wire::sm_failed(StanzaCondition::unexpected_request)});
    note(out, LogLevel::info, event::acks, {{"enabled", "no"}});
    return Did::advance;
}

In::Did In::decline_resume(const Event&, TimePoint, Actions& out) {
    out.push_back(Send{wire::sm_failed(StanzaCondition::item_not_found)});
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
    if (!fresh) {  // XEP-0198 section 6
        close(StreamError{StreamCondition::undefined_condition,
                          {},
                          std::string{xmpp::ns::stream_management},
                          "handled-count-too-high"},
              "the peer acknowledged more than was sent", now, out);
        return Did::ended;
    }
    if (*fresh != 0) out.push_back(Acknowledged{*fresh});
    return Did::advance;
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
