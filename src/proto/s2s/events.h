// The facts that the stream machines tell the log, one row an event: name, the part of a handshake that it belongs to,
// and what it means. The names are an interface: the manual lists them, tests assert them, operators search for them.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "base/refusal_rules.h"

namespace sallyport::s2s {

struct EventRow {
    std::string_view name;
    Stage stage;
    std::string_view help;
};

namespace event {

inline constexpr std::string_view stream_opened = "s2s.stream.opened";
inline constexpr std::string_view stream_closed = "s2s.stream.closed";
inline constexpr std::string_view stream_closed_dialback_only = "s2s.stream.closed-dialback-only";
inline constexpr std::string_view stream_error_received = "s2s.stream.error-received";
inline constexpr std::string_view state = "s2s.state";
inline constexpr std::string_view refused = "s2s.refused";
inline constexpr std::string_view features_received = "s2s.features.received";
inline constexpr std::string_view features_sent = "s2s.features.sent";
inline constexpr std::string_view tls = "s2s.tls";
inline constexpr std::string_view tls_failed = "s2s.tls.failed";
inline constexpr std::string_view sasl_sent = "s2s.sasl.sent";
inline constexpr std::string_view sasl_avoided = "s2s.sasl.avoided";
inline constexpr std::string_view sasl_success = "s2s.sasl.success";
inline constexpr std::string_view sasl_failure = "s2s.sasl.failure";
inline constexpr std::string_view result_sent = "s2s.result.sent";
inline constexpr std::string_view result_received = "s2s.result.received";
inline constexpr std::string_view result_answered = "s2s.result.answered";
inline constexpr std::string_view result_shortcut = "s2s.result.shortcut";
inline constexpr std::string_view dialback_timeout_scheduled = "s2s.dialback.timeout-scheduled";
inline constexpr std::string_view dialback_timeout = "s2s.dialback.timeout";
inline constexpr std::string_view verify_sent = "s2s.verify.sent";
inline constexpr std::string_view verify_received = "s2s.verify.received";
inline constexpr std::string_view verify_answered = "s2s.verify.answered";
inline constexpr std::string_view answer_dropped = "s2s.answer.dropped";
inline constexpr std::string_view bidi = "s2s.bidi";
inline constexpr std::string_view acks = "s2s.acks";
inline constexpr std::string_view resumed = "s2s.resumed";
inline constexpr std::string_view not_resumed = "s2s.not-resumed";
inline constexpr std::string_view peer_limits = "s2s.peer-limits";

}  // namespace event

inline constexpr std::array event_rows{
    EventRow{event::stream_opened, Stage::stream, "A stream header arrived: its from, to, id and version."},
    EventRow{event::stream_closed, Stage::stream, "A stream ended; why says who ended it, and the reason."},
    EventRow{event::stream_closed_dialback_only, Stage::stream, "A stream that only carried key verifications ends."},
    EventRow{event::stream_error_received, Stage::stream, "The peer ended the stream with an error condition."},
    EventRow{event::state, Stage::stream, "A domain pair changes its state, from PENDING to CONNECTED or to FAILED."},
    EventRow{event::refused, Stage::stream, "Something of the peer was refused: the condition it got, and why."},
    EventRow{event::features_received, Stage::stream, "Stream features that the peer offers."},
    EventRow{event::features_sent, Stage::stream, "Stream features that were offered to the peer."},
    EventRow{event::tls, Stage::tls, "TLS is established: version, cipher, whether the certificate proves the peer."},
    EventRow{event::tls_failed, Stage::tls, "TLS failed or is not good enough."},
    EventRow{event::sasl_sent, Stage::sasl, "SASL EXTERNAL was requested of the peer."},
    EventRow{event::sasl_avoided, Stage::sasl,
             "SASL EXTERNAL is offered and not used: the peer refused it and ended its last stream."},
    EventRow{event::sasl_success, Stage::sasl, "SASL EXTERNAL succeeded."},
    EventRow{event::sasl_failure, Stage::sasl, "SASL failed; condition says how."},
    EventRow{event::result_sent, Stage::dialback,
             "As initiating server: db:result with a key (first 8 digits) was sent."},
    EventRow{event::result_received, Stage::dialback,
             "db:result arrived: a key to be verified, or with type the answer to ours."},
    EventRow{event::result_answered, Stage::dialback,
             "As receiving server: the peer was told whether its key is valid."},
    EventRow{event::result_shortcut, Stage::dialback,
             "The certificate proved the sender; no dialback was needed (XEP-0344)."},
    EventRow{event::dialback_timeout_scheduled, Stage::dialback, "The dialback timer of a pair started."},
    EventRow{event::dialback_timeout, Stage::dialback, "The dialback timer of a pair ran out."},
    EventRow{event::verify_sent, Stage::dialback,
             "As receiving server: db:verify was sent to the authoritative server."},
    EventRow{event::verify_received, Stage::dialback,
             "db:verify arrived: a request to us, or with type the authoritative server's answer."},
    EventRow{event::verify_answered, Stage::dialback, "As authoritative server: a key was judged."},
    EventRow{event::answer_dropped, Stage::stream, "An answer that nobody asked for on this stream was dropped."},
    EventRow{event::bidi, Stage::stream, "Both directions share the stream (XEP-0288)."},
    EventRow{event::acks, Stage::stream, "Stream management (XEP-0198) is on, was declined, or not answered for."},
    EventRow{event::resumed, Stage::stream, "A stream that had broken goes on over this connection (XEP-0198)."},
    EventRow{event::not_resumed, Stage::stream, "It does not: the stream begins anew, and says why."},
    EventRow{event::peer_limits, Stage::stream, "The peer announced limits (XEP-0478)."},
};

/// The part of a handshake that an event of a machine belongs to.
[[nodiscard]] constexpr Stage stage_of(std::string_view event) {
    const auto* const at =
        std::find_if(event_rows.begin(), event_rows.end(), [=](const EventRow& row) { return row.name == event; });
    return at == event_rows.end() ? Stage::stream : at->stage;
}

}  // namespace sallyport::s2s
