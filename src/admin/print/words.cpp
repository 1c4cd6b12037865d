// UTF-8 with the care that text from other servers needs.
#include "admin/print/words.h"

#include <array>
#include <cmath>
#include <cstdio>

#include "admin/print/json_text.h"
#include "base/counted.h"
#include "base/deceptive.h"
#include "base/join.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::string_view ellipsis = "\xE2\x80\xA6";

struct Rune {
    char32_t code = 0xfffd;
    std::size_t size = 1;
};

/// The first character; malformed bytes are U+FFFD, one by one.
Rune first_rune(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    if (lead < 0x80) return {lead, 1};
    const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
    if (size == 0 || lead > 0xf4 || text.size() < size) return {};
    char32_t code = lead & (0x7f >> size);
    for (std::size_t i = 1; i < size; ++i) {
        const auto next = static_cast<unsigned char>(text[i]);
        if ((next & 0xc0) != 0x80) return {};
        code = (code << 6) | (next & 0x3fu);
    }
    return {code, size};
}

bool is_within(char32_t code, char32_t first, char32_t last) { return code >= first && code <= last; }

std::size_t rune_width(char32_t code) {
    const bool combining =
        is_within(code, 0x300, 0x36f) || is_within(code, 0x200b, 0x200d) || is_within(code, 0xfe00, 0xfe0f);
    if (combining) return 0;
    const bool wide =
        is_within(code, 0x1100, 0x115f) || is_within(code, 0x2e80, 0xa4cf) || is_within(code, 0xac00, 0xd7a3) ||
        is_within(code, 0xf900, 0xfaff) || is_within(code, 0xfe30, 0xfe6f) || is_within(code, 0xff00, 0xff60) ||
        is_within(code, 0xffe0, 0xffe6) || is_within(code, 0x1f300, 0x1faff) || is_within(code, 0x20000, 0x3fffd);
    return wide ? 2 : 1;
}

/// The length in bytes of what fits into `width` columns.
std::size_t bytes_within(std::string_view text, std::size_t width) {
    std::size_t at = 0, columns = 0;
    while (at < text.size()) {
        const Rune rune = first_rune(text.substr(at));
        columns += rune_width(rune.code);
        if (columns > width) break;
        at += rune.size;
    }
    return at;
}

std::string formatted(const char* format, double value) {
    std::array<char, 64> buffer{};
    const int size = std::snprintf(buffer.data(), buffer.size(), format, value);
    return {buffer.data(), static_cast<std::size_t>(size)};
}

std::string two_units(double value, double per, const char* large, const char* small) {
    const auto whole = static_cast<std::uint64_t>(value);
    const auto part = static_cast<std::uint64_t>((value - static_cast<double>(whole)) * per);
    std::string words = std::to_string(whole) + " " + large;
    if (part > 0) words += " " + std::to_string(part) + " " + small;
    return words;
}

}  // namespace

std::string safe(std::string_view text) {
    std::string clean;
    clean.reserve(text.size());
    while (!text.empty()) {
        const Rune rune = first_rune(text);
        const bool hidden = is_deceptive(rune.code) || rune.code == 0xfffd;
        clean += hidden ? replacement : text.substr(0, rune.size);
        text.remove_prefix(rune.size);
    }
    return clean;
}

std::string safe_json(std::string_view json) {
    std::string clean;
    clean.reserve(json.size());
    while (!json.empty()) {
        const Rune rune = first_rune(json);
        if (rune.code >= 0x7f && is_deceptive(rune.code)) {  // below, JSON has its own layout
            clean += escaped(rune.code);
        } else {
            clean += json.substr(0, rune.size);
        }
        json.remove_prefix(rune.size);
    }
    return clean;
}

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    while (!text.empty()) {
        const Rune rune = first_rune(text);
        width += rune_width(rune.code);
        text.remove_prefix(rune.size);
    }
    return width;
}

