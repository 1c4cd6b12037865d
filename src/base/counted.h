// A number before what it counts: "1 stanza", "2 stanzas".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sallyport {

/// `one` or `many`, whichever `count` goes with; `many` empty: `one` with an s.
[[nodiscard]] inline std::string noun_for(std::uint64_t count, std::string_view one, std::string_view many = {}) {
    if (count == 1) return std::string{one};
    return many.empty() ? std::string{one} + "s" : std::string{many};
}

/// The number too. Where a verb or another word follows the noun, both forms name it: "stanza is", "stanzas are".
[[nodiscard]] inline std::string counted(std::uint64_t count, std::string_view one, std::string_view many = {}) {
    return std::to_string(count) + " " + noun_for(count, one, many);
}

}  // namespace sallyport
