// [settings]: first values, checked by the table of settings and kept as JSON.
#include <vector>

#include "model/config/json_fields.h"
#include "model/config/nearest_name.h"
#include "model/config/node_file_parts.h"
#include "model/config/settings.h"

namespace sallyport::config {

namespace {

json::value to_json(const toml::node& node);

json::object object_of(const toml::table& table) {
    json::object object;
    for (const auto& [key, value] : table) object[json::string{key.str().data(), key.str().size()}] = to_json(value);
    return object;
}

/// Dates have no place in settings; they become null, which no reader takes.
json::value to_json(const toml::node& node) {
    if (const auto* value = node.as_string())
        return json::value(json::string_view{value->get().data(), value->get().size()});
    if (const auto* value = node.as_boolean()) return value->get();
    if (const auto* value = node.as_integer()) return value->get();
    if (const auto* value = node.as_floating_point()) return value->get();
    if (const auto* table = node.as_table()) return object_of(*table);
    if (const auto* array = node.as_array()) {
        json::array list;
        for (const toml::node& entry : *array) list.push_back(to_json(entry));
        return list;
    }
    return nullptr;
}

class FirstSettings {
public:
    FirstSettings(NodeFile& file, Complaints& complaints) : file_{&file}, complaints_{&complaints} {}

    void read(const toml::table& table, const std::string& prefix) {
        for (const auto& [key, node] : table) {
            const std::string name = prefix.empty() ? std::string{key.str()} : prefix + "." + std::string{key.str()};
            if (const SettingRow* row = find_setting(name)) {
                store(*row, node, line_of(key));
            } else if (const auto* below = node.as_table(); below != nullptr && is_prefix(name)) {
                read(*below, name);
            } else {
                complaints_->add(line_of(key), "settings." + name, "no such setting" + hint(name, names()));
            }
        }
    }

private:
    static std::vector<std::string_view> names() {
        std::vector<std::string_view> known;
        for (const SettingRow& row : setting_rows()) known.push_back(row.name);
        return known;
    }

    static bool is_prefix(const std::string& name) {
        for (const SettingRow& row : setting_rows()) {
            if (row.name.starts_with(name + ".")) return true;
        }
        return false;
    }

    void store(const SettingRow& row, const toml::node& node, unsigned line) {
        std::string text = json::serialize(to_json(node));
        if (const auto stored = row.store(scratch_, text); !stored) {
            complaints_->add(line, "settings." + std::string{row.name}, stored.error().text);
            return;
        }
        if (!has_effect(row, file_->role)) {
            file_->warnings.push_back("settings." + std::string{row.name} + ": has no effect on this node; set it on " +
                                      std::string{name_of(row.owner)});
        }
        file_->settings[std::string{row.name}] = std::move(text);
    }

    NodeFile* file_;
    Complaints* complaints_;
    Settings scratch_;
};

}  // namespace

void read_first_settings(TomlTable table, NodeFile& file) {
    if (table.present()) FirstSettings{file, table.complaints()}.read(*table.table(), {});
}

}  // namespace sallyport::config
