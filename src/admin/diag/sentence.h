// Sentences with places for values: what the rows of findings are made of. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sallyport::diag {

/// What stands in a sentence, by name.
using Values = std::vector<std::pair<std::string, std::string>>;

/// `text` with its values in their places: {name} stands for a value, {name|one|many} for whichever form goes with the
/// number of that name. What a value has in braces is no place.
[[nodiscard]] std::string filled(std::string_view text, const Values& values);

}  // namespace sallyport::diag
