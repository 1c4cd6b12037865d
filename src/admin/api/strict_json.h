// JSON from outside, read once and in one way: UTF-8, bounded depth, and no name twice in one object, where readers
// differ in which of the two they take (RFC 8259 4).
#pragma once

#include <boost/json/value.hpp>
#include <string_view>

#include "base/result.h"

namespace sallyport::admin {

inline constexpr std::size_t deepest_json = 8;

/// Errors: "json-malformed".
[[nodiscard]] Result<boost::json::value> strict_json(std::string_view text);

}  // namespace sallyport::admin
