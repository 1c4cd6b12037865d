// Simple values and lists of names.
#include "model/config/setting_values.h"

#include <algorithm>
#include <set>

#include "base/log.h"
#include "model/config/json_fields.h"

namespace sallyport::config {

namespace {

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

}  // namespace

const std::vector<std::string_view>& security_mode_words() {
    static const std::vector<std::string_view> words{"tls_required", "tls_optional", "no_tls"};
    return words;
}

const std::vector<std::string_view>& privacy_mode_words() {
    static const std::vector<std::string_view> words{"off", "allow_list", "deny_list"};
    return words;
}

const std::vector<std::string_view>& authentication_words() {
    static const std::vector<std::string_view> words{"any", "certificate", "dialback"};
    return words;
}

const std::vector<std::string_view>& switch_words() {
    static const std::vector<std::string_view> words{"off", "on"};
    return words;
}

Result<bool> read_bool(std::string_view text) {
    const auto value = parse_json(text);
    if (!value) return value.error();
    if (!value->is_bool()) return wrong_type("must be true or false");
    return value->get_bool();
}

Result<std::size_t> read_word(std::string_view text, const std::vector<std::string_view>& words) {
    const auto value = parse_json(text);
    if (!value) return value.error();
    if (!value->is_string()) return wrong_type("must be " + alternatives(words));
    const auto at = std::find(words.begin(), words.end(), std::string_view{value->get_string()});
    if (at == words.end())
        return wrong_value("'" + std::string{value->get_string()} + "' is not " + alternatives(words));
    return static_cast<std::size_t>(at - words.begin());
}

Result<std::string> read_secret(std::string_view text) {
    const auto value = parse_json(text);
    if (!value) return wrong_type("must be a string");
    if (!value->is_string()) return wrong_type("must be a string");
    const std::string secret{value->get_string()};
    if (secret.size() < SettingBounds::secret_bytes_least) {
        return wrong_value("must have at least 16 characters; `openssl rand -hex 32` makes a good one");
    }
    if (secret.size() > SettingBounds::secret_bytes_most) return wrong_value("must have at most 1024 characters");
    if (has_control(secret)) return wrong_value("control characters are not allowed");
    return secret;
}

Result<std::vector<NamePattern>> read_patterns(std::string_view text) {
    const auto array = parse_array(text, SettingBounds::list_entries);
    if (!array) return array.error();
    std::vector<NamePattern> patterns;
    std::set<NamePattern> seen;
    for (const json::value& entry : *array) {
        const std::string place = "entry " + std::to_string(patterns.size() + 1);
        if (!entry.is_string()) return wrong_type(place + ": must be a name, such as \"example.org\"");
        const std::string_view written{entry.get_string()};
        auto pattern = NamePattern::parse(written);
        if (!pattern) return wrong_value(place + ": '" + std::string{written} + "': " + pattern.error().text);
        if (!seen.insert(*pattern).second) return wrong_value(place + ": " + pattern->text() + " is in the list twice");
        patterns.push_back(std::move(*pattern));
    }
    return patterns;
}

Result<std::map<std::string, std::string>> read_log_modules(std::string_view text) {
    const auto value = parse_json(text);
    if (!value) return value.error();
    if (!value->is_object()) return wrong_type("must be an object, such as {\"s2s\": \"debug\"}");
    std::map<std::string, std::string> modules;
    for (const auto& entry : value->get_object()) {
        const std::string name{entry.key()};
        LogModule module{};
        if (!log_module(name, module)) return wrong_value("'" + name + "' is not the name of a log module");
        if (!entry.value().is_string()) return wrong_type(name + ": must be a level, such as \"debug\"");
        const std::string level{entry.value().get_string()};
        if (sallyport::text(log_level(level, LogLevel::trace)) != level) {
            return wrong_value(name + ": '" + level + "' is not trace, debug, info, warn, error or off");
        }
        const std::string canonical{sallyport::text(module)};
        if (!modules.emplace(canonical, level).second) return wrong_value(canonical + " is named twice");
    }
    return modules;
}

std::string write_bool(bool value) { return value ? "true" : "false"; }

std::string write_string(std::string_view value) {
    return json::serialize(json::value(json::string_view{value.data(), value.size()}));
}

std::string write_patterns(const std::vector<NamePattern>& patterns) {
    json::array array;
    for (const NamePattern& pattern : patterns) array.emplace_back(pattern.text());
    return json::serialize(array);
}

std::string write_log_modules(const std::map<std::string, std::string>& modules) {
    json::object object;
    for (const auto& [name, level] : modules) object[name] = level;
    return json::serialize(object);
}

}  // namespace sallyport::config
