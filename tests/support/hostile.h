// Input that somebody chose to be dear, in families that grow with their bytes: tests/cost counts its steps, and
// tests/bench/micro_hostile.cpp takes its time.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "base/limits.h"

namespace sallyport::test {

inline std::string filled_with(const std::string& text, std::size_t bytes) {
    std::string out;
    while (out.size() + text.size() <= bytes) out += text;
    return out;
}

inline std::string number(std::size_t n) {
    std::string out = std::to_string(n);
    return std::string(6 - out.size(), '0') + out;
}

/// What a stream begins with before a family's message; the families know its prefixes.
inline constexpr std::string_view hostile_header =
    "<s:stream xmlns='jabber:server' xmlns:s='http://etherx.jabber.org/streams' xmlns:h='urn:h'>";

inline std::string hostile_message(const std::string& attributes, const std::string& content) {
    return "<message to='B@b.test' from='a@a.test'" + attributes + ">" + content + "</message>";
}

inline std::string declarations(std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += " xmlns:p" + number(i) + "='urn:" + number(i) + "'";
    return out;
}

struct HostileFamily {
    const char* name;
    std::string (*make)(std::size_t bytes);  ///< a message of about so many
};

inline constexpr HostileFamily hostile_families[] = {
    {"text", [](std::size_t bytes) { return hostile_message({}, filled_with("&amp;>\u00E4'", bytes)); }},
    {"siblings", [](std::size_t bytes) { return hostile_message({}, filled_with("<x/>", bytes)); }},
    {"depth",
     [](std::size_t bytes) {
         const std::size_t depth = std::min<std::size_t>(bytes / 7, passed_on_limits.depth);
         return hostile_message({}, filled_with("<x>", depth * 3) + filled_with("</x>", depth * 4));
     }},
    {"one attribute",
     [](std::size_t bytes) { return hostile_message(" a=\"" + filled_with("'&gt;", bytes) + "\"", {}); }},
    {"attributes",
     [](std::size_t bytes) {
         std::string content;
         while (content.size() < bytes) {
             content += "<x";
             for (std::size_t i = 0; i < 100; ++i) content += " a" + number(i) + "=''";
             content += "/>";
         }
         return hostile_message({}, content);
     }},
    {"prefixes on one element",
     [](std::size_t bytes) {
         const std::size_t count = bytes / 40;
         std::string content;
         for (std::size_t i = 0; i < count; ++i) content += "<p" + number(i) + ":x/>";
         return hostile_message(declarations(count), content);
     }},
    {"the outermost of many prefixes",
     [](std::size_t bytes) {
         return hostile_message(declarations(bytes / 48), filled_with("<p000000:x p000001:y=''/>", bytes / 2));
     }},
    {"an element's prefixes one within another",
     [](std::size_t bytes) {
         std::string begins, ends;
         for (std::size_t i = 0; begins.size() < bytes / 2; ++i) {
             begins += "<x" + declarations(8) + " p000000:a='' p000007:a=''>";
             ends += "</x>";
         }
         return hostile_message({}, begins + ends);
     }},
    {"equal names in other namespaces",
     [](std::size_t bytes) {
         const std::string spaces = " xmlns:a='" + std::string(bytes / 4, 'u') + "1' xmlns:b='" +
                                    std::string(bytes / 4, 'u') + "2' xmlns:h2='urn:h2'";
         return hostile_message(spaces, filled_with("<x a:y='' b:y='' h:y='' h2:y=''/>", bytes / 2));
     }},
    {"one long namespace",
     [](std::size_t bytes) {
         return hostile_message(" xmlns:a='" + std::string(bytes / 2, 'u') + "'", filled_with("<a:x/>", bytes / 2));
     }},
    {"namespaces that alternate",
     [](std::size_t bytes) {
         const std::string u(bytes / 4, 'u');
         return hostile_message(" xmlns:a='" + u + "' xmlns:b='" + u + "b'",
                                filled_with("<a:x><b:x/></a:x>", bytes / 2));
     }},
    {"namespaces of their own",
     [](std::size_t bytes) {
         std::string content;
         for (std::size_t i = 0; content.size() < bytes; ++i) {
             content += "<x xmlns='urn:" + number(i) + "' xmlns:a='urn:a" + number(i) + "' a:y=''/>";
         }
         return hostile_message({}, content);
     }},
    {"long prefixes that begin alike",
     [](std::size_t bytes) {
         const std::string prefix(200, 'p');
         std::string spaces, content;
         for (std::size_t i = 0; i < bytes / 800; ++i) {
             spaces += " xmlns:" + prefix + number(i) + "='urn:x'";
             content += "<" + prefix + number(i) + ":x/>";
         }
         return hostile_message(spaces, content);
     }},
    {"declarations",
     [](std::size_t bytes) { return hostile_message({}, filled_with("<x" + declarations(32) + "/>", bytes)); }},
    {"many attributes below many prefixes",
     [](std::size_t bytes) {
         std::string begins, ends, row = "<y";
         for (std::size_t i = 0; i < 60; ++i) {
             begins += "<x" + declarations(32) + ">";
             ends += "</x>";
         }
         for (std::size_t i = 0; i < 128; ++i) row += " p000000:a" + number(i) + "=''";
         return hostile_message({}, begins + filled_with(row + "/>", bytes) + ends);
     }},
};

/// What addresses are made of, again and again.
inline constexpr const char* hostile_address_pieces[] = {"a",
                                                         "A",
                                                         "\u00E9",
                                                         "\u30FB",
                                                         "\u30AB\u30FB",
                                                         "\u0661",
                                                         "\u06F1",
                                                         "\u05D0\u05F3",
                                                         "\u0375\u03B1",
                                                         "l\u00B7l",
                                                         "\u0915\u094D\u200D",
                                                         "\u200D",
                                                         "\u05D0",
                                                         "a\u0301\u0323",
                                                         "\u0301\u0323",
                                                         "\uFF21",
                                                         "\u0130",
                                                         "\u2163",
                                                         "\u1100"};
inline constexpr const char* hostile_domain_pieces[] = {"\u30FB",
                                                        "\u30AB\u30FB",
                                                        "\u30AB.",
                                                        "a.",
                                                        "xn--a.",
                                                        "\u05D0.",
                                                        "\u3002",
                                                        "\u0301\u0323",
                                                        "\u0661",
                                                        "xn--mgba3gch31f.",
                                                        "xn--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."};

}  // namespace sallyport::test
