// The table of settings, and changes applied as a whole. A new setting is a member in settings.h and a row here.
#include "model/config/settings.h"

#include <algorithm>
#include <set>

#include "base/join.h"
#include "model/config/nearest_name.h"
#include "model/config/setting_values.h"

namespace sallyport::config {

namespace {

/// Moves a good value to its member; the error otherwise.
template <typename Value>
Result<void> keep(Result<Value> read, Value& member) {
    if (!read) return read.error();
    member = std::move(*read);
    return {};
}

template <typename Enum>
Result<void> keep_word(std::string_view json, const std::vector<std::string_view>& words, Enum& member) {
    const auto at = read_word(json, words);
    if (!at) return at.error();
    member = static_cast<Enum>(*at);
    return {};
}

template <typename Enum>
std::string write_word(const std::vector<std::string_view>& words, Enum value) {
    return write_string(words[static_cast<std::size_t>(value)]);
}

constexpr std::string_view bool_values = "true or false";
constexpr std::string_view list_values = "domain names; *.example.org matches every name below example.org";

constexpr SettingRow rows[] = {
    {"federation.enabled", "bool", bool_values, "false", "Whether this system federates with other XMPP domains.",
     false, [](Settings& s, std::string_view json) { return keep(read_bool(json), s.enabled); },
     [](const Settings& s) { return write_bool(s.enabled); }},
    {"federation.security_mode", "enum", "tls_required, tls_optional or no_tls", "\"tls_required\"",
     "Whether streams with peers must, may or must not use TLS.", false,
     [](Settings& s, std::string_view json) { return keep_word(json, security_mode_words(), s.security_mode); },
     [](const Settings& s) { return write_word(security_mode_words(), s.security_mode); }},
    {"federation.require_client_certificates", "bool", bool_values, "false",
     "Refuse peers that do not authenticate with a certificate; no dialback then.", false,
     [](Settings& s, std::string_view json) { return keep(read_bool(json), s.require_client_certificates); },
     [](const Settings& s) { return write_bool(s.require_client_certificates); }},
    {"federation.dialback_secret", "string", "16 to 1024 characters", "\"\"",
     "Secret for dialback keys; the same on every edge. Generated with 256 bits at the first start.", true,
     [](Settings& s, std::string_view json) { return keep(read_secret(json), s.dialback_secret); },
     [](const Settings& s) { return write_string(s.dialback_secret); }},
    {"federation.privacy_mode", "enum", "off, allow_list or deny_list", "\"allow_list\"",
     "Which list decides what domains can federate.", false,
     [](Settings& s, std::string_view json) { return keep_word(json, privacy_mode_words(), s.privacy_mode); },
     [](const Settings& s) { return write_word(privacy_mode_words(), s.privacy_mode); }},
    {"federation.allow_list", "list", list_values, "[]",
     "The only domains that can federate, if privacy_mode is allow_list.", false,
     [](Settings& s, std::string_view json) { return keep(read_patterns(json), s.allow_list); },
     [](const Settings& s) { return write_patterns(s.allow_list); }, Owner::edge, "lists?list=allow_list"},
    {"federation.deny_list", "list", list_values, "[]",
     "The domains that cannot federate, if privacy_mode is deny_list.", false,
     [](Settings& s, std::string_view json) { return keep(read_patterns(json), s.deny_list); },
     [](const Settings& s) { return write_patterns(s.deny_list); }, Owner::edge, "lists?list=deny_list"},
    {"federation.use_static_routes", "bool", bool_values, "false",
     "Whether static_routes are in use. Their domains need not be on the allow list.", false,
     [](Settings& s, std::string_view json) { return keep(read_bool(json), s.use_static_routes); },
     [](const Settings& s) { return write_bool(s.use_static_routes); }},
    {"federation.static_routes", "table", "{domain, address, port, priority, weight, fall_back_to_dns}", "[]",
     "Where to connect for a domain instead of asking DNS.", false,
     [](Settings& s, std::string_view json) { return keep(read_routes(json), s.static_routes); },
     [](const Settings& s) { return write_routes(s.static_routes); }, Owner::edge, "routes"},
    {"federation.domains", "list", list_values, "[]", "Domains of ours that federate, and aliases of chat rooms.",
     false, [](Settings& s, std::string_view json) { return keep(read_patterns(json), s.domains); },
     [](const Settings& s) { return write_patterns(s.domains); }, Owner::core, "domains"},
    {"federation.bidi", "enum", "off or on", "\"off\"", "Bidirectional streams (XEP-0288).", false,
     [](Settings& s, std::string_view json) { return keep_word(json, switch_words(), s.bidi); },
     [](const Settings& s) { return write_word(switch_words(), s.bidi); }},
    {"federation.peers", "table", "{domain, security_mode, authentication, bidi, limits, note}", "[]",
     "Exceptions for single peers.", false,
     [](Settings& s, std::string_view json) { return keep(read_peers(json), s.peers); },
     [](const Settings& s) { return write_peers(s.peers); }, Owner::edge, "exceptions"},
    {"router.live_changes", "bool", bool_values, "true",
     "Presence node: whether changes of xmpps2snodes take effect at once, or only when the router is restarted.", false,
     [](Settings& s, std::string_view json) { return keep(read_bool(json), s.router_live_changes); },
     [](const Settings& s) { return write_bool(s.router_live_changes); }, Owner::presence},
    {"presence.federation_node_status", "enum", "off or on", "\"off\"",
     "Presence node: whether it federates by itself. Must be off while an edge federates for it.", false,
     [](Settings& s, std::string_view json) { return keep_word(json, switch_words(), s.own_federation); },
     [](const Settings& s) { return write_word(switch_words(), s.own_federation); }, Owner::presence},
    {"log.modules", "table", "{module: trace, debug, info, warn, error or off}", "{}",
     "Log levels of single modules; the node's file sets the others.", false,
     [](Settings& s, std::string_view json) { return keep(read_log_modules(json), s.log_modules); },
     [](const Settings& s) { return write_log_modules(s.log_modules); }, Owner::node},
};

constexpr std::string_view masked = "\"********\"";

Error unknown_setting(const std::string& name) {
    std::vector<std::string_view> known;
    for (const SettingRow& row : rows) known.push_back(row.name);
    return {"setting-unknown", name + ": no such setting" + hint(name, known)};
}

Changed difference(const SettingRow& row, std::string from, std::string to) {
    if (row.secret) return {std::string{row.name}, std::string{masked}, std::string{masked}};
    return {std::string{row.name}, std::move(from), std::move(to)};
}

}  // namespace

std::string_view text(Owner owner) {
    switch (owner) {
        case Owner::edge: return "edge";
        case Owner::core: return "core";
        case Owner::presence: return "presence";
        case Owner::node: return "node";
    }
    return "?";
}

std::string_view name_of(Owner owner) {
    switch (owner) {
        case Owner::edge: return "the edge";
        case Owner::core: return "the core";
        case Owner::presence: return "the presence node";
        case Owner::node: return "each node";
    }
    return "?";
}

std::span<const SettingRow> setting_rows() { return rows; }

const SettingRow* find_setting(std::string_view name) {
    const auto at =
        std::find_if(std::begin(rows), std::end(rows), [&](const SettingRow& row) { return row.name == name; });
    return at == std::end(rows) ? nullptr : &*at;
}

Result<Settings> apply(const Settings& settings, const std::vector<Change>& changes, std::vector<Changed>& changed) {
    changed.clear();
    Settings next = settings;
    std::set<std::string_view> named;
    for (const Change& change : changes) {
        const SettingRow* row = find_setting(change.name);
        if (row == nullptr) return unknown_setting(change.name);
        if (!named.insert(row->name).second) return Error{"setting-value", change.name + ": named twice in one change"};
        if (const auto stored = row->store(next, change.value); !stored) {
            return Error{stored.error().code, change.name + ": " + stored.error().text};
        }
    }
    if (next.dialback_secret != settings.dialback_secret) next.previous_dialback_secret = settings.dialback_secret;
    for (const SettingRow& row : rows) {
        std::string from = row.load(settings);
        std::string to = row.load(next);
        if (from != to) changed.push_back(difference(row, std::move(from), std::move(to)));
    }
    return next;
}

namespace {

std::string list_of_cli(std::string_view text) {
    constexpr std::string_view separators = ", \t\r\n";
    std::string json;
    for (std::size_t at = text.find_first_not_of(separators); at != std::string_view::npos;) {
        const std::size_t end = std::min(text.find_first_of(separators, at), text.size());
        append_item(json, write_string(text.substr(at, end - at)), ",");
        at = text.find_first_not_of(separators, end);
    }
    return "[" + json + "]";
}

std::string bool_of_cli(std::string_view text) {
    for (const std::string_view yes : {"true", "on", "yes", "1"}) {
        if (text == yes) return "true";
    }
    for (const std::string_view no : {"false", "off", "no", "0"}) {
        if (text == no) return "false";
    }
    return std::string{text};
}

}  // namespace

std::string json_of_cli(const SettingRow& row, std::string_view text) {
    if (row.type == "bool") return bool_of_cli(text);
    if (row.type == "list") return text.starts_with('[') ? std::string{text} : list_of_cli(text);
    if (row.type == "table") return std::string{text};
    const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
    return quoted ? std::string{text} : write_string(text);
}

}  // namespace sallyport::config
