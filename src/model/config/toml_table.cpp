// Reading typed keys and collecting complaints.
#include "model/config/toml_table.h"

#include <algorithm>
#include <cmath>

#include "model/config/json_fields.h"
#include "model/config/nearest_name.h"

namespace sallyport::config {

unsigned line_of(const toml::node& node) { return static_cast<unsigned>(node.source().begin.line); }
unsigned line_of(const toml::key& key) { return static_cast<unsigned>(key.source().begin.line); }

void Complaints::add(unsigned line, const std::string& key, std::string text) {
    errors_.push_back({file_, line, key, std::move(text)});
}

void Complaints::add_at(const std::string& key, std::string text) {
    const auto at = lines_.find(key);
    add(at == lines_.end() ? 0 : at->second, key, std::move(text));
}

bool Complaints::concern(const std::string& key) const {
    return std::any_of(errors_.begin(), errors_.end(), [&](const FileError& error) { return error.key == key; });
}

std::vector<FileError> Complaints::sorted() && {
    sort_by_line(errors_);
    return std::move(errors_);
}

TomlTable::TomlTable(const toml::table* table, std::string path, Complaints& complaints)
    : table_{table}, path_{std::move(path)}, complaints_{&complaints} {
    if (table_ == nullptr) return;
    for (const auto& [key, node] : *table_) complaints.note_line(path_of(key.str()), line_of(key));
}

std::string TomlTable::path_of(std::string_view key) const {
    return path_.empty() ? std::string{key} : path_ + "." + std::string{key};
}

const toml::node* TomlTable::take(std::string_view key) {
    known_.emplace(key);
    return table_ == nullptr ? nullptr : table_->get(key);
}

void TomlTable::complain(std::string_view key, std::string text) { complaints_->add_at(path_of(key), std::move(text)); }

void TomlTable::text(std::string_view key, std::string& out) {
    const toml::node* node = take(key);
    if (node == nullptr) return;
    if (const auto* value = node->as_string()) {
        out = value->get();
    } else {
        complain(key, "must be a string, in quotation marks");
    }
}

void TomlTable::file_path(std::string_view key, std::string& out) {
    text(key, out);
    if (out.empty()) return;
    const std::string& file = complaints_->file();
    const std::size_t slash = file.rfind('/');
    if (out.front() != '/' && slash != std::string::npos) out = file.substr(0, slash + 1) + out;
    complaints_->note_path(path_of(key), out);
}

void TomlTable::flag(std::string_view key, bool& out) {
    const toml::node* node = take(key);
    if (node == nullptr) return;
    if (const auto* value = node->as_boolean()) {
        out = value->get();
    } else {
        complain(key, "must be true or false");
    }
}

void TomlTable::count(std::string_view key, unsigned& out, unsigned most) {
    const toml::node* node = take(key);
    if (node == nullptr) return;
    const auto* value = node->as_integer();
    if (value == nullptr || value->get() < 0 || value->get() > static_cast<std::int64_t>(most)) {
        complain(key, "must be a whole number from 0 to " + std::to_string(most));
    } else {
        out = static_cast<unsigned>(value->get());
    }
}

void TomlTable::seconds(std::string_view key, double& out, bool zero) {
    const toml::node* node = take(key);
    if (node == nullptr) return;
    constexpr double day = 86400;
    double value = -1;
    if (const auto* whole = node->as_integer()) value = static_cast<double>(whole->get());
    if (const auto* real = node->as_floating_point()) value = real->get();
    const bool in_range = std::isfinite(value) && value <= day && (value > 0 || (zero && value == 0));
    if (in_range) {
        out = value;
    } else {
        complain(key, std::string{"must be a number of seconds, "} + (zero ? "0 or more" : "above 0") +
                          " and at most 86400");
    }
}

std::optional<std::size_t> TomlTable::word(std::string_view key, const std::vector<std::string_view>& words) {
    if (take(key) == nullptr) return std::nullopt;
    std::string written;
    text(key, written);
    const auto at = std::find(words.begin(), words.end(), written);
    if (at != words.end()) return static_cast<std::size_t>(at - words.begin());
    if (table_->get(key)->is_string()) complain(key, "'" + written + "' is not " + alternatives(words));
    return std::nullopt;
}

std::vector<std::string> TomlTable::texts(std::string_view key, bool single_too) {
    const toml::node* node = take(key);
    std::vector<std::string> entries;
    if (node == nullptr) return entries;
    if (const auto* single = node->as_string(); single != nullptr && single_too) {
        if (!single->get().empty()) entries.push_back(single->get());
        return entries;
    }
    const auto* array = node->as_array();
    if (array == nullptr) {
        complain(key, single_too ? "must be a string or a list of strings" : "must be a list, such as [\"…\"]");
        return entries;
    }
    for (const toml::node& entry : *array) {
        if (const auto* value = entry.as_string()) {
            entries.push_back(value->get());
        } else {
            complaints_->add(line_of(entry), path_of(key), "must be a list of strings");
        }
    }
    return entries;
}

TomlTable TomlTable::section(std::string_view key) {
    const toml::node* node = take(key);
    if (node != nullptr && !node->is_table()) complain(key, "must be a table: [" + path_of(key) + "]");
    return {node == nullptr ? nullptr : node->as_table(), path_of(key), *complaints_};
}

std::vector<TomlTable> TomlTable::tables(std::string_view key) {
    const toml::node* node = take(key);
    std::vector<TomlTable> found;
    if (node == nullptr) return found;
    const auto* array = node->as_array();
    if (array == nullptr ||
        !std::all_of(array->begin(), array->end(), [](const toml::node& n) { return n.is_table(); })) {
        complain(key, "must be a list of tables: [[" + path_of(key) + "]]");
        return found;
    }
    for (const toml::node& entry : *array) {
        const std::string place = path_of(key) + "[" + std::to_string(found.size()) + "]";
        complaints_->note_line(place, line_of(entry));
        found.emplace_back(entry.as_table(), place, *complaints_);
    }
    return found;
}

void TomlTable::finish() {
    if (table_ == nullptr) return;
    const std::vector<std::string_view> names{known_.begin(), known_.end()};
    for (const auto& [key, node] : *table_) {
        if (!known_.contains(key.str())) complain(key.str(), "unknown key" + hint(key.str(), names));
    }
}

}  // namespace sallyport::config
