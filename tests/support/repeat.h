// Text that is there many times.
#pragma once

#include <string>
#include <string_view>

namespace sallyport::test {

inline std::string repeated(std::string_view text, std::size_t times) {
    std::string out;
    out.reserve(text.size() * times);
    while (times-- > 0) out += text;
    return out;
}

}  // namespace sallyport::test
