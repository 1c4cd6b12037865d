// Colours of states, grades and severities, on pages that have any (page.h). A
// colour never says what no word or mark says too.
#pragma once

#include <string>
#include <string_view>

#include "admin/print/page.h"

namespace sallyport::admin {

enum class Tone { plain, good, warning, bad };

/// Of a state, grade, level or severity; plain for words that tell neither good
/// nor ill.
[[nodiscard]] Tone tone_of(std::string_view word);
/// `text` in the colour of `tone`.
[[nodiscard]] std::string toned(std::string text, Tone tone, const Page& page);

}  // namespace sallyport::admin
