// The bounds of XmlLimits by name: what is said of an element that passes one, and how the settings that set it end.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace sallyport::xml {

/// Which bound was passed; none: none, or one that is nobody's to set.
enum class Bound : std::uint8_t { none, elements, depth, bytes, attributes, attribute_bytes, namespaces };

struct BoundRow {
    Bound bound;
    const char* words;
    std::string_view key;  ///< the settings of `[limits]` end so: "stanza_" + key; empty: it is no setting
};
inline constexpr std::array bound_rows{
    BoundRow{Bound::none, "", ""},
    BoundRow{Bound::elements, "too many elements", "elements"},
    BoundRow{Bound::depth, "nested too deeply", "depth"},
    BoundRow{Bound::bytes, "an element too long", "bytes"},
    BoundRow{Bound::attributes, "too many attributes", ""},
    BoundRow{Bound::attribute_bytes, "an attribute too long", ""},
    BoundRow{Bound::namespaces, "too many namespace declarations", ""},
};
[[nodiscard]] constexpr const BoundRow& row_of(Bound bound) {
    return *std::find_if(bound_rows.begin(), bound_rows.end(), [=](const BoundRow& row) { return row.bound == bound; });
}

}  // namespace sallyport::xml
