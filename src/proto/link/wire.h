// Attributes on the router link, as the files of its machine write and read them.
#pragma once

#include <charconv>
#include <string>
#include <string_view>

#include "proto/xml/element.h"

namespace sallyport::link {

/// The whole of `text` is a number that fits; otherwise `out` says nothing.
template <typename Number>
[[nodiscard]] bool read_number(std::string_view text, Number& out) {
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
    return problem == std::errc{} && end == text.data() + text.size();
}

/// " name='value'", escaped.
[[nodiscard]] inline std::string attribute(std::string_view name, std::string_view value) {
    return std::string{" "} + std::string{name} + "='" + xml::escaped(value) + "'";
}

}  // namespace sallyport::link
