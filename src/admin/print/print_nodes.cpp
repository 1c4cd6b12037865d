// `nodes` for people.
#include <boost/json.hpp>
#include <ostream>

#include "admin/print/print.h"
#include "admin/print/table.h"
#include "base/counted.h"

namespace sallyport::admin {

namespace json = boost::json;

void print_nodes(const json::value& result, std::ostream& out) {
    Table table{{{"node", false, 20}, {"role"}, {"state"}, {"version"}, {"pages"}}};
    for (const json::value& node : list_of(result, "nodes")) {
        const std::string pages = flag_of(node, "self") ? "this node" : text_of(node, "pages");
        table.row({text_of(node, "name"), text_of(node, "role"), text_of(node, "state"), text_of(node, "version"),
                   pages.empty() ? "unknown: name it in [[admin.node]]" : pages});
        for (const json::value& finding : list_of(node, "findings")) {
            const std::string remedy = text_of(finding, "remedy");
            table.note(text_of(finding, "severity") + ": " + text_of(finding, "text") +
                       (remedy.empty() ? "" : " -> " + remedy));
        }
        if (const std::uint64_t more = count_of(node, "more"); more != 0) {
            table.note("and " + counted(more, "more finding"));
        }
    }
    table.write(out);
}

}  // namespace sallyport::admin
