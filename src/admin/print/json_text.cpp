// Boost writes 6.408 as 6.408E0, which is JSON, and which awk, bc and people do not read.
#include "admin/print/json_text.h"

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <utility>

namespace sallyport::admin {

namespace json = boost::json;

namespace {

/// The longest double without an exponent has 309 digits before the point, or 1074 places behind it; the shortest text
/// that is read back as the same value needs no more than 343 of them.
constexpr std::size_t longest_number = 400;

void write_number(const json::value& value, std::string& out) {
    std::array<char, longest_number> text{};
    char* const first = text.data();
    char* const last = first + text.size();
    if (value.is_double()) {
        if (!std::isfinite(value.as_double())) {
            out += "null";
            return;
        }
        // Nought has no sign for people: -0.0 + 0.0 is 0.0.
        out.append(first, std::to_chars(first, last, value.as_double() + 0.0, std::chars_format::fixed).ptr);
    } else if (value.is_int64()) {
        out.append(first, std::to_chars(first, last, value.as_int64()).ptr);
    } else {
        out.append(first, std::to_chars(first, last, value.as_uint64()).ptr);
    }
}

/// Writes one value after the other; `lines`: a line a member.
class JsonWriter {
public:
    JsonWriter(bool lines, std::string& out) : lines_{lines}, out_{out} {}

    void write(const json::value& value, std::size_t depth) {
        if (value.is_object()) {
            write(value.as_object(), depth);
        } else if (value.is_array() && !value.as_array().empty()) {
            out_ += '[';
            bool first = true;
            for (const json::value& entry : value.as_array()) {
                begin(std::exchange(first, false), depth);
                write(entry, depth + 1);
            }
            close(']', depth);
        } else if (value.is_number()) {
            write_number(value, out_);
        } else {
            out_ += json::serialize(value);
        }
    }

    void write(const json::object& object, std::size_t depth) {
        if (object.empty()) {
            out_ += "{}";
            return;
        }
        out_ += '{';
        bool first = true;
        for (const auto& entry : object) {
            begin(std::exchange(first, false), depth);
            out_ += json::serialize(entry.key());
            out_ += lines_ ? ": " : ":";
            write(entry.value(), depth + 1);
        }
        close('}', depth);
    }

private:
    void begin(bool is_first, std::size_t depth) {
        if (!is_first) out_ += ',';
        if (lines_) out_ += '\n' + std::string(2 * (depth + 1), ' ');
    }
    void close(char bracket, std::size_t depth) {
        if (lines_) out_ += '\n' + std::string(2 * depth, ' ');
        out_ += bracket;
    }

    bool lines_;
    std::string& out_;
};

template <class Value>
std::string written_json(const Value& value, bool lines) {
    std::string text;
    JsonWriter{lines, text}.write(value, 0);
    return text;
}

}  // namespace

std::string json_text(const json::value& value) { return written_json(value, false); }

std::string json_text(const json::object& object) { return written_json(object, false); }

std::string json_lines(const json::value& value) { return written_json(value, true); }

}  // namespace sallyport::admin
