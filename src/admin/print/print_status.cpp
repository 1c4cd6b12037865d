// `status` for people: what is wrong first, then the parts.
#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <ostream>

#include "admin/print/print.h"
#include "admin/print/table.h"
#include "base/counted.h"
#include "base/join.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

void print_head(const json::value& status, std::ostream& out) {
    write_hanging(out, "",
                  text_of(status, "name") + "  " + text_of(status, "role") + "  version " + text_of(status, "version") +
                      "  up " + duration_words(number_of(status, "uptime_seconds")));
    if (text_of(status, "role") == "presence") return;
    write_hanging(out, "",
                  std::string{"federation "} + (flag_of(status, "federation_enabled") ? "on" : "off") + ", " +
                      text_of(status, "security_mode") + ", settings revision " + text_of(status, "revision") +
                      ", threads " + text_of(status, "threads"));
}

void print_problem_lines(const json::array& problems, std::ostream& out) {
    for (const json::value& problem : problems) {
        write_hanging(out, text_of(problem, "severity") == "error" ? "  ! " : "  - ", text_of(problem, "text"),
                      tone_of(text_of(problem, "severity")));
        write_hanging(out, "    -> ", text_of(problem, "remedy"));
    }
}

void print_problems(const json::array& problems, std::ostream& out) {
    if (problems.empty()) {
        out << "\nNo problems.\n";
        return;
    }
    out << "\nProblems\n";
    print_problem_lines(problems, out);
}

/// How far the far side's clock is ahead of ours, to the tenth of a second.
std::string clock_words(const json::value& link) {
    if (member(link, "clock_skew_seconds") == nullptr) return "-";
    char text[32];
    std::snprintf(text, sizeof text, "%+.1f s", number_of(link, "clock_skew_seconds") + 0.0);
    return text;
}

void print_links(const json::value& status, std::ostream& out) {
    Table links{{{"LINK", false, 16},
                 {"STATE", false, 0, true},
                 {"TLS"},
                 {"ADDRESS", false, 12},
                 {"SENT", true},
                 {"RECEIVED", true},
                 {"UNACKED", true},
                 {"CLOCK", true},
                 {"OPEN"}},
                2};
    for (const json::value& link : list_of(status, "links")) {
        links.row({text_of(link, "far_realm"), text_of(link, "state"), text_of(link, "tls"),
                   text_of(link, "remote_address"), count_words(count_of(link, "sent")),
                   count_words(count_of(link, "received")), count_words(count_of(link, "unacknowledged")),
                   clock_words(link), duration_words(number_of(link, "open_seconds"))});
    }
    out << "\nLinks\n";
    if (links.empty()) {
        out << "  none\n";
    } else {
        links.write(out);
    }
    for (const json::value& dial : list_of(status, "dials")) {
        if (text_of(dial, "state") == "open") continue;
        const std::string line = "dialling " + text_of(dial, "name") + " at " + text_of(dial, "address") + ": " +
                                 text_of(dial, "state") + (member(dial, "why") ? ", " + text_of(dial, "why") : "") +
                                 ", next attempt in " + duration_words(number_of(dial, "next_attempt_seconds"));
        write_hanging(out, "  ", line);
    }
}

void print_listeners(const json::value& status, std::ostream& out) {
    const json::value* listeners = member(status, "listeners");
    if (listeners == nullptr) return;
    out << "\nListeners\n";
    for (const auto& entry : listeners->as_object()) {
        std::string all;
        for (const json::value& endpoint : entry.value().as_array()) all += " " + value_words(endpoint);
        if (all.empty()) continue;
        write_hanging(out, "  ", std::string{entry.key()} + all);
    }
}

void print_traffic(const json::value& status, std::ostream& out) {
    const json::value* streams = member(status, "streams");
    if (streams == nullptr) return;
    const auto words = [&](std::string_view name) { return count_words(count_of(*streams, name)); };
    out << "\nStreams\n  " << words("inbound") << " inbound, " << words("outbound") << " outbound, "
        << words("unauthenticated") << " not yet authenticated; " << words("refused_connections")
        << noun_for(count_of(*streams, "refused_connections"), " connection") << " refused\n  stanzas in "
        << words("stanzas_in") << ", out " << words("stanzas_out") << "; queued " << words("queued") << " ("
        << count_words(count_of(*streams, "queued_bytes"), "byte") << ") for "
        << count_words(count_of(*streams, "destinations"), "destination") << "; unacknowledged "
        << words("unacknowledged") << '\n';
}

void print_components(const json::value& status, std::ostream& out) {
    Table table{
        {{"COMPONENT", false, 16}, {"STATE", false, 0, true}, {"ADDRESS", false, 12}, {"IN", true}, {"OUT", true}}, 2};
    for (const json::value& component : list_of(status, "components")) {
        table.row({text_of(component, "domain"), text_of(component, "state"), text_of(component, "remote_address"),
                   count_words(count_of(component, "stanzas_in")), count_words(count_of(component, "stanzas_out"))});
    }
    if (table.empty()) return;
    out << "\nComponents\n";
    table.write(out);
}

void print_certificates(const json::value& status, std::ostream& out) {
    Table table{{{"CERTIFICATE", false, 16}, {"DAYS LEFT", true}, {"KEY"}, {"NAMES", false, 16}, {"FILE", false, 16}},
                2};
    for (const json::value& certificate : list_of(status, "certificates")) {
        std::string names;
        for (const json::value& name : list_of(certificate, "names")) append_item(names, value_words(name), " ");
        const double left = number_of(certificate, "days_left");
        const std::string state = text_of(certificate, "state");
        const bool is_over = state == "expired" || state == "not valid yet";
        table.row({text_of(certificate, "used_for"), is_over ? state : std::to_string(static_cast<std::int64_t>(left)),
                   text_of(certificate, "key"), names, text_of(certificate, "file")});
    }
    if (table.empty()) return;
    out << "\nCertificates\n";
    table.write(out);
}

/// `status --check`: one line when nothing is wrong.
void print_status_check(const json::value& check, std::ostream& out) {
    const json::array& problems = list_of(check, "problems");
    const std::string name = text_of(check, "name");
    if (problems.empty()) return write_hanging(out, name + ": ", "all in order", Tone::good);
    const auto errors = static_cast<std::size_t>(std::ranges::count_if(
        problems, [](const json::value& problem) { return text_of(problem, "severity") == "error"; }));
    const std::size_t warnings = problems.size() - errors;
    std::string counts;
    if (errors > 0) append_item(counts, counted(errors, "error"));
    if (warnings > 0) append_item(counts, counted(warnings, "warning"));
    write_hanging(out, name + ": ", counts, errors > 0 ? Tone::bad : Tone::warning);
    print_problem_lines(problems, out);
}

}  // namespace

void print_status(const json::value& status, std::ostream& out) {
    if (member(status, "verdict") != nullptr) return print_status_check(status, out);
    print_head(status, out);
    print_problems(list_of(status, "problems"), out);
    print_chain(list_of(status, "chain"), out);
    print_links(status, out);
    print_router(status, out);
    print_listeners(status, out);
    if (text_of(status, "role") != "presence") print_traffic(status, out);
    print_components(status, out);
    print_certificates(status, out);
}

}  // namespace sallyport::admin
