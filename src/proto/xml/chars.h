// Characters of XML 1.0 as bytes of UTF-8: name classes, strict decoding (threat T43), and the searches that jump over
// what needs no attention, sixteen bytes at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#if defined(__SSE2__)
#include <emmintrin.h>

#include <bit>
#endif

namespace sallyport::xml {

namespace detail {

enum : std::uint8_t { name_start = 1, name_more = 2, white = 4 };

constexpr std::array<std::uint8_t, 256> make_classes() {
    std::array<std::uint8_t, 256> table{};
    for (std::size_t c = 'a'; c <= 'z'; ++c) table[c] = table[c - 'a' + 'A'] = name_start | name_more;
    for (std::size_t c = '0'; c <= '9'; ++c) table[c] = name_more;
    table[std::size_t{'_'}] = name_start | name_more;
    table[std::size_t{'-'}] = table[std::size_t{'.'}] = name_more;
    for (const char c : {' ', '\t', '\r', '\n'}) table[static_cast<std::size_t>(c)] = white;
    return table;
}
inline constexpr std::array<std::uint8_t, 256> classes = make_classes();

inline bool has_class(char c, unsigned mask) { return (classes[static_cast<unsigned char>(c)] & mask) != 0; }

}  // namespace detail

/// Characters of an NCName below U+0080 (Namespaces in XML 1.0 3); those above it are judged by is_name_code.
inline bool is_name_start(char c) { return detail::has_class(c, detail::name_start); }
inline bool is_name_char(char c) { return detail::has_class(c, detail::name_more); }
inline bool is_white(char c) { return detail::has_class(c, detail::white); }

inline const char* skip_white(const char* at, const char* end) {
    while (at != end && is_white(*at)) ++at;
    return at;
}
inline const char* skip_name(const char* at, const char* end) {
    while (at != end && is_name_char(*at)) ++at;
    return at;
}

/// True for Char of XML 1.0 2.2.
constexpr bool is_xml_char(std::uint32_t c) {
    if (c < 0x20) return c == 0x9 || c == 0xA || c == 0xD;
    return c < 0xD800 || (c > 0xDFFF && c < 0xFFFE) || (c > 0xFFFF && c <= 0x10FFFF);
}

/// NameStartChar and NameChar of XML 1.0 (5th edition) 2.3 above U+007F.
bool is_name_code(std::uint32_t c, bool start);
/// The same in editions 1 to 4 (their appendix B), which expat and so most XMPP software has: a part of the above.
bool is_old_name_code(std::uint32_t c, bool start);

/// The character of `size` bytes at `at`, which sequence_length() has judged.
std::uint32_t character_at(const char* at, int size);

/// Length of the multi-byte character at `at` (whose high bit is set): 2 to 4; 0 when it goes on behind `end`;
/// -1 when no bytes that follow can make it a character of XML.
int sequence_length(const char* at, const char* end);

/// Appends `c` in UTF-8.
void append_utf8(std::string& out, std::uint32_t c);

/// What stands at an ampersand.
struct Reference {
    enum class State { complete, more, undefined, malformed } state;
    std::size_t size = 0;         ///< bytes from `&` to `;`
    std::uint32_t character = 0;  ///< what it stands for
};
/// Reads the reference at `at`; only the five predefined entities and characters of XML exist (RFC 6120 11.1).
Reference read_reference(const char* at, const char* end);

/// First byte of text that needs attention: `<`, `>`, `&`, controls and bytes of multi-byte characters.
inline const char* find_in_text(const char* at, const char* end) {
#if defined(__SSE2__)
    const __m128i space = _mm_set1_epi8(0x20);
    const __m128i two = _mm_set1_epi8(2);
    const __m128i angle = _mm_set1_epi8('>');
    const __m128i ampersand = _mm_set1_epi8('&');
    for (; end - at >= 16; at += 16) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        // '<' differs from '>' in one bit; the signed comparison also finds the high bit.
        __m128i found = _mm_or_si128(_mm_cmplt_epi8(bytes, space), _mm_cmpeq_epi8(_mm_or_si128(bytes, two), angle));
        found = _mm_or_si128(found, _mm_cmpeq_epi8(bytes, ampersand));
        const auto mask = static_cast<unsigned>(_mm_movemask_epi8(found));
        if (mask != 0) return at + std::countr_zero(mask);
    }
#endif
    for (; at != end; ++at) {
        const auto c = static_cast<unsigned char>(*at);
        if (c < 0x20 || c >= 0x80 || c == '<' || c == '>' || c == '&') return at;
    }
    return end;
}

/// First byte of an attribute's value that needs attention: its quote, `<`, `&`, controls, multi-byte characters.
inline const char* find_in_value(const char* at, const char* end, char quote) {
#if defined(__SSE2__)
    const __m128i space = _mm_set1_epi8(0x20);
    const __m128i angle = _mm_set1_epi8('<');
    const __m128i ampersand = _mm_set1_epi8('&');
    const __m128i closing = _mm_set1_epi8(quote);
    for (; end - at >= 16; at += 16) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        __m128i found = _mm_or_si128(_mm_cmplt_epi8(bytes, space), _mm_cmpeq_epi8(bytes, angle));
        found = _mm_or_si128(found, _mm_or_si128(_mm_cmpeq_epi8(bytes, ampersand), _mm_cmpeq_epi8(bytes, closing)));
        const auto mask = static_cast<unsigned>(_mm_movemask_epi8(found));
        if (mask != 0) return at + std::countr_zero(mask);
    }
#endif
    for (; at != end; ++at) {
        const auto c = static_cast<unsigned char>(*at);
        if (c < 0x20 || c >= 0x80 || c == '<' || c == '&' || *at == quote) return at;
    }
    return end;
}

}  // namespace sallyport::xml
