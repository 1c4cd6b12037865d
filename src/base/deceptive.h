// Characters that make text look like other text: what changes the direction of writing, what cannot be seen, what ends
// lines. Text of others is shown without them: in the log, on the command line, on the pages (web/lib/visible.js has
// the same table).
#pragma once

#include <string>

namespace sallyport {

/// Control characters, line and paragraph separators, and the format characters of Unicode 15 (Cc, Zl, Zp, Cf): marks
/// of direction, embeddings, overrides, isolates, joiners, invisible operators, tags.
[[nodiscard]] bool is_deceptive(char32_t code);
/// As JSON writes it: "\u202e", above U+FFFF two of them.
[[nodiscard]] std::string escaped(char32_t code);

}  // namespace sallyport
