// Rendering of records.
#include "io/log/log_text.h"

#include <array>
#include <cstdio>
#include <ctime>

#include "base/deceptive.h"
#include "base/whole_text.h"

namespace sallyport::io {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

void append_fact(std::string& line, std::string_view key, std::string_view value) {
    line += ' ';
    line += key;
    line += "=\"";
    line += escape_log_value(value, longest_log_value(key));
    line += '"';
}

void append_member(std::string& object, std::string_view key, std::string_view value) {
    object += object.size() == 1 ? "\"" : ",\"";
    object += escape_log_value(key);
    object += "\":\"";
    object += escape_log_value(value, longest_log_value(key));
    object += '"';
}

std::string location(const std::source_location& where) {
    std::string_view file = where.file_name();
    if (const std::size_t slash = file.rfind('/'); slash != std::string_view::npos) file.remove_prefix(slash + 1);
    return std::string{file} + ':' + std::to_string(where.line());
}

std::string_view printed_level(LogLevel level) {
    constexpr std::array<std::string_view, 6> names = {"VBOSE", "DEBUG", "INFO ", "WARN ", "ERROR", "OFF  "};
    return names[static_cast<std::size_t>(level)];
}

/// `2026-11-22 06:00:00,123`, as readers of the event log know it.
std::string utc_time(const std::string& time) {
    std::string out = time.substr(0, 23);
    out[10] = ' ';
    out[19] = ',';
    return out;
}

}  // namespace

std::string_view printed_module(LogModule module) {
    switch (module) {
        case LogModule::settings: return "developer.clusterdb.restapi";
        case LogModule::s2s: return "developer.xcp.federation";
        case LogModule::link: return "developer.xcp.jabber";
        case LogModule::dns: return "network.dns";
        case LogModule::tcp: return "network.tcp";
        default: return text(module);
    }
}

std::string_view event_module(LogModule module) {
    return module == LogModule::s2s ? "XMPPFederation" : printed_module(module);
}

std::string escape_log_value(std::string_view value, std::size_t longest) {
    std::string out;
    bool shortened = false;
    if (value.size() > longest) {
        shortened = true;
        value = value.substr(0, longest);
        // Not in the middle of a character: its first bytes would look like garbage of the peer's.
        std::size_t cut = value.size();
        while (cut > 0 && value.size() - cut < 3 && (static_cast<unsigned char>(value[cut - 1]) & 0xC0U) == 0x80) --cut;
        char32_t code = 0;
        if (cut > 0 && utf8_length(value.substr(cut - 1), code) == 0) value = value.substr(0, cut - 1);
    }
    while (!value.empty()) {
        char32_t code = 0;
        const std::size_t size = utf8_length(value, code);
        if (size == 0) {
            out += replacement;
        } else if (is_deceptive(code)) {
            out += escaped(code);
        } else {
            if (code == '"' || code == '\\') out += '\\';
            out += value.substr(0, size);
        }
        value.remove_prefix(size == 0 ? 1 : size);
    }
    if (shortened) out += "…";
    return out;
}

std::string log_time(WallTime time) {
    const auto micros = time.time_since_epoch().count();
    const std::time_t seconds = static_cast<std::time_t>(micros / 1'000'000);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[64];
    const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    std::snprintf(text + size, sizeof text - size, ".%06dZ", static_cast<int>(micros % 1'000'000));
    return text;
}

std::string text_line(const LogOrigin& origin, WallTime time, const LogRecord& record) {
    const std::string stamp = log_time(time);
    std::string line = stamp + ' ' + origin.host + ' ' + origin.program + '[' + std::to_string(origin.process) + "]:";
    append_fact(line, "UTCTime", utc_time(stamp));
    append_fact(line, "Module", printed_module(record.module));
    append_fact(line, "Level", printed_level(record.level));
    append_fact(line, "CodeLocation", location(record.where));
    append_fact(line, "Event", record.event);
    for (const LogFact& fact : record.facts) append_fact(line, fact.key, fact.value);
    return line;
}

std::string syslog_line(const LogOrigin& origin, WallTime time, const LogRecord& record) {
    constexpr std::size_t longest = 2048, longest_host = 255, longest_id = 32;
    constexpr int daemon = 3 << 3;
    constexpr std::array<int, 6> severities = {7, 7, 6, 4, 3, 3};
    const std::string host = origin.host.empty() ? "-" : origin.host.substr(0, longest_host);
    std::string line = "<" + std::to_string(daemon + severities[static_cast<std::size_t>(record.level)]) + ">1 " +
                       log_time(time) + ' ' + host + ' ' + origin.program + ' ' + std::to_string(origin.process) + ' ' +
                       std::string{record.event.substr(0, longest_id)} + " -";
    append_fact(line, "Event", record.event);
    append_fact(line, "Module", event_module(record.module));
    for (const LogFact& fact : record.facts) append_fact(line, fact.key, fact.value);
    append_fact(line, "Level", text(record.level));
    if (line.size() <= longest) return line;
    line.resize(longest);
    // Not in the middle of a character.
    while (!line.empty() && (static_cast<unsigned char>(line.back()) & 0xC0U) == 0x80) line.pop_back();
    if (!line.empty() && (static_cast<unsigned char>(line.back()) & 0x80U) != 0) line.pop_back();
    return line;
}

std::string json_line(const LogOrigin& origin, WallTime time, const LogRecord& record) {
    std::string object = "{";
    append_member(object, "Time", log_time(time));
    append_member(object, "Host", origin.host);
    append_member(object, "Program", origin.program);
    append_member(object, "Process", std::to_string(origin.process));
    append_member(object, "Module", printed_module(record.module));
    append_member(object, "Level", text(record.level));
    append_member(object, "CodeLocation", location(record.where));
    append_member(object, "Event", record.event);
    for (const LogFact& fact : record.facts) append_member(object, fact.key, fact.value);
    return object + '}';
}

}  // namespace sallyport::io
