// Text of others as whole characters. A name or a sentence that is cut to a length must not end within a character, and
// what never was UTF-8 must not become part of JSON: strict readers refuse all of it for one byte.
#pragma once

#include <limits>
#include <string>
#include <string_view>

namespace sallyport {

/// Length of the well-formed UTF-8 sequence at the front of `text`, which is not empty (RFC 3629); 0 when there is
/// none.
[[nodiscard]] std::size_t utf8_length(std::string_view text, char32_t& code);

/// As many whole characters of `text` as lie in its first `most` bytes. Each byte that is part of none becomes U+FFFD,
/// so that what had such bytes may become longer.
[[nodiscard]] std::string whole_text(std::string_view text, std::size_t most = std::numeric_limits<std::size_t>::max());

}  // namespace sallyport
