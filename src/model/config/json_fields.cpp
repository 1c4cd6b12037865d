// JSON with complaints that name the field.
#include "model/config/json_fields.h"

#include <algorithm>

#include "model/config/nearest_name.h"
#include "model/config/setting_values.h"

namespace sallyport::config {

Error wrong_type(std::string text) { return {"setting-type", std::move(text)}; }
Error wrong_value(std::string text) { return {"setting-value", std::move(text)}; }

Result<json::value> parse_json(std::string_view text) {
    if (text.size() > SettingBounds::json_bytes) return wrong_value("the value is too long");
    json::error_code problem;
    json::value value = json::parse(json::string_view{text.data(), text.size()}, problem);
    if (problem) return wrong_type("the value is not JSON: " + problem.message());
    return value;
}

Result<json::array> parse_array(std::string_view text, std::size_t most) {
    auto value = parse_json(text);
    if (!value) return value.error();
    if (!value->is_array()) return wrong_type("must be a list, such as [\"example.org\"]");
    if (value->get_array().size() > most) {
        return wrong_value("the list has more than " + std::to_string(most) + " entries");
    }
    return std::move(value->get_array());
}

std::string alternatives(const std::vector<std::string_view>& words) {
    std::string joined;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) joined += i + 1 == words.size() ? " or " : ", ";
        joined += words[i];
    }
    return joined;
}

Fields::Fields(const json::value& value, std::string what, std::initializer_list<std::string_view> known)
    : what_{std::move(what)} {
    if (!value.is_object()) {
        error_ = wrong_type(what_ + ": must be an object, such as {\"domain\": \"example.org\"}");
        return;
    }
    object_ = value.get_object();
    const std::vector<std::string_view> names{known};
    for (const auto& field : object_) {
        const std::string_view name{field.key().data(), field.key().size()};
        if (std::find(names.begin(), names.end(), name) == names.end()) {
            complain(name, "unknown field" + hint(name, names));
        }
    }
}

const json::value* Fields::find(std::string_view name) const {
    const json::value* value = object_.if_contains(json::string_view{name.data(), name.size()});
    return value == nullptr || value->is_null() ? nullptr : value;
}

bool Fields::has(std::string_view name) const { return find(name) != nullptr; }

void Fields::complain(std::string_view name, std::string text, bool of_type) {
    if (error_) return;
    text = what_ + "." + std::string{name} + ": " + text;
    error_ = of_type ? wrong_type(std::move(text)) : wrong_value(std::move(text));
}

std::string Fields::text(std::string_view name, bool required) {
    const json::value* value = find(name);
    if (value == nullptr) {
        if (required) complain(name, "is missing");
        return {};
    }
    if (!value->is_string()) {
        complain(name, "must be a string", true);
        return {};
    }
    return {value->get_string().data(), value->get_string().size()};
}

std::uint64_t Fields::number(std::string_view name, std::uint64_t fallback, std::uint64_t least, std::uint64_t most) {
    const json::value* value = find(name);
    if (value == nullptr) return fallback;
    json::error_code problem;
    const auto number = value->is_number() ? value->to_number<std::uint64_t>(problem) : 0;
    if (!value->is_number() || value->is_double()) {
        complain(name, "must be a whole number", true);
    } else if (problem || number < least || number > most) {
        complain(name, "must be a number from " + std::to_string(least) + " to " + std::to_string(most));
    } else {
        return number;
    }
    return fallback;
}

bool Fields::flag(std::string_view name, bool fallback) {
    const json::value* value = find(name);
    if (value == nullptr) return fallback;
    if (!value->is_bool()) complain(name, "must be true or false", true);
    return value->is_bool() ? value->get_bool() : fallback;
}

std::optional<std::size_t> Fields::word(std::string_view name, const std::vector<std::string_view>& words) {
    if (!has(name)) return std::nullopt;
    const std::string written = text(name, true);
    const auto at = std::find(words.begin(), words.end(), written);
    if (at == words.end()) {
        complain(name, "'" + written + "' is not " + alternatives(words));
        return std::nullopt;
    }
    return static_cast<std::size_t>(at - words.begin());
}

json::object Fields::object(std::string_view name) {
    const json::value* value = find(name);
    if (value == nullptr) return {};
    if (!value->is_object()) {
        complain(name, "must be an object", true);
        return {};
    }
    return value->get_object();
}

}  // namespace sallyport::config
