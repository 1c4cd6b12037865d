// The small elements that stream machines send, written whole. Dialback always with the prefix `db` that our headers
// declare (XEP-0220 2 note); values escaped.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "proto/xmpp/errors.h"

namespace sallyport::s2s::wire {

inline constexpr std::string_view starttls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
inline constexpr std::string_view proceed = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
inline constexpr std::string_view tls_failure = "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
inline constexpr std::string_view sasl_challenge = "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>=</challenge>";
inline constexpr std::string_view sasl_success = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>";
inline constexpr std::string_view sm_enable = "<enable xmlns='urn:xmpp:sm:3'/>";
inline constexpr std::string_view sm_enabled = "<enabled xmlns='urn:xmpp:sm:3'/>";
inline constexpr std::string_view ack_request = "<r xmlns='urn:xmpp:sm:3'/>";
inline constexpr std::string_view compress_failure =
    "<failure xmlns='http://jabber.org/protocol/compress'><unsupported-method/></failure>";

/// `<auth/>` of SASL.
[[nodiscard]] std::string auth(std::string_view mechanism, std::string_view response);
[[nodiscard]] std::string sasl_response(std::string_view response);
/// XEP-0288 2.2, with the `<limits/>` of XEP-0478.
[[nodiscard]] std::string bidi(std::string_view limits);
/// XEP-0220 2.1.1: a request.
[[nodiscard]] std::string result(std::string_view from, std::string_view to, std::string_view key);
/// XEP-0220 2.2.1: an answer, `type` valid or invalid; without the key.
[[nodiscard]] std::string result_answer(std::string_view from, std::string_view to, std::string_view type);
/// XEP-0220 2.5.
[[nodiscard]] std::string result_error(std::string_view from, std::string_view to, const xmpp::StanzaError& error);
[[nodiscard]] std::string verify(std::string_view from, std::string_view to, std::string_view id, std::string_view key);
[[nodiscard]] std::string verify_answer(std::string_view from, std::string_view to, std::string_view id,
                                        std::string_view type);
[[nodiscard]] std::string verify_error(std::string_view from, std::string_view to, std::string_view id,
                                       const xmpp::StanzaError& error);
/// XEP-0198.
[[nodiscard]] std::string ack(std::uint32_t h);
/// `h`: as far as the one who does not resume knows what arrived.
[[nodiscard]] std::string sm_failed(xmpp::StanzaCondition condition, std::optional<std::uint32_t> h = std::nullopt);
/// That can be resumed, for so long if the other side can as well.
[[nodiscard]] std::string sm_enable_for(Duration max);
[[nodiscard]] std::string sm_enabled_as(std::string_view id, Duration max);
[[nodiscard]] std::string sm_resume(std::string_view id, std::uint32_t h);
[[nodiscard]] std::string sm_resumed(std::string_view id, std::uint32_t h);

}  // namespace sallyport::s2s::wire
