// Events, verdicts and checks for people.
#include <boost/json.hpp>
#include <ostream>

#include "admin/print/json_text.h"
#include "admin/print/print.h"
#include "admin/print/table.h"
#include "base/join.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

void print_remedy(const json::value& object, std::string_view name, std::ostream& out) {
    if (member(object, name)) write_hanging(out, "           -> ", text_of(object, name));
}

}  // namespace

void print_event(const json::value& event, std::ostream& out) {
    constexpr std::size_t milliseconds = 23;
    std::string facts = text_of(event, "event");
    if (const json::value* all = member(event, "facts")) {
        for (const auto& fact : all->as_object())
            facts += " " + safe(std::string{fact.key()}) + "=" + value_words(fact.value());
    }
    std::string time = text_of(event, "time").substr(0, milliseconds);
    if (time.size() > 10) time[10] = ' ';
    write_hanging(out,
                  time + " " + padded(text_of(event, "level"), 5) + " " + padded(text_of(event, "module"), 8) + " ",
                  facts, tone_of(text_of(event, "level")));
    out.flush();
}

void print_events(const json::value& result, std::ostream& out) {
    for (const json::value& event : list_of(result, "events")) print_event(event, out);
    const json::value* before = result.as_object().if_contains("before");
    if (before != nullptr && before->is_number() && list_of(result, "events").empty()) {
        out << "No such events among the latest; continue with --before " << json_text(*before) << ".\n";
    } else if (list_of(result, "events").empty()) {
        out << "No events.\n";
    }
}

void print_level(const json::value& result, std::ostream& out) {
    Table table{{{"module"}, {"printed as"}, {"level"}, {"from"}}};
    for (const json::value& row : list_of(result, "modules")) {
        std::string origin = text_of(row, "origin");
        if (member(row, "seconds_left")) origin += ", for " + duration_words(number_of(row, "seconds_left"));
        table.row({text_of(row, "module"), text_of(row, "printed"), text_of(row, "level"), origin});
    }
    table.write(out);
}

/// As the node wrote it, line ends and all: it is read by programs, and holds what the node itself says.
void print_metrics(const json::value& result, std::ostream& out) {
    const json::value* text = member(result, "text");
    if (text != nullptr && text->is_string()) out << std::string_view{text->as_string()};
}

namespace {

/// `why ID`.
void print_verdict(const json::value& result, std::ostream& out) {
    write_hanging(out, "",
                  text_of(result, "id") + ": " + text_of(result, "what") + " refused, " + text_of(result, "from") +
                      (member(result, "to") ? " -> " + text_of(result, "to") : "") + ", rule " +
                      text_of(result, "rule"));
    const auto line = [&](const std::string& name, const std::string& value) {
        if (!value.empty()) write_hanging(out, "  " + padded(name, 11), value);
    };
    line("meaning", text_of(result, "meaning"));
    line("reason", text_of(result, "reason"));
    const std::uint64_t count = count_of(result, "count");
    line("when",
         time_words(text_of(result, "last")) +
             (count == 1 ? "" : ", " + std::to_string(count) + " times since " + time_words(text_of(result, "first"))));
    line("set in", text_of(result, "change"));
    line("remedy", text_of(result, "remedy"));
    line("caused by", text_of(result, "part"));
    if (!member(result, "now_passes")) return;
    const std::string stop = text_of(result, "now_blocked_by");
    line("now", flag_of(result, "now_passes") ? "it would pass" : "it would still be stopped: " + stop);
}

}  // namespace

void print_why(const json::value& result, std::ostream& out) {
    if (member(result, "rule")) return print_verdict(result, out);
    const bool passes = flag_of(result, "passes");
    write_hanging(out, "",
                  text_of(result, "from") + " -> " + text_of(result, "to") + ": " +
                      (passes ? "passes" : "does not pass") + " (" + text_of(result, "direction") +
                      (member(result, "verdict_id") ? ", " + text_of(result, "verdict_id") : "") + ")");
    for (const json::value& step : list_of(result, "steps")) {
        const bool is_good = flag_of(step, "passes");
        write_hanging(out, (is_good ? "  ok   " : "  STOP ") + padded(text_of(step, "step"), 16),
                      text_of(step, "text") +
                          (member(step, "decided_by") ? " (the " + text_of(step, "decided_by") + " decides)" : ""),
                      is_good ? Tone::good : Tone::bad);
    }
    if (passes) return;
    write_hanging(out, "stopped: ", text_of(result, "blocked_by"));
    if (member(result, "change")) write_hanging(out, "change:  ", text_of(result, "change"));
    if (member(result, "part")) write_hanging(out, "part:    ", text_of(result, "part"));
}

void print_check(const json::value& result, std::ostream& out) {
    write_hanging(
        out, "",
        "check " + text_of(result, "check") + " " + text_of(result, "domain") + ": " + text_of(result, "verdict"));
    for (const json::value& finding : list_of(result, "findings")) {
        const std::string from = text_of(finding, "check");
        const bool several = !from.empty() && from != text_of(result, "check");
        write_hanging(out, "  " + padded(text_of(finding, "grade"), 9) + (several ? padded(from, 9) : ""),
                      text_of(finding, "text"), tone_of(text_of(finding, "grade")));
        print_remedy(finding, "remedy", out);
    }
    const json::value* facts = member(result, "facts");
    if (facts == nullptr || facts->as_object().empty()) return;
    out << '\n';
    for (const auto& fact : facts->as_object()) {
        write_hanging(out, "  " + padded(safe(std::string{fact.key()}), 24) + " ", value_words(fact.value()));
    }
}

void print_words(const json::value& result, std::ostream& out) {
    for (const char* const kind : {"alarms", "findings", "rules", "steps"}) {
        Table table{{{"CODE"}, {"TEXT", false, 20}}};
        for (const json::value& row : list_of(result, kind)) table.row({text_of(row, "code"), text_of(row, "text")});
        table.write(out);
        out << '\n';
    }
}

void print_values(const json::value& result, std::ostream& out) {
    for (const json::value& value : list_of(result, "values")) out << safe(value_words(value)) << '\n';
}

void print_reload(const json::value& result, std::ostream& out) {
    out << "Certificates and the node's file are reloaded.\n";
    constexpr std::pair<std::string_view, std::string_view> kinds[] = {
        {"reload", "changed and in force: "},
        {"restart", "needs a restart of the node: "},
        {"router-restart", "needs `sallyport restart router`: "},
        {"never", "without effect, because the stored values are in force: "},
    };
    bool is_any = false;
    for (const auto& [effect, words] : kinds) {
        std::string keys;
        for (const json::value& change : list_of(result, "changes")) {
            if (text_of(change, "effect") == effect) append_item(keys, text_of(change, "key"));
        }
        is_any |= !keys.empty();
        if (!keys.empty()) write_hanging(out, "  ", std::string{words} + keys);
    }
    if (!is_any) out << "  nothing in them has changed\n";
}

}  // namespace sallyport::admin
