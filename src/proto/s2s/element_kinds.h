// What can happen to a stream: one enumerator an event, and the table that tells a first-level element's event by
// namespace and name. The prefix never decides (RFC 6120 4.8.5, XEP-0220 2 note).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proto/machine.h"
#include "proto/xml/element.h"

namespace sallyport::s2s {

enum class On : std::uint8_t {
    connected,
    header,
    tls_up,
    footer,
    problem,
    lost,  // from the driver
    stanza,
    verdict_valid,
    verdict_invalid,
    verdict_error,
    resumption_granted,
    resumption_refused,
    starttls,
    proceed,
    tls_failure,  // RFC 6120 5
    auth,
    challenge,
    response,
    abort,
    success,
    sasl_failure,  // RFC 6120 6
    result,
    result_answer,
    verify,
    verify_answer,  // XEP-0220; answers have a type
    bidi,
    enable,
    enabled,
    sm_failed,
    resume,
    resumed,
    ack_request,
    ack,  // XEP-0288, XEP-0198
    compress,
    features,
    stream_error,
    foreign,
    count_
};
[[nodiscard]] std::string_view text(On on);

/// The event that `element` is; foreign when no protocol of ours knows it.
[[nodiscard]] On classify(const xml::Element& element);

using RowText = machine::RowText;

}  // namespace sallyport::s2s
