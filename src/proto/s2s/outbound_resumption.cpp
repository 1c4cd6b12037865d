// A stream that broke goes on over this connection (XEP-0198 section 5). Every pair that was proved on it proves itself
// anew first; then `<resume/>`; and nothing is sent before the answer, so that what is sent again comes first and in
// its order. Where the peer does not resume, the stream begins anew. One that is new waits for its name, for a moment:
// what would be sent before could not be counted should the connection break.
#include <algorithm>
#include <utility>

#include "proto/s2s/events.h"
#include "proto/s2s/outbound_state.h"
#include "proto/s2s/wire.h"
#include "proto/xmpp/namespaces.h"

namespace sallyport::s2s {

using Out = Outbound::State;
using xmpp::StreamCondition;
using xmpp::StreamError;

/// A pair has proved itself: may stanzas go?
void Out::hold_or_send(PairState& proved, TimePoint now, Actions& out) {
    const bool first = held_back.empty() && !enable_sent && awaits == Awaits::nothing;
    held_back.push_back(proved.domains);
    if (awaits == Awaits::proofs) return go_on_resuming(now, out);
    if (first && resumption && offers.management && policy().stream_management && !bidi) {
        awaits = Awaits::proofs;
        go_on_resuming(now, out);
    } else if (first) {
        if (resumption) {
            resumption.reset();
            out.push_back(NotResumed{});
        }
        enable_acks(now, out);  // before the stanzas that PairReady lets loose: they count
    }
    if (awaits == Awaits::nothing) return let_go(out);
    if (first) out.push_back(Proved{});
}

/// Who resumes has proved as much as before: asks for as many pairs as the peer takes at a time.
void Out::prove_others(TimePoint now, Actions& out) {
    const std::vector<xmpp::DomainPair>& wanted = resumption->pairs;
    for (; asked_again < wanted.size() && pairs.pending() < max_pending; ++asked_again) {
        const xmpp::DomainPair& domains = wanted[asked_again];
        if (pairs.find(domains) != nullptr) continue;
        const StreamPolicy theirs = rules.policy(domains.remote);
        const bool allowed = rules.admits(domains, Direction::outbound).allowed && theirs.offer_dialback &&
                             !(theirs.security == SecurityMode::tls_required && !tls) &&
                             !(theirs.require_certificate && !certificate_proves(domains.remote));
        if (allowed && offers.dialback && !id.empty()) request(pairs.add(domains), now, out);
    }
}

/// Asks as soon as every pair has its answer. One that is not valid any more ends the matter: the peer would say so.
void Out::go_on_resuming(TimePoint now, Actions& out) {
    if (!resumption) return begin_anew(0, "nothing is left to go on with", now, out);
    prove_others(now, out);
    if (pairs.pending() != 0) return;
    const std::vector<xmpp::DomainPair>& wanted = resumption->pairs;
    const bool all = std::all_of(wanted.begin(), wanted.end(), [&](const xmpp::DomainPair& domains) {
        return pairs.ready(domains.local.text(), domains.remote.text());
    });
    if (!all) return begin_anew(0, "not all of its pairs are proved again", now, out);
    awaits = Awaits::resumed;
    deadlines[Timer::enabling] = now + timers.enable;
    out.push_back(Send{wire::sm_resume(resumption->id, 0)});
}

/// The pair was proved on the stream that is to be resumed, and is being proved again.
bool Out::is_of_earlier(const xmpp::DomainPair& domains) const {
    if (awaits != Awaits::proofs || !resumption) return false;
    const std::vector<xmpp::DomainPair>& wanted = resumption->pairs;
    return std::find(wanted.begin(), wanted.end(), domains) != wanted.end();
}

bool Outbound::forget_resumption(TimePoint now) {
    State& s = *state_;
    if (s.awaits == State::Awaits::resumed) return false;
    s.resumption.reset();
    // Not from here: the caller is in the middle of something else.
    if (s.phase == State::Phase::open && s.awaits == State::Awaits::proofs) s.deadlines[State::Timer::holding] = now;
    return true;
}

/// Of the earlier stream the peer has had `count` stanzas more than it had acknowledged.
void Out::begin_anew(std::uint64_t count, std::string_view why, TimePoint now, Actions& out) {
    note(out, LogLevel::info, event::not_resumed, {{"pair", pair.text()}, {"why", std::string{why}}});
    resumption.reset();
    awaits = Awaits::nothing;
    deadlines[Timer::enabling] = never;
    out.push_back(NotResumed{count});
    enable_acks(now, out);
    if (awaits == Awaits::nothing) let_go(out);
}

Out::Did Out::take_resumed(const Event& event, TimePoint now, Actions& out) {
    SentCounter before = SentCounter::of(resumption->acknowledged, resumption->unacknowledged);
    const auto h = read_h(event.element->attribute("h"));
    const auto had = h ? before.acknowledge(*h) : std::nullopt;
    if (!had || event.element->attribute("previd") != resumption->id) {
        out.push_back(NotResumed{});
        StreamError error = xmpp::stream_error(StreamCondition::undefined_condition);
        if (h && !had) {  // XEP-0198 section 6
            error.app_space = xmpp::ns::stream_management;
            error.app_name = "handled-count-too-high";
        }
        close(std::move(error), "the peer resumes with a count or a name that cannot be",
              {Stage::stream, "the remote server broke the protocol"}, now, out);
        return Did::ended;
    }
    enable_sent = managed = true;
    deadlines[Timer::enabling] = never;
    received.enable();
    sent.enable();
    sent.resume_at(before.acknowledged());
    note(out, LogLevel::info, event::resumed,
         {{"pair", pair.text()},
          {"h", std::to_string(*h)},
          {"again", std::to_string(resumption->unacknowledged - *had)}});
    resumption.reset();
    out.push_back(Resumed{*had});
    let_go(out);
    return Did::advance;
}

/// Those that have proved themselves and still may: stanzas go.
void Out::let_go(Actions& out) {
    awaits = Awaits::nothing;
    deadlines[Timer::holding] = never;
    for (const xmpp::DomainPair& domains : std::exchange(held_back, {})) {
        const PairState* proved = pairs.find(domains);
        if (proved == nullptr || proved->method == Method::none) continue;
        out.push_back(PairReady{domains, proved->method});
        note(out, LogLevel::info, event::state,
             {{"pair", domains.text()},
              {"from", "PENDING"},
              {"to", "CONNECTED"},
              {"method", std::string{s2s::text(proved->method)}}});
    }
}

}  // namespace sallyport::s2s
