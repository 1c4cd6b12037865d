// What only a presence node has, for people: its router, its notifications.
#include <boost/json.hpp>
#include <ostream>

#include "admin/print/print.h"
#include "admin/print/table.h"
#include "base/counted.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

std::string names_of(const json::array& list) { return list.empty() ? "none" : list_words(list, " "); }

}  // namespace

void print_router(const json::value& status, std::ostream& out) {
    const json::value* router = member(status, "router");
    if (router == nullptr) return;
    const auto count = [&](std::string_view name) {
        return count_words(static_cast<std::uint64_t>(number_of(*router, name)));
    };
    out << "\nRouter\n";
    write_hanging(out, "  ", "domains " + names_of(list_of(*router, "domains")));
    write_hanging(out, "  ",
                  "xmpps2snodes has " + count_words(count_of(*router, "rows"), "row") +
                      ", loaded: " + names_of(list_of(*router, "loaded")) +
                      (flag_of(*router, "live_changes") ? "" : " (changes take effect when the router is restarted)"));
    write_hanging(out, "  ", "edges " + names_of(list_of(*router, "gateways")));
    write_hanging(out, "  ",
                  "stanzas to this node " + count("to_local") + ", to links " + count("to_link") + ", returned " +
                      count("returned") + "; notifications " + count("notifications"));
}

void print_notifications(const json::value& result, std::ostream& out) {
    const json::array& all = list_of(result, "notifications");
    if (all.empty()) {
        out << "No notifications.\n";
        return;
    }
    Table table{{{"SEVERITY"}, {"COUNT", true}, {"CREATED"}, {"ORIGIN", false, 16}}};
    for (const json::value& one : all) {
        table.row({text_of(one, "severity"), text_of(one, "count"), time_words(text_of(one, "created")),
                   text_of(one, "origin")});
        table.note(text_of(one, "description"));
    }
    table.write(out);
}

void print_restarted(const json::value& result, std::ostream& out) {
    out << "The router was restarted: xmpps2snodes has " << counted(count_of(result, "rows"), "row") << ", "
        << text_of(result, "loaded") << " loaded.\n";
}

}  // namespace sallyport::admin
