// `admins`, `tokens`, `sessions`, `audit` for people.
#include <boost/json.hpp>
#include <ostream>

#include "admin/print/print.h"
#include "admin/print/table.h"
#include "admin/print/words.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

std::string time_or_never(const json::value& row, std::string_view name) {
    const std::string time = text_of(row, name);
    return time.empty() ? "never" : time_words(time);
}

std::string number(const json::value& row, std::string_view name) {
    return std::to_string(static_cast<std::uint64_t>(number_of(row, name)));
}

}  // namespace

void print_admins(const json::value& result, std::ostream& out) {
    const json::array& rows = list_of(result, "admins");
    if (rows.empty()) {
        out << "No accounts; add one with `sallyport admins add NAME --role administrator`.\n";
        return;
    }
    Table table{{{"name", false, 12}, {"role"}, {"codes"}, {"last sign-in"}}};
    for (const json::value& row : rows) {
        table.row({text_of(row, "name"), text_of(row, "role"), flag_of(row, "totp") ? "on" : "off",
                   time_or_never(row, "last_login")});
    }
    table.write(out);
}

void print_totp(const json::value& result, std::ostream& out) {
    print_done(result, out);
    const std::string secret = text_of(result, "secret");
    if (secret.empty()) return;
    out << "secret: " << secret << "\nlink:   " << text_of(result, "uri")
        << "\nAdd it to the authenticator now; it is not shown again.\n";
}

void print_tokens(const json::value& result, std::ostream& out) {
    const json::array& rows = list_of(result, "tokens");
    if (rows.empty()) {
        out << "No tokens; create one with `sallyport tokens add NAME`.\n";
        return;
    }
    Table table{{{"name", false, 12}, {"scope"}, {"valid until"}, {"created by", false, 10}, {"verbs", false, 16}}};
    for (const json::value& row : rows) {
        const std::string verbs = text_of(row, "verbs");
        table.row({text_of(row, "name"), text_of(row, "scope"),
                   flag_of(row, "expired") ? "expired" : time_words(text_of(row, "expires")), text_of(row, "author"),
                   verbs.empty() ? "all of the scope" : verbs});
    }
    table.write(out);
}

void print_token(const json::value& result, std::ostream& out) {
    out << text_of(result, "token") << "\nValid until " << time_words(text_of(result, "expires"))
        << "; it is not shown again.\n";
}

void print_sessions(const json::value& result, std::ostream& out) {
    const json::array& rows = list_of(result, "sessions");
    if (rows.empty()) {
        out << "Nobody is signed in.\n";
        return;
    }
    Table table{{{"number", true},
                 {"user", false, 12},
                 {"address", false, 15},
                 {"since"},
                 {"idle", true},
                 {"by hand-over of"}}};
    for (const json::value& row : rows) {
        table.row({number(row, "number"), text_of(row, "user"), text_of(row, "address"),
                   time_words(text_of(row, "since")), duration_words(number_of(row, "idle_seconds")),
                   text_of(row, "by")});
    }
    table.write(out);
}

void print_session_closed(const json::value& result, std::ostream& out) {
    out << "session " << number(result, "number") << ": closed\n";
}

void print_audit(const json::value& result, std::ostream& out) {
    const json::array& rows = list_of(result, "audit");
    if (rows.empty()) {
        out << "No entries yet.\n";
        return;
    }
    for (const json::value& row : rows) {
        const json::value* given = member(row, "args");
        const std::string arguments = given == nullptr ? std::string{} : value_words(*given);
        write_hanging(out, time_words(text_of(row, "time")) + "  ",
                      text_of(row, "author") + " at " + text_of(row, "address") + ": " + text_of(row, "verb") + " " +
                          arguments + " -> " + text_of(row, "outcome"));
    }
}

}  // namespace sallyport::admin
