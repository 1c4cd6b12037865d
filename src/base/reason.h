// Why something is so, and what to do about it: two texts that stay apart until somebody shows them.
#pragma once

#include <string>

namespace sallyport {

struct Reason {
    std::string why;
    std::string remedy{};  ///< empty when nothing is to be done, or nobody knows what
    bool operator==(const Reason&) const = default;

    [[nodiscard]] bool empty() const { return why.empty(); }
    /// "why; remedy", where there is one line for both.
    [[nodiscard]] std::string text() const { return remedy.empty() ? why : why + "; " + remedy; }
};

}  // namespace sallyport
