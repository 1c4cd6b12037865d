// toml++ drops comments when it parses.
#include "model/config/masked_file.h"

#include <toml++/toml.h>

#include <algorithm>
#include <sstream>

namespace sallyport::config {

namespace {

bool is_secret(std::string_view key) {
    std::string lower{key};
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return lower.ends_with("secret") || lower.ends_with("password");
}

void mask(toml::node& node);

void mask_table(toml::table& table) {
    for (auto&& [key, value] : table) {
        // Keys cannot be erased or replaced by another kind while they are walked; a string can change its value.
        if (!is_secret(key.str())) {
            mask(value);
        } else if (auto* text = value.as_string()) {
            *text = "********";
        }
    }
    for (auto at = table.begin(); at != table.end();) {
        at = is_secret(at->first.str()) && !at->second.is_string() ? table.erase(at) : std::next(at);
    }
}

void mask(toml::node& node) {
    if (auto* table = node.as_table()) return mask_table(*table);
    if (auto* array = node.as_array()) {
        for (toml::node& entry : *array) mask(entry);
    }
}

}  // namespace

std::string without_secrets(std::string_view toml) {
    try {  // toml++ reports mistakes as exceptions; they end here
        toml::table table = toml::parse(toml);
        mask_table(table);
        std::ostringstream out;
        out << table << '\n';
        return out.str();
    } catch (const toml::parse_error&) {
        return {};
    }
}

}  // namespace sallyport::config
