// "Did you mean": the name of a list that is closest to a mistyped one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sallyport::config {

/// The closest of `known` within two letters or a third of them (Levenshtein); empty when none is near.
[[nodiscard]] std::string_view nearest_name(std::string_view name, const std::vector<std::string_view>& known);
/// "; did you mean 'x'?" or nothing.
[[nodiscard]] std::string hint(std::string_view name, const std::vector<std::string_view>& known);

}  // namespace sallyport::config
