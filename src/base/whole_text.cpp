// RFC 3629.
#include "base/whole_text.h"

namespace sallyport {

std::size_t utf8_length(std::string_view text, char32_t& code) {
    const auto byte = [&text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80) return code = first, 1;
    std::size_t size = 0;
    char32_t least = 0;
    if (first >= 0xC2 && first <= 0xDF) {
        size = 2, code = first & 0x1FU, least = 0x80;
    } else if (first >= 0xE0 && first <= 0xEF) {
        size = 3, code = first & 0x0FU, least = 0x800;
    } else if (first >= 0xF0 && first <= 0xF4) {
        size = 4, code = first & 0x07U, least = 0x10000;
    }
    if (size == 0 || text.size() < size) return 0;
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xC0U) != 0x80) return 0;
        code = (code << 6U) | (byte(i) & 0x3FU);
    }
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    return code < least || code > 0x10FFFF || surrogate ? 0 : size;
}

std::string whole_text(std::string_view text, std::size_t most) {
    constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD
    std::string out;
    out.reserve(text.size() < most ? text.size() : most);
    for (std::size_t at = 0; at < text.size() && at < most;) {
        char32_t code = 0;
        const std::size_t size = utf8_length(text.substr(at), code);
        if (size > most - at) break;
        out += size == 0 ? replacement : text.substr(at, size);
        at += size == 0 ? 1 : size;
    }
    return out;
}

}  // namespace sallyport
