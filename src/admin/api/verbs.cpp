// The parts of the table of verbs. A new verb is a handler and a row in verbs_<part>.cpp; docs/manual/cli.md says what
// it shows.
#include "admin/api/verbs.h"

#include <algorithm>
#include <vector>

#include "admin/api/verb_parts.h"

namespace sallyport::admin {

namespace {

constexpr std::span<const Verb> (*parts[])() = {
    status_verbs,  peers_verbs,      config_verbs,     routes_verbs,  lists_verbs,   events_verbs, why_verbs,
    check_verbs,   check_node_verbs, presence_verbs,   axl_verbs,     imp_verbs,     users_verbs,  admins_verbs,
    capture_verbs, diag_verbs,       handshakes_verbs, metrics_verbs, history_verbs,
};

struct Group {
    std::string_view name, help;
};
constexpr Group groups[] = {
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
    {"account", "your own account of the admin address"},
    {"admins", "the accounts of the admin address"},
    {"tokens", "the tokens that scripts sign in with"},
    {"sessions", "who is signed in"},
    {"capture", "packet captures"},
    {"diag", "diagnostic logs"},
    {"utils", "the words of the IM&P command line"},
    {"handshakes", "recorded handshakes with peers"},
};

std::vector<Verb> all_rows() {
    std::vector<Verb> rows;
    for (const auto part : parts) rows.insert(rows.end(), part().begin(), part().end());
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

const Verb* find_verb(std::string_view name) {
    const auto at = std::ranges::find(verbs(), name, &Verb::name);
    return at == verbs().end() ? nullptr : &*at;
}

}  // namespace sallyport::admin