std::string fitted(std::string_view text, std::size_t width) {
    if (display_width(text) <= width) return std::string{text};
    if (width == 0) return {};
    return std::string{text.substr(0, bytes_within(text, width - 1))} + std::string{ellipsis};
}

std::string padded(std::string text, std::size_t width) {
    if (text.size() < width) text.resize(width, ' ');
    return text;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
    std::vector<std::string> lines;
    std::string line;
    const auto flush = [&] {
        if (!line.empty()) lines.push_back(std::exchange(line, {}));
    };
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of(" \n"), text.size());
        std::string_view word = text.substr(0, end);
        const bool ends_line = end < text.size() && text[end] == '\n';
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!line.empty() && display_width(line) + 1 + display_width(word) > width) flush();
        while (display_width(word) > width) {
            const std::size_t part = std::max<std::size_t>(bytes_within(word, width), 1);
            lines.emplace_back(word.substr(0, part));
            word.remove_prefix(part);
        }
        if (!word.empty()) append_item(line, word, " ");
        if (ends_line) flush();
    }
    flush();
    return lines;
}

std::string duration_words(double seconds) {
    constexpr double minute = 60, hour = 3600, day = 86400;
    if (seconds < 0) return "0 s";
    if (seconds < 10) return formatted("%.1f s", seconds);
    if (seconds < minute) return formatted("%.0f s", std::floor(seconds));
    if (seconds < hour) return two_units(seconds / minute, 60, "min", "s");
    if (seconds < day) return two_units(seconds / hour, 60, "h", "min");
    return two_units(seconds / day, 24, "d", "h");
}

std::string millisecond_words(double milliseconds) { return formatted("%.1f ms", milliseconds); }

std::string count_words(std::uint64_t count) {
    const auto value = static_cast<double>(count);
    if (count < 10'000) return std::to_string(count);
    if (count < 1'000'000) return formatted("%.1fk", value / 1e3);
    if (count < 1'000'000'000) return formatted("%.1fM", value / 1e6);
    return formatted("%.1fG", value / 1e9);
}

std::string count_words(std::uint64_t count, std::string_view one, std::string_view many) {
    return count_words(count) + " " + noun_for(count, one, many);
}

std::string time_words(std::string_view rfc3339) {
    constexpr std::size_t to_seconds = 19;
    std::string words{rfc3339.substr(0, to_seconds)};
    if (words.size() == to_seconds) words[10] = ' ';
    return words;
}

const json::value* member(const json::value& object, std::string_view name) {
    if (!object.is_object()) return nullptr;
    const json::value* found = object.as_object().if_contains(json::string_view{name.data(), name.size()});
    return found == nullptr || found->is_null() ? nullptr : found;
}

std::string text_of(const json::value& object, std::string_view name) {
    const json::value* found = member(object, name);
    return found == nullptr ? std::string{} : value_words(*found);
}

double number_of(const json::value& object, std::string_view name) {
    const json::value* found = member(object, name);
    if (found == nullptr || !found->is_number()) return 0;
    json::error_code ignored;
    return found->to_number<double>(ignored);
}

std::uint64_t count_of(const json::value& object, std::string_view name) {
    return static_cast<std::uint64_t>(number_of(object, name));
}

bool flag_of(const json::value& object, std::string_view name) {
    const json::value* found = member(object, name);
    return found != nullptr && found->is_bool() && found->as_bool();
}

const json::array& list_of(const json::value& object, std::string_view name) {
    static const json::array none;
    const json::value* found = member(object, name);
    return found != nullptr && found->is_array() ? found->as_array() : none;
}

std::string value_words(const json::value& value) {
    if (value.is_string()) return safe({value.as_string().data(), value.as_string().size()});
    if (value.is_null()) return {};
    return safe(json_text(value));
}

std::string list_words(const json::array& list, std::string_view separator) {
    std::string all;
    for (const json::value& value : list) append_item(all, value_words(value), separator);
    return all;
}

}  // namespace sallyport::admin
