// Strict readers: what they do not understand is not there.
#include "admin/rest/http_text.h"

#include <algorithm>
#include <charconv>

#include "base/endpoint.h"

namespace sallyport::admin {

namespace {

constexpr std::size_t most_pairs = 1100;

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::optional<std::string> unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+') {
            out += ' ';
        } else if (text[i] != '%') {
            out += text[i];
        } else {
            if (i + 2 >= text.size() || digit(text[i + 1]) < 0 || digit(text[i + 2]) < 0) return std::nullopt;
            out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
            i += 2;
        }
    }
    if (!is_utf8(out)) return std::nullopt;
    return out;
}

/// Calls `each` with what stands between the separators.
template <typename Each>
void split(std::string_view text, char separator, Each each) {
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find(separator, at), text.size());
        each(text.substr(at, end - at));
        at = end + 1;
    }
}

}  // namespace

std::string_view cookie(std::string_view header, std::string_view name) {
    std::string_view found;
    std::size_t count = 0;
    split(header, ';', [&](std::string_view part) {
        part = trimmed(part);
        if (part.size() <= name.size() || !part.starts_with(name) || part[name.size()] != '=') return;
        found = part.substr(name.size() + 1);
        ++count;
    });
    return count == 1 ? found : std::string_view{};
}

Result<std::vector<std::pair<std::string, std::string>>> read_query(std::string_view query) {
    std::vector<std::pair<std::string, std::string>> pairs;
    bool good = true;
    split(query, '&', [&](std::string_view part) {
        if (part.empty() || !good) return;
        const std::size_t mark = part.find('=');
        auto name = unescaped(part.substr(0, mark));
        auto value = unescaped(mark == std::string_view::npos ? std::string_view{} : part.substr(mark + 1));
        good = name && value && pairs.size() < most_pairs;
        if (good) pairs.emplace_back(std::move(*name), std::move(*value));
    });
    if (!good) return Error{"query-malformed", "the query is not application/x-www-form-urlencoded UTF-8"};
    return pairs;
}

bool is_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
        const unsigned first = byte(i);
        const std::size_t more = first < 0x80                    ? 0
                                 : first >= 0xc2 && first < 0xe0 ? 1
                                 : first >= 0xe0 && first < 0xf0 ? 2
                                 : first >= 0xf0 && first < 0xf5 ? 3
                                                                 : 4;
        if (more == 4 || i + more >= text.size() + (more == 0 ? 1 : 0)) return false;
        for (std::size_t k = 1; k <= more; ++k) {
            if ((byte(i + k) & 0xc0) != 0x80) return false;
        }
        // RFC 3629 4: no longer form than needed, no surrogates, nothing beyond U+10FFFF.
        if (first == 0xe0 && byte(i + 1) < 0xa0) return false;
        if (first == 0xed && byte(i + 1) > 0x9f) return false;
        if (first == 0xf0 && byte(i + 1) < 0x90) return false;
        if (first == 0xf4 && byte(i + 1) > 0x8f) return false;
        i += more + 1;
    }
    return true;
}

std::string host_of(std::string_view header) {
    auto parsed = HostPort::parse(header, 443);
    if (!parsed) return {};
    if (const auto address = IpAddress::parse(parsed->host)) return address->text();
    std::string host = std::move(parsed->host);
    std::transform(host.begin(), host.end(), host.begin(), lower);
    return host;
}

bool names_etag(std::string_view header, std::string_view etag) {
    bool found = false;
    split(header, ',', [&](std::string_view part) {
        part = trimmed(part);
        if (part.starts_with("W/")) part.remove_prefix(2);
        found = found || part == etag || part == "*";
    });
    return found;
}

std::optional<std::uint64_t> revision_in(std::string_view header) {
    header = trimmed(header);
    if (header.size() < 3 || header.front() != '"' || header.back() != '"') return std::nullopt;
    header = header.substr(1, header.size() - 2);
    std::uint64_t number = 0;
    const auto [end, problem] = std::from_chars(header.data(), header.data() + header.size(), number);
    if (problem != std::errc{} || end != header.data() + header.size()) return std::nullopt;
    return number;
}

bool is_media(std::string_view content_type, std::string_view media) {
    const std::string_view found = trimmed(content_type.substr(0, content_type.find(';')));
    return std::equal(found.begin(), found.end(), media.begin(), media.end(),
                      [](char a, char b) { return lower(a) == b; });
}

}  // namespace sallyport::admin
