// `users` for people.
#include <boost/json.hpp>
#include <ostream>

#include "admin/print/print.h"
#include "admin/print/table.h"
#include "base/counted.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

std::string count(const json::value& row, std::string_view name) {
    return std::to_string(static_cast<std::uint64_t>(number_of(row, name)));
}

void print_rows(const std::vector<json::value>& rows, std::ostream& out) {
    Table table{{{"user"}, {"since"}, {"contacts", true}, {"waiting", true}}};
    for (const json::value& row : rows) {
        table.row({text_of(row, "user"), text_of(row, "created"), count(row, "contacts"), count(row, "waiting")});
    }
    table.write(out);
}

}  // namespace

void print_users(const json::value& result, std::ostream& out) {
    const json::value* users = member(result, "users");
    if (users == nullptr || !users->is_array() || users->as_array().empty()) {
        out << "No users; add one with `sallyport users add NAME@DOMAIN`.\n";
        return;
    }
    print_rows({users->as_array().begin(), users->as_array().end()}, out);
}

void print_user(const json::value& result, std::ostream& out) { print_rows({result}, out); }

void print_user_done(const json::value& result, std::ostream& out) {
    out << text_of(result, "user") << ": " << text_of(result, "done") << '\n';
}

void print_requests(const json::value& result, std::ostream& out) {
    Table table{{{"from"}, {"on the roster"}, {"bytes", true}}};
    for (const json::value& one : list_of(result, "requests")) {
        table.row({text_of(one, "from"), flag_of(one, "listed") ? "yes" : "no", count(one, "bytes")});
    }
    table.empty() ? void(out << "No requests are waiting.\n") : table.write(out);
}

void print_forgotten(const json::value& result, std::ostream& out) {
    out << text_of(result, "user") << ": " << counted(count_of(result, "forgotten"), "request") << " removed\n";
}

}  // namespace sallyport::admin
