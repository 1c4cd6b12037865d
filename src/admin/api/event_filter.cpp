// Facts name peers as a domain, as a pair "local:remote", or within an address or a sentence.
#include "admin/api/event_filter.h"

#include <algorithm>
#include <optional>

namespace sallyport::admin {

namespace {

/// Bytes that continue a domain: letters, digits, '-', '_', '.', and anything beyond ASCII.
bool continues_name(char byte) {
    const auto code = static_cast<unsigned char>(byte);
    return code >= 0x80 || (code >= '0' && code <= '9') || (code >= 'a' && code <= 'z') ||
           (code >= 'A' && code <= 'Z') || byte == '-' || byte == '_' || byte == '.';
}

/// A dot at the end of a sentence does not continue the name before it.
bool ends_name(std::string_view rest) {
    if (rest.empty() || !continues_name(rest.front())) return true;
    return rest.front() == '.' && (rest.size() == 1 || !continues_name(rest[1]));
}

/// Digits of `text` as a number; nothing when there are others, or too many.
std::optional<int> digits(std::string_view text) {
    constexpr std::size_t most = 8;
    if (text.empty() || text.size() > most) return std::nullopt;
    int number = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        number = number * 10 + (c - '0');
    }
    return number;
}

std::optional<WallTime> calendar_time(std::string_view text) {
    if (text.size() < 20 || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != ' ') ||
        text[13] != ':' || text[16] != ':' || text.back() != 'Z') {
        return std::nullopt;
    }
    const auto year = digits(text.substr(0, 4)), month = digits(text.substr(5, 2)), day = digits(text.substr(8, 2)),
               hour = digits(text.substr(11, 2)), minute = digits(text.substr(14, 2)),
               second = digits(text.substr(17, 2));
    if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    return WallTime{std::chrono::sys_days{date}.time_since_epoch() + std::chrono::hours{*hour} +
                    std::chrono::minutes{*minute} + std::chrono::seconds{*second}};
}

}  // namespace

Result<std::vector<LogModule>> modules_named(std::string_view names) {
    std::vector<LogModule> modules;
    for (std::size_t at = 0; at <= names.size();) {
        const std::size_t end = std::min(names.find(',', at), names.size());
        std::string_view name = names.substr(at, end - at);
        while (name.starts_with(' ')) name.remove_prefix(1);
        while (name.ends_with(' ')) name.remove_suffix(1);
        LogModule module{};
        if (!log_module(name, module)) {
            return Error{"argument-malformed", "there is no log module '" + std::string{name} + "'"};
        }
        if (std::find(modules.begin(), modules.end(), module) == modules.end()) modules.push_back(module);
        at = end + 1;
    }
    return modules;
}

Result<WallTime> time_of(std::string_view text, WallTime now) {
    if (const auto time = calendar_time(text)) return *time;
    const auto count = text.empty() ? std::nullopt : digits(text.substr(0, text.size() - 1));
    if (count) {
        switch (text.back()) {
            case 's': return now - std::chrono::seconds{*count};
            case 'm': return now - std::chrono::minutes{*count};
            case 'h': return now - std::chrono::hours{*count};
            case 'd': return now - std::chrono::hours{24} * *count;
            default: break;
        }
    }
    return Error{"argument-malformed",
                 "'" + std::string{text} + "' is neither a time such as 2026-11-22T06:00:00Z nor 90s, 10m, 2h or 3d"};
}

bool mentions(std::string_view text, std::string_view peer) {
    for (std::size_t at = text.find(peer); at != std::string_view::npos; at = text.find(peer, at + 1)) {
        const bool begins = at == 0 || !continues_name(text[at - 1]);
        if (begins && ends_name(text.substr(at + peer.size()))) return true;
    }
    return false;
}

bool EventFilter::passes(const io::LogEvent& event) const {
    if (!event.event.starts_with(code) || event.time < since || event.time > until) return false;
    if (event.level < least_level) return false;
    if (!modules.empty() && std::find(modules.begin(), modules.end(), event.module) == modules.end()) return false;
    return peer.empty() || std::any_of(event.facts.begin(), event.facts.end(),
                                       [this](const auto& fact) { return mentions(fact.second, peer); });
}

}  // namespace sallyport::admin
