// Cuts a stream into its first-level elements. It trusts the servers under test: no entity, CDATA or comment is looked
// for, only tags, quotes and depth.
#pragma once

#include <cstddef>
#include <string_view>

namespace sallyport::bench {

struct Piece {
    enum class Kind { more, header, element, footer };
    Kind kind = Kind::more;
    std::string_view name;
    std::string_view text;  ///< from `<` to `>`
    std::size_t used = 0;   ///< bytes of the input that this piece and the white space before it take
};

[[nodiscard]] Piece cut(std::string_view input);
/// The value of an attribute in a start tag; empty when it is not there.
[[nodiscard]] std::string_view attribute(std::string_view tag, std::string_view name);

}  // namespace sallyport::bench
