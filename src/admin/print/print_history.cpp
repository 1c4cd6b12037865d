// Figures over time for people: a row each, with a line of blocks that shows its course.
#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdio>
#include <ostream>

#include "admin/print/print.h"
#include "admin/print/table.h"
#include "base/counted.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

constexpr std::size_t course_width = 40;  ///< columns at most
constexpr std::size_t before_course = 52;

std::string printed(const char* form, double value) {
    char text[64];
    const int size = std::snprintf(text, sizeof text, form, value);
    return {text, static_cast<std::size_t>(std::max(size, 0))};
}

std::string value_of(double value, const std::string& unit) {
    if (unit == "share") return printed("%.2f %%", value * 100);
    if (unit == "s") return value < 1 ? millisecond_words(value * 1000) : duration_words(value);
    constexpr double large = 100;
    const std::string number =
        value >= large ? count_words(static_cast<std::uint64_t>(std::llround(value))) : printed("%.3g", value);
    return unit.ends_with("/s") ? number + "/s" : number;
}

/// The highest value of each part of the range as a block: nothing where nothing is known, a point for zero.
std::string course_of(const json::array& values, double most, std::size_t room) {
    static constexpr const char* blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    std::string course;
    const std::size_t width = std::min({course_width, room, values.size()});
    for (std::size_t column = 0; column < width; ++column) {
        double high = -1;
        for (std::size_t at = values.size() * column / width; at < values.size() * (column + 1) / width; ++at) {
            if (values[at].is_number()) high = std::max(high, values[at].to_number<double>());
        }
        if (high <= 0 || most <= 0) {
            course += high < 0 ? " " : "·";
        } else {
            course += blocks[std::clamp(static_cast<int>(std::ceil(high / most * 8)) - 1, 0, 7)];
        }
    }
    return course;
}

void write_series(const json::value& series, std::size_t room, Table& table) {
    const json::array& values = list_of(series, "values");
    const std::string unit = text_of(series, "unit");
    double sum = 0, count = 0, last = 0, peak = 0;
    for (const json::value& value : values) {
        if (!value.is_number()) continue;
        last = value.to_number<double>();
        sum += last;
        count += 1;
    }
    for (const json::value& value : list_of(series, "peaks")) {
        if (value.is_number()) peak = std::max(peak, value.to_number<double>());
    }
    if (peak == 0 && (count == 0 || unit != "share")) return;
    table.row({text_of(series, "name"), value_of(last, unit), value_of(sum / count, unit), value_of(peak, unit),
               course_of(values, peak, room)});
}

}  // namespace

void print_figures(const json::value& result, std::ostream& out) {
    const std::string peer = text_of(result, "peer");
    if (!flag_of(result, "kept")) {
        write_hanging(out, "",
                      "No history is kept of " + peer + ": only the busiest peers have one (limit `history_peers`).");
        return;
    }
    write_hanging(out, "",
                  "From " + time_words(text_of(result, "from")) + " UTC to now, a point each " +
                      duration_words(number_of(result, "step_seconds")) + (peer.empty() ? "" : ", " + peer));
    Table table{{{"SERIES"}, {"LAST", true}, {"MEAN", true}, {"PEAK", true}, {"COURSE"}}};
    const std::size_t room = room_behind(before_course, page_of(out));
    for (const json::value& series : list_of(result, "series")) write_series(series, room, table);
    if (table.empty()) {
        out << "Nothing but zeros.\n";
    } else {
        table.write(out);
    }
    const std::uint64_t lost = count_of(result, "lost");
    if (lost > 0)
        write_hanging(out, "", counted(lost, "slot was", "slots were") + " lost while the disk did not work.");
    if (member(result, "trouble")) write_hanging(out, "", "Nothing is stored now: " + text_of(result, "trouble"));
}

}  // namespace sallyport::admin
