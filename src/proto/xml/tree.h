// From the bytes of an accepted element to its tree.
#pragma once

#include <string_view>

#include "proto/xml/element.h"
#include "proto/xml/reader.h"

namespace sallyport::xml {

/// `slice` is a complete element that ElementScanner accepted, in the scope of `header`.
[[nodiscard]] Element build_tree(std::string_view slice, const Header& header);

}  // namespace sallyport::xml
