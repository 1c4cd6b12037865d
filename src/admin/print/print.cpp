// JSON for scripts.
#include "admin/print/print.h"

#include <boost/json.hpp>
#include <ostream>
#include <utility>

#include "admin/print/words.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

void write_json(const json::value& value, std::size_t depth, std::string& out) {
    const std::string indent(2 * (depth + 1), ' ');
    const auto close = [&](char bracket) { out += "\n" + std::string(2 * depth, ' ') + bracket; };
    bool first = true;
    const auto begin = [&] { out += (std::exchange(first, false) ? "\n" : ",\n") + indent; };
    if (value.is_object() && !value.as_object().empty()) {
        out += '{';
        for (const auto& entry : value.as_object()) {
            begin();
            out += json::serialize(json::value(entry.key())) + ": ";
            write_json(entry.value(), depth + 1, out);
        }
        close('}');
    } else if (value.is_array() && !value.as_array().empty()) {
        out += '[';
        for (const json::value& entry : value.as_array()) {
            begin();
            write_json(entry, depth + 1, out);
        }
        close(']');
    } else {
        out += json::serialize(value);
    }
}

}  // namespace

void print_json(const json::value& value, std::ostream& out) {
    std::string text;
    write_json(value, 0, text);
    out << safe_json(text) << '\n';
}

}  // namespace sallyport::admin
