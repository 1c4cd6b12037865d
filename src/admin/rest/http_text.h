// Small grammars of HTTP that the REST service reads: cookies, queries, hosts, entity tags.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace sallyport::admin {

/// The value of a cookie (RFC 6265 4.2.1); empty: there is none, or the name stands twice.
[[nodiscard]] std::string_view cookie(std::string_view header, std::string_view name);
/// The pairs of a query (application/x-www-form-urlencoded), in order. Errors: "query-malformed": a bad escape, or
/// bytes that are no UTF-8.
[[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> read_query(std::string_view query);
[[nodiscard]] bool is_utf8(std::string_view text);
/// "[2001:db8::1]:9443" -> "2001:db8::1", "Edge1.b.test:9443" -> "edge1.b.test"; empty: malformed.
[[nodiscard]] std::string host_of(std::string_view header);
/// Is `etag`, with its quotation marks, in an If-None-Match (RFC 9110 13.1.2)?
[[nodiscard]] bool names_etag(std::string_view header, std::string_view etag);
/// The number in a strong entity tag: `"17"` -> 17.
[[nodiscard]] std::optional<std::uint64_t> revision_in(std::string_view header);
/// Is it `media`, whatever its parameters?
[[nodiscard]] bool is_media(std::string_view content_type, std::string_view media);

}  // namespace sallyport::admin
