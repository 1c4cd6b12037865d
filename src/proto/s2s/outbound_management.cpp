// Acknowledgements (XEP-0198) and, with XEP-0288, received stanzas on the outbound stream.
#include <algorithm>

#include "proto/s2s/events.h"
#include "proto/s2s/outbound_state.h"
#include "proto/s2s/wire.h"
#include "proto/xmpp/namespaces.h"

namespace sallyport::s2s {

using Out = Outbound::State;
using xmpp::StreamCondition;
using xmpp::StreamError;

/// With the first ready pair. What we send counts from `<enable/>` on, what we receive from `<enabled/>` on.
void Out::enable_acks(TimePoint now, Actions& out) {
    if (enable_sent || !offers.management || !policy().stream_management) return;
    enable_sent = true;
    deadlines[Timer::enabling] = now + timers.enable;
    sent.enable();
    const std::uint64_t seconds = seconds_to_resume();
    if (seconds == 0) return out.push_back(Send{std::string{wire::sm_enable}});
    out.push_back(Send{wire::sm_enable_for(std::chrono::seconds{seconds})});
    awaits = Awaits::enabled;
    deadlines[Timer::holding] = now + timers.hold;
}

/// 0: not at all. A stream that carries both directions (XEP-0288) is not resumed.
std::uint64_t Out::seconds_to_resume() const {
    constexpr std::uint64_t most = 1'000'000'000;
    return bidi ? 0 : std::min(resume_seconds, most);
}

Out::Did Out::acks_enabled(const Event& event, TimePoint, Actions& out) {
    if (!enable_sent || managed || awaits == Awaits::resumed) return Did::advance;
    deadlines[Timer::enabling] = never;
    managed = true;
    received.enable();
    std::vector<LogFact> facts_told{{"enabled", "yes"}};
    const std::string_view offered = event.element->attribute("resume");
    const std::string_view name = event.element->attribute("id");
    constexpr std::size_t longest = 4000;  // XEP-0198 section 3
    const std::uint64_t ours = seconds_to_resume();
    if ((offered == "true" || offered == "1") && !name.empty() && name.size() <= longest && ours != 0) {
        const std::uint64_t theirs = read_h(event.element->attribute("max")).value_or(0);
        const std::chrono::seconds max{theirs == 0 ? ours : std::min(theirs, ours)};
        out.push_back(Resumable{std::string{name}, max});
        facts_told.push_back({"resumable", std::to_string(max.count()) + "s"});
    }
    note(out, LogLevel::info, event::acks, std::move(facts_told));
    if (awaits == Awaits::enabled) let_go(out);
    if (sent.unacknowledged() > 0) {
        // Written before this answer came: nothing has asked for it yet.
        sent.asked();
        out.push_back(Send{std::string{wire::ack_request}});
    }
    return Did::advance;
}

Out::Did Out::acks_declined(const Event& event, TimePoint now, Actions& out) {
    if (awaits == Awaits::resumed) {
        // XEP-0198 section 5: it may know what had arrived.
        SentCounter before = SentCounter::of(resumption->acknowledged, resumption->unacknowledged);
        const auto h = read_h(event.element->attribute("h"));
        const auto had = h ? before.acknowledge(*h) : std::nullopt;
        begin_anew(had.value_or(0), "the peer does not resume it", now, out);
        return Did::advance;
    }
    if (managed || !enable_sent) return Did::advance;
    waive_acks("declined", out);
    return Did::advance;
}

/// Without acknowledgements what is written is done. Should `<enabled/>` come late, the peer's requests are answered,
/// and its counts, which begin before ours, are not used.
void Out::waive_acks(std::string_view why, Actions& out) {
    deadlines[Timer::enabling] = never;
    const std::uint64_t written = sent.unacknowledged();
    sent.disable();
    if (awaits == Awaits::enabled) let_go(out);
    if (written != 0) out.push_back(Acknowledged{written});
    note(out, LogLevel::info, event::acks, {{"enabled", "no"}, {"why", std::string{why}}});
}

Out::Did Out::acknowledge(const Event&, TimePoint, Actions& out) {
    out.push_back(Send{wire::ack(received.h())});
    received.owe();
    return Did::advance;
}

void Out::look_at_withheld(TimePoint now, Actions& out) {
    if (received.look()) out.push_back(Send{wire::ack(received.h())});
    deadlines[Timer::withheld] = received.next_look(now);
}

Out::Did Out::take_ack(const Event& event, TimePoint now, Actions& out) {
    const auto h = read_h(event.element->attribute("h"));
    if (!h) {
        close(stream_error(StreamCondition::bad_format), "an acknowledgement without a count",
              {Stage::stream, "the remote server violated the protocol"}, now, out);
        return Did::ended;
    }
    if (!sent.enabled()) {
        deadlines[Timer::probe] = never;
        return Did::advance;
    }
    const auto fresh = sent.acknowledge(*h);
    if (!fresh) {  // XEP-0198 section 6
        close(StreamError{StreamCondition::undefined_condition,
                          {},
                          std::string{xmpp::ns::stream_management},
                          "handled-count-too-high"},
              "the peer acknowledged more than was sent", {Stage::stream, "the remote server violated the protocol"},
              now, out);
        return Did::ended;
    }
    deadlines[Timer::probe] = never;
    if (*fresh != 0) out.push_back(Acknowledged{*fresh});
    return Did::advance;
}

void Outbound::on_sent(TimePoint, Actions& out) {
    State& s = *state_;
    if (s.phase != State::Phase::open) return;
    if (s.sent.send() && s.managed) {
        s.sent.asked();
        out.push_back(Send{std::string{wire::ack_request}});
    }
}

void Outbound::on_used(TimePoint now) {
    State& s = *state_;
    if (s.phase == State::Phase::open) s.deadlines[State::Timer::idle] = now + s.timers.idle;
}

void Outbound::on_progress(TimePoint now) {
    State& s = *state_;
    if (s.deadlines[State::Timer::probe] != never) s.deadlines[State::Timer::probe] = now + s.timers.stanza;
}

bool Outbound::probe(TimePoint now, Actions& out) {
    State& s = *state_;
    if (s.phase != State::Phase::open || !s.managed) return false;
    s.sent.asked();
    if (s.deadlines[State::Timer::probe] == never) s.deadlines[State::Timer::probe] = now + s.timers.stanza;
    out.push_back(Send{std::string{wire::ack_request}});
    return true;
}

bool Outbound::on_stanza(const xmpp::Stanza& stanza, TimePoint now, std::uint64_t& sequence, Actions& out) {
    State& s = *state_;
    const bool open = s.phase == State::Phase::open || (s.phase == State::Phase::closing && s.orderly);
    if (open && s.bidi && s.pairs.ready(stanza.to_domain, stanza.from_domain)) {
        sequence = s.received.receive();
        s.deadlines[State::Timer::stanza] = never;
        if (s.managed && s.phase == State::Phase::open && s.deadlines[State::Timer::withheld] == never) {
            s.deadlines[State::Timer::withheld] = s.received.watch(now);
        }
        return true;
    }
    if (s.phase == State::Phase::closing || s.phase == State::Phase::closed) return false;
    const bool authenticated = s.bidi && s.pairs.any_ready();
    const bool known = authenticated && s.pairs.knows_remote(stanza.from_domain);
    const auto condition = !authenticated ? StreamCondition::not_authorized
                           : known        ? StreamCondition::host_unknown
                                          : StreamCondition::invalid_from;
    s.close(
        stream_error(condition),
        authenticated ? "stanza for a pair that is not verified here" : "stanza against the direction of the stream",
        {s.stage(), "the remote server violated the protocol"}, now, out);
    return false;
}

std::string_view Outbound::local_for(std::string_view from_domain) const {
    return state_->pairs.local_for(from_domain);
}

void Outbound::on_handled(std::uint64_t sequence, Actions& out) {
    State& s = *state_;
    s.received.handle(sequence);
    if (s.phase == State::Phase::open && s.managed && s.received.due()) out.push_back(Send{wire::ack(s.received.h())});
}

}  // namespace sallyport::s2s
