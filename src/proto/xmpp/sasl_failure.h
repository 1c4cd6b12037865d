// What a SASL exchange ends in, on streams of servers and of clients (RFC 6120 section 6.5).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sallyport::xmpp {

enum class SaslFailure : std::uint8_t {
    aborted,
    encryption_required,
    incorrect_encoding,
    invalid_authzid,
    invalid_mechanism,
    malformed_request,
    not_authorized,
    temporary_auth_failure,
};
/// The name of the condition.
[[nodiscard]] std::string_view text(SaslFailure failure);
/// `<failure xmlns='…sasl'><condition/></failure>`.
[[nodiscard]] std::string write(SaslFailure failure);

}  // namespace sallyport::xmpp
