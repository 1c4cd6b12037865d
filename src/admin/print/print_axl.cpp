// Tables of SQL, users of AXL and IM&P servers for people.
#include <algorithm>
#include <boost/json.hpp>
#include <ostream>

#include "admin/print/print.h"
#include "admin/print/table.h"
#include "base/counted.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

void write_cells(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths, std::ostream& out) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        line += cells[i];
        if (i + 1 < cells.size()) line.append(widths[i] + 1 - std::min(widths[i], display_width(cells[i])), ' ');
    }
    out << line << '\n';
}

}  // namespace

/// As administrators know it: the columns, a line, the rows.
void print_sql(const json::value& result, std::ostream& out) {
    if (member(result, "changed") != nullptr) {
        out << counted(count_of(result, "changed"), "row") << " changed\n";
        return;
    }
    std::vector<std::string> columns;
    for (const json::value& column : list_of(result, "columns")) columns.push_back(value_words(column));
    std::vector<std::vector<std::string>> rows;
    std::vector<std::size_t> widths;
    for (const std::string& column : columns) widths.push_back(display_width(column));
    for (const json::value& row : list_of(result, "rows")) {
        auto& cells = rows.emplace_back();
        for (std::size_t i = 0; i < columns.size(); ++i) {
            cells.push_back(text_of(row, columns[i]));
            widths[i] = std::max(widths[i], display_width(cells.back()));
        }
    }
    write_cells(columns, widths, out);
    out << "=====\n";
    for (const auto& cells : rows) write_cells(cells, widths, out);
}

void print_axl_users(const json::value& result, std::ostream& out) {
    Table table{{{"USER", false, 16}, {"ROLES", false, 20}}};
    for (const json::value& user : list_of(result, "users")) {
        table.row({text_of(user, "name"), list_words(list_of(user, "roles"))});
    }
    table.empty() ? void(out << "No users.\n") : table.write(out);
}

void print_done(const json::value& result, std::ostream& out) {
    write_hanging(out, "", text_of(result, "name") + " " + text_of(result, "done"));
}

void print_imp_servers(const json::value& result, std::ostream& out) {
    Table table{{{"SERVER", false, 20}, {"USER", false, 8}, {"STATE", false, 0, true}, {"NODES", false, 16}}};
    for (const json::value& server : list_of(result, "servers")) {
        table.row({text_of(server, "address"), text_of(server, "username"), text_of(server, "state"),
                   list_words(list_of(server, "nodes"))});
        table.note(text_of(server, "explanation"));
    }
    table.empty() ? void(out << "No IM&P servers; add one with `sallyport imp-servers add`.\n") : table.write(out);
}

void print_imp_tried(const json::value& result, std::ostream& out) {
    write_hanging(out, "",
                  text_of(result, "name") + " " + text_of(result, "done") + "; " + text_of(result, "explanation"));
}

void print_imp_removed(const json::value& result, std::ostream& out) {
    write_hanging(out, "", text_of(result, "removed") + " is no longer provisioned");
    const json::array& left = list_of(result, "rows_left");
    if (!left.empty()) write_hanging(out, "", "rows left in its table: " + list_words(left));
}

}  // namespace sallyport::admin
