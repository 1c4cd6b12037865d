// The XML declaration (XML 1.0 2.8, RFC 6120 11.5 and 11.6): only version 1.0 and UTF-8, never standalone='no'.
#pragma once

#include <string_view>

#include "proto/xml/tag.h"

namespace sallyport::xml {

/// Reads the declaration that may stand at the start of `bytes`, which start with "<?". `complete`: `size` bytes long.
Scan read_declaration(std::string_view bytes, std::size_t& size, Fault& fault);

}  // namespace sallyport::xml
