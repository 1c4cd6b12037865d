// Strict UTF-8 (RFC 3629, XML 1.0 2.2) and references (XML 1.0 4.1, RFC 6120 11.1).
#include "proto/xml/chars.h"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace sallyport::xml {

namespace {

struct Entity {
    std::string_view name;  // with the semicolon, so that no name is the prefix of another
    char character;
};
constexpr Entity entities[] = {{"lt;", '<'}, {"gt;", '>'}, {"amp;", '&'}, {"quot;", '"'}, {"apos;", '\''}};

// Longer than any number that is written without padding: more digits are an attempt at something else.
constexpr std::size_t most_digits = 10;

int digit_value(char c, bool hex) {
    if (c >= '0' && c <= '9') return c - '0';
    if (hex && c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (hex && c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

Reference read_character(std::string_view rest) {
    const bool hex = rest.size() > 2 && rest[2] == 'x';
    const std::size_t first = hex ? 3 : 2;
    std::uint64_t value = 0;
    for (std::size_t i = first; i < rest.size(); ++i) {
        if (rest[i] == ';' && i > first) {
            if (value > 0x10FFFF || !is_xml_char(static_cast<std::uint32_t>(value))) break;
            return {Reference::State::complete, i + 1, static_cast<std::uint32_t>(value)};
        }
        const int digit = digit_value(rest[i], hex);
        if (digit < 0 || i - first >= most_digits) break;
        value = value * (hex ? 16 : 10) + static_cast<unsigned>(digit);
        if (i + 1 == rest.size()) return {Reference::State::more};
    }
    return {rest.size() <= first ? Reference::State::more : Reference::State::malformed};
}

unsigned byte_at(const char* at) { return static_cast<unsigned char>(*at); }

}  // namespace

int sequence_length(const char* at, const char* end) {
    const unsigned lead = byte_at(at);
    const auto available = end - at;
    if (lead < 0xC2 || lead > 0xF4) return -1;
    const int size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (available < 2) return 0;
    const unsigned second = byte_at(at + 1);
    // The second byte rules out overlong forms, surrogates and what lies behind U+10FFFF.
    const unsigned least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (second < least || second > most) return -1;
    for (int i = 2; i < size; ++i) {
        if (i >= available) return 0;
        if ((byte_at(at + i) & 0xC0) != 0x80) return -1;
    }
    if (lead == 0xEF && second == 0xBF && byte_at(at + 2) >= 0xBE) return -1;  // U+FFFE, U+FFFF
    return size;
}

std::uint32_t character_at(const char* at, int size) {
    std::uint32_t c = byte_at(at) & (0xFFU >> (size + 1));
    for (int i = 1; i < size; ++i) c = c << 6 | (byte_at(at + i) & 0x3F);
    return c;
}

bool is_name_code(std::uint32_t c, bool start) {
    struct Span {
        std::uint32_t first, last;
    };
    constexpr Span starts[] = {{0xC0, 0xD6},     {0xD8, 0xF6},     {0xF8, 0x2FF},    {0x370, 0x37D},
                               {0x37F, 0x1FFF},  {0x200C, 0x200D}, {0x2070, 0x218F}, {0x2C00, 0x2FEF},
                               {0x3001, 0xD7FF}, {0xF900, 0xFDCF}, {0xFDF0, 0xFFFD}, {0x10000, 0xEFFFF}};
    constexpr Span others[] = {{0xB7, 0xB7}, {0x300, 0x36F}, {0x203F, 0x2040}};
    const auto holds = [c](const Span& span) { return c >= span.first && c <= span.last; };
    return std::any_of(std::begin(starts), std::end(starts), holds) ||
           (!start && std::any_of(std::begin(others), std::end(others), holds));
}

void append_utf8(std::string& out, std::uint32_t c) {
    const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(static_cast<unsigned char>(byte))); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xC0 | c >> 6);
        put(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        put(0xE0 | c >> 12);
        put(0x80 | (c >> 6 & 0x3F));
        put(0x80 | (c & 0x3F));
    } else {
        put(0xF0 | c >> 18);
        put(0x80 | (c >> 12 & 0x3F));
        put(0x80 | (c >> 6 & 0x3F));
        put(0x80 | (c & 0x3F));
    }
}

Reference read_reference(const char* at, const char* end) {
    const std::string_view rest{at, static_cast<std::size_t>(end - at)};
    if (rest.size() < 2) return {Reference::State::more};
    if (rest[1] == '#') return read_character(rest);
    const std::string_view name = rest.substr(1);
    for (const Entity& entity : entities) {
        if (name.starts_with(entity.name)) {
            return {Reference::State::complete, entity.name.size() + 1, static_cast<unsigned char>(entity.character)};
        }
        if (entity.name.starts_with(name)) return {Reference::State::more};
    }
    const bool named = is_name_start(name[0]) || static_cast<unsigned char>(name[0]) >= 0x80;
    return {named ? Reference::State::undefined : Reference::State::malformed};
}

}  // namespace sallyport::xml
