// From one brace to the next.
#include "admin/diag/sentence.h"

#include <algorithm>

namespace sallyport::diag {

namespace {

/// What stands between two braces: a value, or the form that goes with it.
std::string_view place(std::string_view inside, const Values& values) {
    const std::size_t first = inside.find('|');
    const auto at = std::find_if(values.begin(), values.end(),
                                 [&](const auto& value) { return value.first == inside.substr(0, first); });
    if (at == values.end()) return {};
    if (first == std::string_view::npos) return at->second;
    const std::size_t second = inside.find('|', first + 1);
    return at->second == "1" ? inside.substr(first + 1, second - first - 1) : inside.substr(second + 1);
}

}  // namespace

std::string filled(std::string_view text, const Values& values) {
    std::string all;
    while (!text.empty()) {
        const std::size_t open = text.find('{');
        const std::size_t close = text.find('}', open);
        all += text.substr(0, open);
        if (open == std::string_view::npos || close == std::string_view::npos) break;
        all += place(text.substr(open + 1, close - open - 1), values);
        text.remove_prefix(close + 1);
    }
    return all;
}

}  // namespace sallyport::diag
