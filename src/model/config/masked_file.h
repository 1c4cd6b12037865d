// A node's file for somebody who helps: the same keys, without secrets, and without comments, which may hold anything.
#pragma once

#include <string>
#include <string_view>

namespace sallyport::config {

/// Empty when the text is not TOML. Values of keys that are called secret or password, or end so, become stars.
[[nodiscard]] std::string without_secrets(std::string_view toml);

}  // namespace sallyport::config
