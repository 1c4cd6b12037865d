// SASL on the inbound stream: RFC 6120 section 6, XEP-0178 section 3. Whether EXTERNAL may succeed is judged again when
// the peer uses it, not only when it was offered (threats T27 to T30).
#include <utility>

#include "proto/s2s/events.h"
#include "proto/s2s/inbound_state.h"
#include "proto/s2s/sasl/mechanisms.h"
#include "proto/s2s/wire.h"

namespace sallyport::s2s {

using In = Inbound::State;
using xmpp::StreamCondition;

bool In::external_acceptable() const {
    return certificate_proves(peer.remote) && !peer.local.empty() && policy().offer_external &&
           rules.serves(peer.local) == Served::yes && rules.admits(peer, Direction::inbound).allowed;
}

In::Did In::authenticate(const Event& event, TimePoint now, Actions& out) {
    challenged = nullptr;  // RFC 6120 6.4.2: a new attempt discards the old one
    const sasl::Mechanism* const mechanism = sasl::find(event.element->attribute("mechanism"));
    std::optional<sasl::Failure> failure;
    if (mechanism == nullptr || !policy().offer_external) {
        failure = sasl::Failure::invalid_mechanism;
    } else if (!tls) {
        failure = sasl::Failure::encryption_required;
    }
    if (failure) return fail_sasl(*failure, now, out);
    const std::string response = event.element->text();
    if (response.empty()) {  // no initial response: ask for it (RFC 4422 3.3)
        challenged = mechanism;
        out.push_back(Send{std::string{wire::sasl_challenge}});
        return Did::stay;
    }
    return judge_response(*mechanism, response, now, out);
}

In::Did In::take_response(const Event& event, TimePoint now, Actions& out) {
    const sasl::Mechanism* const mechanism = std::exchange(challenged, nullptr);
    if (mechanism == nullptr) return fail_sasl(sasl::Failure::malformed_request, now, out);
    return judge_response(*mechanism, event.element->text(), now, out);
}

In::Did In::judge_response(const sasl::Mechanism& mechanism, std::string_view response, TimePoint now, Actions& out) {
    const sasl::Claim claim{peer.remote, external_acceptable()};
    const auto failure = mechanism.judge(claim, response);
    if (failure) return fail_sasl(*failure, now, out);
    sasl_done = true;
    proven = peer.remote;
    out.push_back(Send{std::string{wire::sasl_success}});
    note(out, LogLevel::info, event::sasl_success,
         {{"mechanism", std::string{mechanism.name}}, {"from", proven.text()}});
    forget_stream(out);
    return Did::advance;
}

In::Did In::abort_sasl(const Event&, TimePoint now, Actions& out) {
    challenged = nullptr;
    return fail_sasl(sasl::Failure::aborted, now, out);
}

/// RFC 6120 6.4.5: a few attempts, then the stream ends.
In::Did In::fail_sasl(sasl::Failure failure, TimePoint now, Actions& out) {
    out.push_back(Send{xmpp::write(failure)});
    note(out, LogLevel::warn, event::sasl_failure,
         {{"condition", std::string{text(failure)}}, {"from", peer.remote.text()}},
         xmpp::Failure{Stage::sasl, std::string{text(failure)}});
    if (++sasl_failures < max_sasl_failures) return Did::stay;
    close(stream_error(StreamCondition::policy_violation, "too many SASL failures"), "SASL failures", now, out);
    return Did::ended;
}

}  // namespace sallyport::s2s
