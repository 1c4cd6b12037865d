// Failing loudly within a fuzz target.
#pragma once

#include <cstdlib>
#include <iostream>
#include <string_view>

namespace sallyport::fuzz {

inline void check(bool holds, std::string_view what) {
    if (holds) return;
    std::cerr << "does not hold: " << what << std::endl;
    std::abort();
}

inline std::string_view as_text(const unsigned char* bytes, std::size_t size) {
    return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace sallyport::fuzz
