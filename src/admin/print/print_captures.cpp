// `capture` and `diag` for people.
#include <boost/json.hpp>
#include <ostream>

#include "admin/print/print.h"
#include "admin/print/table.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

std::string count(const json::value& row, std::string_view name) {
    return count_words(static_cast<std::uint64_t>(number_of(row, name)));
}

void print_files(const json::value& result, std::ostream& out) {
    Table table{{{"name"}, {"bytes", true}, {"written"}, {"secrets"}}};
    for (const json::value& file : list_of(result, "files")) {
        table.row({text_of(file, "name"), count(file, "bytes"), time_words(text_of(file, "time")),
                   flag_of(file, "with_secrets") ? "yes" : ""});
    }
    if (!table.empty()) table.write(out);
}

std::string end_words(const std::string& state) {
    if (state == "running") return "is running";
    if (state == "packets" || state == "bytes" || state == "full")
        return "stopped: it reached its size limit (" + state + ")";
    if (state == "seconds" || state == "time") return "stopped: it reached its time limit";
    if (state == "disk") return "stopped: the disk is almost full";
    if (state == "restart") return "stopped: its time ran out while the node was down";
    return state == "stopped" ? "stopped" : "stopped: " + state;
}

}  // namespace

void print_capture(const json::value& result, std::ostream& out) {
    const std::string state = text_of(result, "state");
    write_hanging(out, "",
                  text_of(result, "name") + " " + end_words(state) + ": " +
                      count_words(count_of(result, "packets"), "packet") + ", " +
                      count_words(count_of(result, "bytes"), "byte") + ", " + count(result, "dropped") + " dropped" +
                      (flag_of(result, "with_secrets") ? ", with TLS secrets" : ""));
    if (member(result, "detail")) write_hanging(out, "    ", text_of(result, "detail"));
    write_hanging(out, "    ", text_of(result, "interface") + ": " + text_of(result, "filter"));
}

void print_captures(const json::value& result, std::ostream& out) {
    if (const json::value* running = member(result, "running")) print_capture(*running, out);
    if (list_of(result, "files").empty()) out << "No files.\n";
    print_files(result, out);
}

void print_brought(const json::value& result, std::ostream& out) {
    out << text_of(result, "path") << ": " << count_words(count_of(result, "bytes"), "byte") << '\n';
}

void print_removed(const json::value& result, std::ostream& out) {
    out << text_of(result, "name") << ": " << text_of(result, "done") << '\n';
}

void print_diagnosis_state(const json::value& result, std::ostream& out) {
    write_hanging(out, "",
                  text_of(result, "name") + " " + end_words(text_of(result, "state")) + ": " +
                      count_words(count_of(result, "bytes"), "byte") + " of log, " +
                      count_words(count_of(result, "markers"), "marker") +
                      (member(result, "capture") ? ", with a capture" : ""));
    write_hanging(out, "    ",
                  "from " + time_words(text_of(result, "started")) + " until " + time_words(text_of(result, "until")) +
                      " at most, by " + text_of(result, "author"));
    if (number_of(result, "restarts") > 0)
        write_hanging(out, "    ",
                      "meanwhile the node was restarted " + count_words(count_of(result, "restarts"), "time"));
}

void print_diagnoses(const json::value& result, std::ostream& out) {
    if (const json::value* latest = member(result, "latest")) print_diagnosis_state(*latest, out);
    if (list_of(result, "files").empty())
        out << "No archives; `diag collect` makes one of the latest diagnostic log.\n";
    print_files(result, out);
}

void print_collected(const json::value& result, std::ostream& out) {
    write_hanging(out, "",
                  text_of(result, "name") + ": " + count_words(count_of(result, "bytes"), "byte") + " in " +
                      text_of(result, "path"));
    out << "`sallyport diag get " << text_of(result, "name") << "` downloads it\n";
}

}  // namespace sallyport::admin
