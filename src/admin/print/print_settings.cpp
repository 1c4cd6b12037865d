// Settings, routes and lists for people.
#include <boost/json.hpp>
#include <ostream>

#include "admin/print/print.h"
#include "admin/print/table.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

std::string member_words(const json::value& object, std::string_view name) {
    const json::value* found = member(object, name);
    return found == nullptr ? std::string{} : value_words(*found);
}

void print_note(const json::value& result, std::ostream& out) { write_hanging(out, "", text_of(result, "note")); }

}  // namespace

void print_settings(const json::value& result, std::ostream& out) {
    if (member(result, "settings") == nullptr) {
        out << member_words(result, "value") << '\n';
        return;
    }
    Table table{{{"SETTING"}, {"VALUE", false, 20}}};
    for (const json::value& setting : list_of(result, "settings")) {
        const std::string value = member_words(setting, "value");
        const bool is_long = display_width(value) > 50;
        table.row({text_of(setting, "name"), is_long ? "" : value});
        if (is_long) table.note(value);
    }
    table.write(out);
    out << "revision " << text_of(result, "revision") << '\n';
}

void print_changed(const json::value& result, std::ostream& out) {
    const std::string head = text_of(result, "name") + (flag_of(result, "changed") ? " is now " : " is already ");
    const std::string tail = " (revision " + text_of(result, "revision") + ")";
    write_hanging(out, "", head + member_words(result, "value") + tail);
    print_note(result, out);
}

void print_history(const json::value& result, std::ostream& out) {
    Table table{{{"REV", true}, {"TIME (UTC)"}, {"AUTHOR", false, 8}, {"ORIGIN"}, {"SETTING"}}};
    for (const json::value& change : list_of(result, "changes")) {
        table.row({text_of(change, "revision"), time_words(text_of(change, "time")), text_of(change, "author"),
                   text_of(change, "origin"), text_of(change, "name")});
        table.note("from " + member_words(change, "from") + " to " + member_words(change, "to"));
    }
    if (table.empty()) {
        out << "No changes yet.\n";
    } else {
        table.write(out);
    }
}

void print_routes(const json::value& result, std::ostream& out) {
    Table table{{{"DOMAIN", false, 16},
                 {"ADDRESS", false, 16},
                 {"PORT", true},
                 {"PRIORITY", true},
                 {"WEIGHT", true},
                 {"THEN"}}};
    for (const json::value& route : list_of(result, "value")) {
        const bool falls_back = flag_of(route, "fall_back_to_dns");
        table.row({text_of(route, "domain"), text_of(route, "address"), text_of(route, "port"),
                   text_of(route, "priority"), text_of(route, "weight"), falls_back ? "DNS" : "-"});
    }
    if (table.empty()) {
        out << "No static routes.\n";
    } else {
        table.write(out);
    }
    print_note(result, out);
}

void print_list(const json::value& result, std::ostream& out) {
    for (const json::value& name : list_of(result, "value")) out << value_words(name) << '\n';
    if (list_of(result, "value").empty()) out << "The list is empty.\n";
    print_note(result, out);
}

}  // namespace sallyport::admin
