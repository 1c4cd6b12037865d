// Preparation of localparts and resourceparts (RFC 7622 3.3 and 3.4; RFC 8264, RFC 8265), for what is not plain ASCII.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sallyport::xmpp::precis {

/// UsernameCaseMapped (RFC 8265 3.3) of valid UTF-8: width, case, normalisation, IdentifierClass, Bidi Rule.
[[nodiscard]] std::optional<std::string> username_case_mapped(std::string_view text);
/// OpaqueString (RFC 8265 4.2) of valid UTF-8: spaces, normalisation, FreeformClass.
[[nodiscard]] std::optional<std::string> opaque_string(std::string_view text);
/// Width, case and the ideographic full stops of a domain mapped, normalised (RFC 5895 2).
[[nodiscard]] std::optional<std::string> map_domain(std::string_view text);

}  // namespace sallyport::xmpp::precis
