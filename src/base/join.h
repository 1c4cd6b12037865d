// Lists in one text: "a, b, c".
#pragma once

#include <string>
#include <string_view>

namespace sallyport {

/// Puts `item` at the end of `list`, behind `separator` unless it is the first.
inline void append_item(std::string& list, std::string_view item, std::string_view separator = ", ") {
    if (!list.empty()) list += separator;
    list += item;
}

/// All of `items`, which are texts.
template <class Items>
[[nodiscard]] std::string joined(const Items& items, std::string_view separator = ", ") {
    std::string list;
    for (const auto& item : items) append_item(list, item, separator);
    return list;
}

}  // namespace sallyport
