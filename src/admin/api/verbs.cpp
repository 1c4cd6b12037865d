// The parts of the table of verbs. A new verb is a handler and a row in verbs_<part>.cpp; docs/manual/cli.md says what
// it shows.
#include "admin/api/verbs.h"

#include <algorithm>
#include <vector>

#include "admin/api/verb_parts.h"

namespace sallyport::admin {

namespace {

struct Part {
    std::span<const Verb> (*rows)();
    std::string_view section;  ///< of the manual
};
/// In the order of the manual; of a group the first row is what its bare name means.
constexpr Part parts[] = {
    {status_verbs, "Status"},
    {nodes_verbs, "Status"},
    {peers_verbs, "Peers"},
    {config_verbs, "Settings"},
    {lists_verbs, "Settings"},
    {routes_verbs, "Settings"},
    {events_verbs, "Log"},
    {users_verbs, "Users"},
    {clients_verbs, "Users"},
    {admins_verbs, "Administrators"},
    {why_verbs, "Diagnosis"},
    {handshakes_verbs, "Diagnosis"},
    {check_verbs, "Diagnosis"},
    {check_node_verbs, "Diagnosis"},
    {metrics_verbs, "Diagnosis"},
    {history_verbs, "Diagnosis"},
    {diag_verbs, "Diagnosis"},
    {capture_verbs, "Diagnosis"},
    {presence_verbs, "The presence node"},
    {axl_verbs, "IM&P servers and AXL"},
    {imp_verbs, "IM&P servers and AXL"},
    {complete_verbs, {}},
    {words_verbs, {}},
};

struct Group {
    std::string_view name, help;
};
constexpr Group groups[] = {
    {"nodes", "the nodes that work together"},
    {"peers", "the peers: streams, ping, close"},
    {"config", "settings: values, changes, history"},
    {"routes", "static routes: where to connect instead of asking DNS"},
    {"allow", "the allow list"},
    {"deny", "the deny list"},
    {"log", "log levels"},
    {"check", "checks that look for the cause of a fault"},
    {"restart", "presence node: restarts the router"},
    {"run", "presence node: runs an SQL statement"},
    {"axl-users", "presence node: the AXL users"},
    {"imp-servers", "core: the IM&P servers that it provisions"},
    {"users", "presence node: the users"},
    {"clients", "presence node: who is online"},
    {"account", "your own account of the admin address"},
    {"admins", "the accounts of the admin address"},
    {"tokens", "the tokens that scripts sign in with"},
    {"sessions", "who is signed in"},
    {"capture", "packet captures"},
    {"diag", "diagnostic logs"},
    {"utils", "commands as on the IM&P command line"},
    {"handshakes", "recorded handshakes with peers"},
};

std::vector<Verb> all_rows() {
    std::vector<Verb> rows;
    for (const Part& part : parts) rows.insert(rows.end(), part.rows().begin(), part.rows().end());
    return rows;
}

}  // namespace

std::span<const Verb> verbs() {
    static const std::vector<Verb> rows = all_rows();
    return rows;
}

const Verb* first_verb(std::string_view group) {
    const auto in_group = [group](const Verb& verb) {
        return verb.name.size() > group.size() && verb.name.starts_with(group) && verb.name[group.size()] == '.';
    };
    const auto at = std::ranges::find_if(verbs(), in_group);
    if (at == verbs().end()) return nullptr;
    const bool needs = std::ranges::any_of(at->arguments, &Argument::required);
    return needs ? nullptr : &*at;
}

std::string_view help_of_group(std::string_view group) {
    const auto* const at = std::ranges::find(groups, group, &Group::name);
    return at == std::end(groups) ? std::string_view{} : at->help;
}

std::string_view section_of(const Verb& verb) {
    const auto has_it = [&](const Part& part) {
        return std::ranges::find(part.rows(), verb.name, &Verb::name) != part.rows().end();
    };
    const auto* const part = std::ranges::find_if(parts, has_it);
    return part == std::end(parts) ? std::string_view{} : part->section;
}

const Verb* find_verb(std::string_view name) {
    const auto at = std::ranges::find(verbs(), name, &Verb::name);
    return at == verbs().end() ? nullptr : &*at;
}

}  // namespace sallyport::admin
