// Wire text that many dialogues share.
#pragma once

#include <string>
#include <string_view>

namespace sallyport::testing {

inline constexpr std::string_view starttls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
inline constexpr std::string_view proceed = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
inline constexpr std::string_view tls_failure = "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
inline constexpr std::string_view required_features =
    "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>";
inline constexpr std::string_view close_tag = "</stream:stream>";

// Pieces of features, in the order of the table.
inline constexpr std::string_view f_mechanisms =
    "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms>";
inline constexpr std::string_view f_dialback = "<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>";
inline constexpr std::string_view f_sm = "<sm xmlns='urn:xmpp:sm:3'/>";
inline constexpr std::string_view f_bidi = "<bidi xmlns='urn:xmpp:features:bidi'/>";
inline constexpr std::string_view f_limits =
    "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>524288</max-bytes><idle-seconds>600</idle-seconds></limits>";

template <typename... Pieces>
std::string features(const Pieces&... pieces) {
    std::string out{"<stream:features>"};
    (out.append(pieces), ...);
    return out.append("</stream:features>");
}

inline std::string auth(std::string_view response, std::string_view mechanism = "EXTERNAL") {
    return std::string{"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='"} + std::string{mechanism} + "'>" +
           std::string{response} + "</auth>";
}
inline std::string sasl_failure(std::string_view condition) {
    return "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><" + std::string{condition} + "/></failure>";
}
inline constexpr std::string_view sasl_success = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>";

inline std::string result(std::string_view from, std::string_view to, std::string_view key) {
    return "<db:result from='" + std::string{from} + "' to='" + std::string{to} + "'>" + std::string{key} +
           "</db:result>";
}
inline std::string result_is(std::string_view from, std::string_view to, std::string_view type) {
    return "<db:result from='" + std::string{from} + "' to='" + std::string{to} + "' type='" + std::string{type} +
           "'/>";
}
inline std::string result_error(std::string_view from, std::string_view to, std::string_view type,
                                std::string_view condition) {
    return "<db:result from='" + std::string{from} + "' to='" + std::string{to} + "' type='error'><error type='" +
           std::string{type} + "'><" + std::string{condition} +
           " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:result>";
}
inline std::string verify(std::string_view from, std::string_view to, std::string_view id, std::string_view key) {
    return "<db:verify from='" + std::string{from} + "' to='" + std::string{to} + "' id='" + std::string{id} + "'>" +
           std::string{key} + "</db:verify>";
}
inline std::string verify_is(std::string_view from, std::string_view to, std::string_view id, std::string_view type) {
    return "<db:verify from='" + std::string{from} + "' to='" + std::string{to} + "' id='" + std::string{id} +
           "' type='" + std::string{type} + "'/>";
}
inline std::string verify_error(std::string_view from, std::string_view to, std::string_view id, std::string_view type,
                                std::string_view condition) {
    return "<db:verify from='" + std::string{from} + "' to='" + std::string{to} + "' id='" + std::string{id} +
           "' type='error'><error type='" + std::string{type} + "'><" + std::string{condition} +
           " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:verify>";
}
inline std::string message(std::string_view from, std::string_view to) {
    return "<message from='u@" + std::string{from} + "/r' to='v@" + std::string{to} +
           "' id='m1' type='chat'><body>x</body></message>";
}

}  // namespace sallyport::testing
