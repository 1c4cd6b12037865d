// What an operator changes in operation: typed settings, one row each in the table of settings.cpp. A change is
// validated as a whole, and the result is one immutable snapshot with a revision (ARCHITECTURE.md, Journeys: a
// configuration change).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"
#include "base/result.h"
#include "proto/s2s/rules.h"
#include "proto/xmpp/jid.h"

namespace sallyport::config {

/// "example.org" (exact) or "*.example.org" (every name below, not itself).
struct NamePattern {
    xmpp::Domain domain;
    bool below = false;
    /// Errors: those of Domain::parse.
    static Result<NamePattern> parse(std::string_view text);
    [[nodiscard]] bool matches(const xmpp::Domain& name) const;
    /// For each stanza: a domain in canonical form, not yet a Domain.
    [[nodiscard]] bool matches_text(std::string_view canonical) const;
    [[nodiscard]] std::string text() const;
    auto operator<=>(const NamePattern&) const = default;
};

enum class PrivacyMode { off, allow_list, deny_list };

struct StaticRoute {
    xmpp::Domain domain;
    HostPort address;  ///< port from `port`, or written in `address`; 5269 when neither says
    std::uint16_t priority = 0;
    std::uint16_t weight = 0;
    bool fall_back_to_dns = false;
    bool operator==(const StaticRoute&) const = default;
};

enum class Authentication { any, certificate, dialback };

/// An exception for one peer; what is absent follows the general settings.
struct PeerException {
    NamePattern domain;
    std::optional<s2s::SecurityMode> security_mode;
    std::optional<Authentication> authentication;
    std::optional<bool> bidi;
    std::map<std::string, std::uint64_t> limits;  ///< names of limits.h
    std::string note;
    bool operator==(const PeerException&) const = default;
};

/// One immutable configuration.
struct Settings {
    std::uint64_t revision = 0;
    bool enabled = false;
    s2s::SecurityMode security_mode = s2s::SecurityMode::tls_required;
    bool require_client_certificates = false;
    std::string dialback_secret;
    std::string previous_dialback_secret;  ///< accepted for an overlap after a rotation; not a row
    PrivacyMode privacy_mode = PrivacyMode::allow_list;
    std::vector<NamePattern> allow_list;
    std::vector<NamePattern> deny_list;
    bool use_static_routes = false;
    std::vector<StaticRoute> static_routes;
    std::vector<NamePattern> domains;
    bool bidi = false;
    std::vector<PeerException> peers;
    bool router_live_changes = true;                 ///< presence: changes of xmpps2snodes reach the router at once
    bool own_federation = false;                     ///< presence: presence.federation_node_status is on
    std::map<std::string, std::string> log_modules;  ///< log.modules.<name> -> level; set at run time
};
using Snapshot = std::shared_ptr<const Settings>;

/// Whose a setting is: where edge and core replicate, its value flows from its owner to the other side.
enum class Owner {
    edge,
    core,
    presence,  ///< of effect on a presence node alone
    node,      ///< each node has its own
};
[[nodiscard]] std::string_view text(Owner owner);
/// In a sentence: "the edge", "the presence node".
[[nodiscard]] std::string_view name_of(Owner owner);

/// One row of the table: everything that REST, CLI, web, manual and log need to know of a setting.
struct SettingRow {
    std::string_view name;           ///< "federation.enabled"
    std::string_view type;           ///< "bool", "enum", "string", "list", "table"
    std::string_view values;         ///< for people: "tls_required, tls_optional or no_tls"
    std::string_view default_value;  ///< JSON
    std::string_view help;
    bool secret = false;  ///< printed as "********", logged as such
    /// Validates JSON text and stores it. Errors: "setting-type", "setting-value"; the text names the field.
    Result<void> (*store)(Settings&, std::string_view json);
    std::string (*load)(const Settings&);  ///< JSON text
    Owner owner = Owner::edge;
    std::string_view page = {};  ///< address of the web page that edits it; empty: the page of all settings does
};
[[nodiscard]] std::span<const SettingRow> setting_rows();
[[nodiscard]] const SettingRow* find_setting(std::string_view name);

/// One wanted change, as it comes from CLI, REST or replication.
struct Change {
    std::string name;
    std::string value;  ///< JSON text
};
/// What changed, for log and history: values as JSON, secrets masked. Booleans print as 0 and 1 in the log line.
struct Changed {
    std::string name;
    std::string from;
    std::string to;
};

/// Applies all changes to a copy, or none. Errors: "setting-unknown", "setting-type", "setting-value"; the text names
/// the setting. Unchanged values are left out of `changed`.
[[nodiscard]] Result<Settings> apply(const Settings& settings, const std::vector<Change>& changes,
                                     std::vector<Changed>& changed);

/// CLI text to JSON: a bare word or number for a bool, enum or string is accepted as it is.
[[nodiscard]] std::string json_of_cli(const SettingRow& row, std::string_view text);

}  // namespace sallyport::config
