// `config`: settings by name, and their history.
#include <boost/json.hpp>

#include "admin/api/setting_change.h"
#include "admin/api/status_json.h"
#include "admin/api/verb_handlers.h"
#include "model/config/nearest_name.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

constexpr std::uint64_t usual_history = 50;
constexpr std::uint64_t most_history = 10'000;
constexpr std::string_view stars = "********";

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

json::object describe(const config::SettingRow& row, const config::Settings& settings) {
    return {{"name", view(row.name)},
            {"value", shown_value(row, settings)},
            {"default", json_value(std::string{row.default_value})},
            {"type", view(row.type)},
            {"values", view(row.values)},
            {"help", view(row.help)},
            {"secret", row.secret}};
}

/// The row, or the call has ended.
const config::SettingRow* row_of(Call& call) {
    const std::string name = call.text("name");
    const config::SettingRow* row = config::find_setting(name);
    if (row != nullptr) return row;
    std::vector<std::string_view> known;
    for (const config::SettingRow& candidate : config::setting_rows()) known.push_back(candidate.name);
    call.fail({"setting-unknown", name + ": there is no such setting" + config::hint(name, known)}, "name");
    return nullptr;
}

}  // namespace

json::value shown_value(const config::SettingRow& row, const config::Settings& settings) {
    if (row.secret) return json::value(view(stars));
    return json_value(row.load(settings));
}

void change_setting(Call& call, const std::string& name, const std::string& json_text, const std::string& note) {
    services::SettingsService& service = call.node().settings();
    const std::uint64_t before = service.snapshot()->revision;
    const auto revision = service.set({{name, json_text}}, call.author());
    if (!revision) return call.fail(revision.error(), "value");
    const config::SettingRow* row = config::find_setting(name);
    json::object result{{"name", name},
                        {"value", shown_value(*row, *service.snapshot())},
                        {"revision", *revision},
                        {"changed", *revision != before}};
    if (!note.empty()) result["note"] = note;
    call.succeed(result);
}

void run_config_get(const SharedCall& call) {
    const config::Snapshot settings = call->node().settings().snapshot();
    if (call->has("name")) {
        if (const config::SettingRow* row = row_of(*call)) call->succeed(describe(*row, *settings));
        return;
    }
    json::array rows;
    for (const config::SettingRow& row : config::setting_rows()) rows.push_back(describe(row, *settings));
    call->succeed(json::object{{"revision", settings->revision}, {"settings", std::move(rows)}});
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

}  // namespace sallyport::admin
