// Alarms and the chain of provisioning for people.
#include <boost/json.hpp>
#include <ostream>

#include "admin/print/print.h"
#include "admin/print/table.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

void print_alarm(const json::value& alarm, std::ostream& out) {
    const bool is_error = text_of(alarm, "severity") == "error";
    const auto number = static_cast<std::uint64_t>(number_of(alarm, "number"));
    write_hanging(out, (is_error ? "! " : "- ") + std::to_string(number) + " ", text_of(alarm, "text"),
                  tone_of(text_of(alarm, "severity")));
    if (member(alarm, "detail")) write_hanging(out, "    ", text_of(alarm, "detail"));
    std::string facts = text_of(alarm, "code") + ", since " + time_words(text_of(alarm, "first"));
    const auto count = static_cast<std::uint64_t>(number_of(alarm, "count"));
    if (count > 1) facts += ", " + count_words(count) + " times, the last at " + time_words(text_of(alarm, "last"));
    if (member(alarm, "lowered")) facts += ", cleared at " + time_words(text_of(alarm, "lowered"));
    write_hanging(out, "    ", facts);
    if (member(alarm, "acknowledged_by")) {
        const std::string note = text_of(alarm, "note");
        write_hanging(out, "    ",
                      "acknowledged by " + text_of(alarm, "acknowledged_by") + " at " +
                          time_words(text_of(alarm, "acknowledged")) + (note.empty() ? "" : ": " + note));
    }
    if (!member(alarm, "lowered")) write_hanging(out, "    -> ", text_of(alarm, "cure"));
}

}  // namespace

void print_alarms(const json::value& result, std::ostream& out) {
    const json::array& standing = list_of(result, "alarms");
    if (standing.empty()) out << "No alarms.\n";
    for (const json::value& alarm : standing) print_alarm(alarm, out);
    const json::array& lowered = list_of(result, "lowered");
    if (lowered.empty()) return;
    out << "\nRecently cleared\n";
    for (const json::value& alarm : lowered) print_alarm(alarm, out);
}

void print_acknowledged(const json::value& result, std::ostream& out) { print_alarm(result, out); }

void print_chain(const json::array& chain, std::ostream& out) {
    if (chain.empty()) return;
    out << "\nProvisioning\n";
    for (const json::value& step : chain) {
        std::string head = "  " + fitted(text_of(step, "state"), 9);
        head.resize(12, ' ');
        const std::string reason = text_of(step, "reason");
        write_hanging(out, head, text_of(step, "step") + (reason.empty() ? "" : ": " + reason),
                      tone_of(text_of(step, "state")));
    }
}

}  // namespace sallyport::admin
