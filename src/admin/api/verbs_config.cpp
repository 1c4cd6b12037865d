// `config`: settings by name, and their history.
#include <boost/json.hpp>

#include "admin/api/setting_change.h"
#include "admin/api/status_json.h"
#include "admin/api/verb_parts.h"
#include "model/config/nearest_name.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

constexpr std::uint64_t usual_history = 50;
constexpr std::uint64_t most_history = 10'000;
constexpr std::string_view stars = "********";

/// The row, or the call has ended.
const config::SettingRow* row_of(Call& call) {
    const std::string name = call.text("name");
    const config::SettingRow* row = config::find_setting(name);
    if (row == nullptr) {
        call.fail(unknown_setting(name), "name");
    } else if (!call.node().settings().has_effect(*row)) {
        call.fail(services::SettingsService::belongs_elsewhere(*row), "name");
        return nullptr;
    }
    return row;
}

}  // namespace

bool is_shown(Call& call, const char* setting) {
    const config::SettingRow& row = *config::find_setting(setting);
    if (call.node().settings().has_effect(row)) return true;
    call.fail(services::SettingsService::belongs_elsewhere(row));
    return false;
}

Error unknown_setting(const std::string& name) {
    std::vector<std::string_view> known;
    for (const config::SettingRow& candidate : config::setting_rows()) known.push_back(candidate.name);
    return {"setting-unknown", name + ": no such setting" + config::hint(name, known)};
}

json::object describe_setting(const config::SettingRow& row, services::SettingsService& settings) {
    return {{"name", view(row.name)},
            {"value", shown_value(row, *settings.snapshot())},
            {"default", json_value(std::string{row.default_value})},
            {"type", view(row.type)},
            {"values", view(row.values)},
            {"help", view(row.help)},
            {"secret", row.secret},
            {"owner", view(config::text(row.owner))},
            {"page", row.page.empty() ? json::value{} : json::value(view(row.page))},
            {"revision", settings.revision_of(row.name)}};
}

json::object describe_settings(services::SettingsService& settings) {
    json::array rows;
    for (const config::SettingRow& row : config::setting_rows()) {
        if (settings.has_effect(row)) rows.push_back(describe_setting(row, settings));
    }
    return {{"revision", settings.snapshot()->revision}, {"settings", std::move(rows)}};
}

std::optional<StaleSetting> stale_setting(services::SettingsService& settings, const std::vector<std::string>& names,
                                          std::uint64_t revision) {
    for (const std::string& name : names) {
        const config::SettingRow* row = config::find_setting(name);
        const std::uint64_t changed = settings.revision_of(name);
        if (row == nullptr || changed <= revision) continue;
        return StaleSetting{name, shown_value(*row, *settings.snapshot()), changed};
    }
    return std::nullopt;
}

Error stale_error(const StaleSetting& stale) {
    return {"revision-stale", stale.name + " was changed in revision " + std::to_string(stale.revision) +
                                  ", after you read it; check its value and try again"};
}

json::value shown_value(const config::SettingRow& row, const config::Settings& settings) {
    if (row.secret) return json::value(view(stars));
    return json_value(row.load(settings));
}

void change_setting(Call& call, const std::string& name, const std::string& json_text, const std::string& note) {
    services::SettingsService& service = call.node().settings();
    if (call.revision()) {
        if (const auto stale = stale_setting(service, {name}, *call.revision())) {
            return call.fail(stale_error(*stale), "revision",
                             {{"current", stale->value}, {"revision", stale->revision}});
        }
    }
    const std::uint64_t before = service.snapshot()->revision;
    const auto revision = service.set({{name, json_text}}, call.author(), call.origin());
    if (!revision) return call.fail(revision.error(), "value");
    const config::SettingRow* row = config::find_setting(name);
    json::object result{{"name", name},
                        {"value", shown_value(*row, *service.snapshot())},
                        {"revision", *revision},
                        {"changed", *revision != before}};
    if (!note.empty()) result["note"] = note;
    call.succeed(result);
}

namespace {

void run_config_get(const SharedCall& call) {
    services::SettingsService& settings = call->node().settings();
    if (!call->has("name")) return call->succeed(describe_settings(settings));
    if (const config::SettingRow* row = row_of(*call)) call->succeed(describe_setting(*row, settings));
}

void run_config_set(const SharedCall& call) {
    const config::SettingRow* row = row_of(*call);
    if (row == nullptr) return;
    change_setting(*call, std::string{row->name}, config::json_of_cli(*row, call->text("value")));
}

void run_config_history(const SharedCall& call) {
    if (call->has("name") && row_of(*call) == nullptr) return;
    const std::uint64_t limit = std::min(call->number("limit", usual_history), most_history);
    const auto rows = call->node().settings().history(limit, call->text("name"));
    if (!rows) return call->fail(rows.error());
    json::array changes;
    for (const io::HistoryRow& row : *rows) {
        changes.push_back(json::object{{"revision", row.revision},
                                       {"time", json_time(row.time)},
                                       {"author", row.author},
                                       {"origin", row.origin},
                                       {"name", row.name},
                                       {"from", json_value(row.from)},
                                       {"to", json_value(row.to)}});
    }
    call->succeed(json::object{{"changes", std::move(changes)}});
}

constexpr Argument get_args[] = {optional_place("name", "name of a setting; default: all")};
constexpr Argument set_args[] = {place("name", Form::text, "name of the setting, such as federation.enabled"),
                                 {"value", Form::text, true, true, "the new value; lists and tables as JSON", true}};
constexpr Argument history_args[] = {optional_place("name", "name of a setting; default: all"),
                                     option("limit", Form::number, "how many changes; default: 50")};

constexpr Verb config_rows[] = {
    {"config.get", "settings and their values", get_args, run_config_get, "Settings|Setting", print_settings,
     Access::read, reads},
    {"config.set", "changes a setting; it is in force at once", set_args, run_config_set, "ChangedSetting",
     print_changed, Access::administer},
    {"config.history", "changes of settings: who, what and when, newest first", history_args, run_config_history,
     "{changes:[SettingChange]}", print_history, Access::read, reads},
};

}  // namespace

std::span<const Verb> config_verbs() { return config_rows; }

}  // namespace sallyport::admin
