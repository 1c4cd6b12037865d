// The table of printers, and JSON for scripts.
#include "nodes/ctl/print.h"

#include <algorithm>
#include <boost/json.hpp>
#include <ostream>

#include "nodes/ctl/console.h"
#include "nodes/ctl/words.h"

namespace sallyport::ctl {

namespace json = boost::json;

namespace {

struct Row {
    std::string_view verb;
    Print print;
};
constexpr Row rows[] = {
    {"status", print_status},
    {"peers.list", print_peers},
    {"peers.show", print_peer},
    {"peers.ping", print_ping},
    {"peers.close", print_close},
    {"config.get", print_settings},
    {"config.set", print_changed},
    {"config.history", print_history},
    {"routes.list", print_routes},
    {"routes.add", print_changed},
    {"routes.remove", print_changed},
    {"allow.list", print_list},
    {"allow.add", print_changed},
    {"allow.remove", print_changed},
    {"deny.list", print_list},
    {"deny.add", print_changed},
    {"deny.remove", print_changed},
    {"events", print_events},
    {"log.levels", print_level},
    {"log.level", print_level},
    {"why", print_why},
    {"check.dns", print_check},
    {"check.tls", print_check},
    {"reload", print_reload},
    {"alarms", print_alarms},
    {"notifications", print_notifications},
    {"restart.router", print_restarted},
    {"run.sql", print_sql},
    {"axl-users.list", print_axl_users},
    {"axl-users.add", print_done},
    {"axl-users.passwd", print_done},
    {"axl-users.remove", print_done},
    {"imp-servers.list", print_imp_servers},
    {"imp-servers.add", print_imp_servers},
    {"imp-servers.refresh", print_imp_servers},
    {"imp-servers.remove", print_imp_removed},
    {"imp-servers.passwd", print_done},
    {"users.list", print_users},
    {"users.show", print_user},
    {"users.add", print_user_done},
    {"users.passwd", print_user_done},
    {"users.remove", print_user_done},
    {"users.requests", print_requests},
    {"users.forget-requests", print_forgotten},
    {"admins.list", print_admins},
    {"account.passwd", print_done},
    {"admins.add", print_done},
    {"admins.passwd", print_done},
    {"admins.role", print_done},
    {"admins.totp", print_totp},
    {"admins.remove", print_done},
    {"tokens.list", print_tokens},
    {"tokens.add", print_token},
    {"tokens.remove", print_done},
    {"sessions.list", print_sessions},
    {"sessions.close", print_session_closed},
    {"audit", print_audit},
    {"alarms.ack", print_acknowledged},
    {"capture.list", print_captures},
    {"capture.start", print_capture},
    {"capture.stop", print_capture},
    {"capture.get", print_brought},
    {"capture.remove", print_removed},
    {"utils.network", print_capture},
    {"diag.list", print_diagnoses},
    {"diag.start", print_diagnosis_state},
    {"diag.marker", print_diagnosis_state},
    {"diag.stop", print_diagnosis_state},
    {"diag.collect", print_collected},
    {"diag.get", print_brought},
    {"diag.remove", print_removed},
    {"handshakes.list", print_handshakes},
    {"handshakes.show", print_handshake},
    {"handshakes.diff", print_handshake_diff},
    {"handshakes.export", print_export},
    {"metrics", print_metrics},
    {"check.certs", print_check},
    {"check.dialback", print_check},
    {"check.axl", print_check},
    {"check.link", print_check},
    {"check.all", print_check},
};

void write_json(const json::value& value, std::size_t depth, std::string& out) {
    const std::string indent(2 * (depth + 1), ' ');
    const auto close = [&](char bracket) { out += "\n" + std::string(2 * depth, ' ') + bracket; };
    bool first = true;
    const auto begin = [&] { out += (std::exchange(first, false) ? "\n" : ",\n") + indent; };
    if (value.is_object() && !value.as_object().empty()) {
        out += '{';
        for (const auto& entry : value.as_object()) {
            begin();
            out += json::serialize(json::value(entry.key())) + ": ";
            write_json(entry.value(), depth + 1, out);
        }
        close('}');
    } else if (value.is_array() && !value.as_array().empty()) {
        out += '[';
        for (const json::value& entry : value.as_array()) {
            begin();
            write_json(entry, depth + 1, out);
        }
        close(']');
    } else {
        out += json::serialize(value);
    }
}

}  // namespace

void print_result(std::string_view verb, const json::value& result, std::ostream& out) {
    const auto at = std::find_if(std::begin(rows), std::end(rows), [verb](const Row& row) { return row.verb == verb; });
    at == std::end(rows) ? print_json(result, out) : at->print(result, out);
}

void print_json(const json::value& value, std::ostream& out) {
    std::string text;
    write_json(value, 0, text);
    out << safe_json(text) << '\n';
}

int exit_of(std::string_view verb, const json::value& result) {
    const bool is_check = verb.starts_with("check.") && verb != "check.dns" && verb != "check.tls";
    if (!is_check) return says_no(result) ? Exit::refused : Exit::done;
    const std::string verdict = text_of(result, "verdict");
    return verdict == "bad" ? 2 : verdict == "warning" ? 1 : 0;
}

bool says_no(const json::value& result) {
    const json::value* passes = member(result, "passes");
    return (passes != nullptr && !flag_of(result, "passes")) || text_of(result, "verdict") == "bad";
}

}  // namespace sallyport::ctl
