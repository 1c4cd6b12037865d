// Recorded handshakes for people.
#include <algorithm>
#include <boost/json.hpp>
#include <ostream>

#include "admin/print/print.h"
#include "admin/print/table.h"
#include "base/counted.h"
#include "base/join.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

std::string outcome(const json::value& handshake) {
    const std::string said = text_of(handshake, "outcome");
    if (flag_of(handshake, "good")) return said.empty() ? "good" : said;
    return "failed at " + text_of(handshake, "failed_at") + ": " + said;
}

std::string heading(const json::value& handshake) {
    const bool inbound = text_of(handshake, "direction") == "inbound";
    const std::string local = text_of(handshake, "local");
    return text_of(handshake, "id") + "  " + (local.empty() ? "?" : local) + (inbound ? " <-- " : " --> ") +
           text_of(handshake, "peer") + (text_of(handshake, "purpose") == "dialback" ? " (dialback only)" : "") + ", " +
           time_words(text_of(handshake, "started")) + ", " + millisecond_words(number_of(handshake, "ms")) + ": " +
           outcome(handshake);
}

std::string facts_of(const json::value& step) {
    std::string all;
    const json::value* facts = member(step, "facts");
    if (facts == nullptr) return all;
    for (const auto& fact : facts->as_object()) {
        append_item(all, safe(std::string{fact.key()}) + "=" + value_words(fact.value()), "  ");
    }
    return all;
}

/// A column and a blank behind it, however long the text is.
std::string column(std::string text, std::size_t width) {
    text.resize(std::max(width, text.size() + 1), ' ');
    return text;
}

}  // namespace

void print_handshakes(const json::value& result, std::ostream& out) {
    Table table{
        {{"ID"}, {"TIME"}, {"DIR"}, {"PEER", false, 14}, {"LOCAL", false, 10}, {"TOOK", true}, {"OUTCOME", false, 20}}};
    for (const json::value& one : list_of(result, "handshakes")) {
        const bool inbound = text_of(one, "direction") == "inbound";
        table.row({text_of(one, "id"), time_words(text_of(one, "started")), inbound ? "<--" : "-->",
                   text_of(one, "peer"), text_of(one, "local"), millisecond_words(number_of(one, "ms")), outcome(one)});
    }
    if (table.empty()) {
        out << "No handshakes.\n";
    } else {
        table.write(out);
    }
}

void print_handshake(const json::value& result, std::ostream& out) {
    write_hanging(out, "", heading(result));
    for (const json::value& step : list_of(result, "steps")) {
        const std::string mark = flag_of(step, "good") ? "  " : "! ";
        write_hanging(out,
                      mark + column(millisecond_words(number_of(step, "ms")), 11) + column(text_of(step, "step"), 20),
                      facts_of(step), flag_of(step, "good") ? Tone::plain : Tone::bad);
    }
    if (number_of(result, "left_out") > 0)
        out << "  " << counted(count_of(result, "left_out"), "more step was", "more steps were") << " not recorded\n";
    if (member(result, "verdict_id")) write_hanging(out, "-> ", "sallyport why " + text_of(result, "verdict_id"));
}

void print_handshake_diff(const json::value& result, std::ostream& out) {
    const json::value* failed = member(result, "handshake");
    const json::value* good = member(result, "compared_with");
    if (failed == nullptr) return;
    write_hanging(out, "", heading(*failed));
    if (good == nullptr) {
        write_hanging(out, "",
                      "No good handshake of this kind to compare with; see all steps with `sallyport handshakes show " +
                          text_of(*failed, "id") + "`.");
        return;
    }
    write_hanging(out, "compared with ", heading(*good));
    for (const json::value& one : list_of(result, "differences")) {
        const std::string kind = text_of(one, "kind");
        const std::string step = text_of(one, "step");
        if (kind == "changed") {
            const std::string before = text_of(one, "before");
            const std::string now = text_of(one, "now");
            write_hanging(out, "  ~ " + column(step, 20),
                          text_of(one, "fact") + ": " + (before.empty() ? "(nothing)" : before) + "  ->  " +
                              (now.empty() ? "(nothing)" : now));
        } else if (kind == "added") {
            write_hanging(out, "  + " + column(step, 20), text_of(one, "now"));
        } else {
            write_hanging(out, "  - " + column(step, 20), text_of(one, "before"));
        }
    }
    if (list_of(result, "differences").empty()) out << "The steps are the same; only the outcome differs.\n";
}

void print_export(const json::value& result, std::ostream& out) { print_json(result, out); }

}  // namespace sallyport::admin
