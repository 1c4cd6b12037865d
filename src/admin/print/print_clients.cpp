// `clients` for people.
#include <boost/json.hpp>
#include <ostream>

#include "admin/print/print.h"
#include "admin/print/table.h"
#include "base/counted.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

/// "SCRAM-SHA-256-PLUS (tls-exporter)".
std::string proof_of(const json::value& client) {
    const std::string binding = text_of(client, "channel_binding");
    return text_of(client, "mechanism") + (binding.empty() ? "" : " (" + binding + ")");
}

/// What waits for it: over its stream, and on the disk.
std::string waiting_for(const json::value& client) {
    return std::to_string(count_of(client, "unacknowledged")) + " + " + std::to_string(count_of(client, "kept"));
}

std::string state_of_client(const json::value& client) {
    if (text_of(client, "state") != "away") return text_of(client, "presence");
    return "away, may resume for " + duration_words(number_of(client, "resumable_seconds"));
}

}  // namespace

void print_clients(const json::value& result, std::ostream& out) {
    const json::array& clients = list_of(result, "clients");
    if (clients.empty()) out << "No sessions that fit.\n";
    Table table{{{"session", false, 20},
                 {"state"},
                 {"address", false, 15},
                 {"since"},
                 {"TLS"},
                 {"log-in", false, 13},
                 {"waiting", true}}};
    for (const json::value& client : clients) {
        table.row({text_of(client, "jid"), state_of_client(client), text_of(client, "address"),
                   time_words(text_of(client, "since")), text_of(client, "tls"), proof_of(client),
                   waiting_for(client)});
    }
    if (!table.empty()) table.write(out);
    out << "In all " << counted(count_of(result, "sessions"), "session") << ", " << count_of(result, "away")
        << " of them away; " << counted(count_of(result, "connections"), "connection") << ", "
        << count_of(result, "unauthenticated") << " without a log-in.\n";
    if (const std::string next = text_of(result, "next"); !next.empty()) {
        out << "More with --after '" << safe(next) << "'.\n";
    }
}

void print_refused_logins(const json::value& result, std::ostream& out) {
    const json::array& rows = list_of(result, "refused");
    if (rows.empty()) {
        out << "No log-ins were refused since the node started.\n";
        return;
    }
    Table table{{{"last"}, {"times", true}, {"address", false, 15}, {"user", false, 16}, {"mechanism"}}};
    for (const json::value& row : rows) {
        table.row({time_words(text_of(row, "last")), std::to_string(count_of(row, "count")), text_of(row, "address"),
                   text_of(row, "user"), text_of(row, "mechanism")});
        table.note(text_of(row, "condition") + ": " + text_of(row, "why"));
    }
    table.write(out);
}

}  // namespace sallyport::admin
