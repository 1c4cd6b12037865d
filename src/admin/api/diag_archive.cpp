// Secrets are left out where values are written, and searched for once more at the end.
#include "admin/api/diag_archive.h"

#include <sys/utsname.h>

#include <boost/json.hpp>

#include "admin/api/setting_change.h"
#include "admin/api/status_json.h"
#include "admin/print/json_text.h"
#include "io/archive/archive.h"
#include "io/capture/capture.h"
#include "io/store/folder.h"
#include "io/tls/library_version.h"
#include "model/config/masked_file.h"
#include "model/config/settings.h"
#include "services/diagnostics/diagnostics.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

constexpr std::size_t most_events = 10'000;
constexpr std::size_t most_history = 1000;
constexpr std::size_t least_secret = 4;  ///< shorter ones would blot out half the text
constexpr auto before_the_start = std::chrono::hours{1};

std::vector<std::string> secrets_of(NodeControl& node) {
    const config::NodeFile& file = node.file();
    const config::Snapshot settings = node.settings().snapshot();
    std::vector<std::string> all{file.link.secret, settings->dialback_secret, settings->previous_dialback_secret};
    for (const auto& component : file.components.allowed) all.push_back(component.secret);
    return all;
}

void blot_out(const std::vector<std::string>& secrets, std::string& text) {
    constexpr std::string_view stars = "********";
    for (const std::string& secret : secrets) {
        if (secret.size() < least_secret) continue;
        for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + stars.size())) {
            text.replace(at, secret.size(), stars);
        }
    }
}

json::object about(NodeControl& node, const NodeStatus& status) {
    utsname system{};
    ::uname(&system);
    json::object libraries;
    for (const auto& [name, version] :
         {std::pair{"libpcap", io::capture_library()}, std::pair{"libarchive", io::archive_library()},
          std::pair{"openssl", io::tls_library_version()}}) {
        libraries[name] = version;
    }
    json::object all{{"made", json_time(node.loop().wall())},
                     {"node", status.name},
                     {"role", status.role},
                     {"version", status.version},
                     {"system", std::string{system.sysname} + " " + system.release + " " + system.machine},
                     {"libraries", std::move(libraries)}};
    const auto state = node.diagnostics()->diagnosis.state();
    if (!state) return all;
    all["from"] = json_time(state->started);
    all["to"] = json_time(state->ended);
    all["end"] = state->end;
    all["restarts_meanwhile"] = state->restarts;
    all["lines_lost"] = state->lost;
    all["markers"] = state->markers;
    all["capture"] = state->capture;
    return all;
}

json::object settings_text(NodeControl& node) {
    const config::Snapshot settings = node.settings().snapshot();
    json::object values;
    for (const config::SettingRow& row : config::setting_rows()) {
        values[json::string_view{row.name.data(), row.name.size()}] = shown_value(row, *settings);
    }
    json::array changes;
    if (const auto rows = node.settings().history(most_history)) {
        for (const io::HistoryRow& row : *rows) {
            changes.push_back(json::object{{"time", json_time(row.time)},
                                           {"author", row.author},
                                           {"name", row.name},
                                           {"from", json_value(row.from)},
                                           {"to", json_value(row.to)}});
        }
    }
    return {{"revision", settings->revision}, {"values", std::move(values)}, {"history", std::move(changes)}};
}

/// Of the event log: what began shortly before the diagnosis, or the latest.
services::EventSearch events_wanted(NodeControl& node) {
    services::EventSearch search;
    if (const auto state = node.diagnostics()->diagnosis.state()) search.since = state->started - before_the_start;
    return search;
}

std::string events_text(const Result<services::EventsFound>& found) {
    std::string lines;
    if (!found) return found.error().text + "\n";
    for (auto at = found->events.rbegin(); at != found->events.rend(); ++at) {
        lines += json_text(json_of(*at)) + "\n";
    }
    return lines;
}

json::object alarms_text(NodeControl& node) {
    json::array standing, lowered;
    for (const services::Alarm& alarm : node.alarms().standing()) standing.push_back(json_of(alarm));
    for (const services::Alarm& alarm : node.alarms().lowered()) lowered.push_back(json_of(alarm));
    return {{"standing", std::move(standing)}, {"lowered", std::move(lowered)}};
}

json::object peers_text(const NodeStatus& status) {
    json::array streams, destinations, described;
    for (const auto& stream : status.streams) streams.push_back(json_of(stream, status.now));
    for (const auto& destination : status.destinations) destinations.push_back(json_of(destination));
    for (const auto& peer : status.described) described.push_back(json_of(peer));
    return {{"streams", std::move(streams)},
            {"destinations", std::move(destinations)},
            {"described", std::move(described)}};
}

}  // namespace

void gather_texts(NodeControl& node, std::function<void(services::ArchiveTexts)> on_gathered) {
    node.status([&node, on_gathered = std::move(on_gathered)](const NodeStatus& status) {
        services::ArchiveTexts texts;
        const auto add = [&](const char* name, const json::value& value) {
            texts.emplace_back(name, json_text(value) + "\n");
        };
        add("about.json", about(node, status));
        add("status.json", describe_status(node, status));
        add("peers.json", peers_text(status));
        add("settings.json", settings_text(node));
        add("alarms.json", alarms_text(node));
        const auto file = io::read_whole(node.file().path);
        texts.emplace_back("node.toml", file ? config::without_secrets(*file) : file.error().text + "\n");
        node.diagnostics()->journal.find(
            events_wanted(node), most_events, "diagnosis",
            [&node, texts = std::move(texts), on_gathered](const Result<services::EventsFound>& found) mutable {
                texts.emplace_back("events.jsonl", events_text(found));
                const std::vector<std::string> secrets = secrets_of(node);
                for (auto& [name, text] : texts) blot_out(secrets, text);
                on_gathered(std::move(texts));
            });
    });
}

}  // namespace sallyport::admin
