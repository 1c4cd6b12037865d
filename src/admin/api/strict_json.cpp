// Boost.JSON keeps the last of two equal names without a word, so a second look goes over the names alone.
#include "admin/api/strict_json.h"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>
#include <cmath>
#include <set>
#include <string>
#include <vector>

namespace sallyport::admin {

namespace json = boost::json;

namespace {

/// Notes whether an object names a member twice. Its functions are what json::basic_parser calls.
struct Names {
    constexpr static std::size_t max_object_size = static_cast<std::size_t>(-1);
    constexpr static std::size_t max_array_size = static_cast<std::size_t>(-1);
    constexpr static std::size_t max_key_size = static_cast<std::size_t>(-1);
    constexpr static std::size_t max_string_size = static_cast<std::size_t>(-1);

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_array_begin(json::error_code&) { return true; }
    bool on_array_end(std::size_t, json::error_code&) { return true; }
    bool on_object_begin(json::error_code&) {
        objects.emplace_back();
        return true;
    }
    bool on_object_end(std::size_t, json::error_code&) {
        objects.pop_back();
        return true;
    }
    bool on_string_part(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_string(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        name.append(part.data(), part.size());
        return true;
    }
    bool on_key(json::string_view part, std::size_t, json::error_code&) {
        name.append(part.data(), part.size());
        if (!objects.back().insert(name).second && twice.empty()) twice = name;
        name.clear();
        return true;
    }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t, json::string_view, json::error_code&) { return true; }
    bool on_uint64(std::uint64_t, json::string_view, json::error_code&) { return true; }
    bool on_double(double value, json::string_view, json::error_code&) {
        endless |= !std::isfinite(value);
        return true;
    }
    bool on_bool(bool, json::error_code&) { return true; }
    bool on_null(json::error_code&) { return true; }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

    std::vector<std::set<std::string>> objects;
    std::string name, twice;
    bool endless = false;  ///< a number that no double holds: readers make different things of it
};

}  // namespace

Result<json::value> strict_json(std::string_view text) {
    json::parse_options options;
    options.max_depth = deepest_json;
    json::error_code problem;
    json::value value = json::parse(json::string_view{text.data(), text.size()}, problem, {}, options);
    if (problem) return Error{"json-malformed", problem.message()};
    json::basic_parser<Names> names{options};
    names.write_some(false, text.data(), text.size(), problem);
    if (!names.handler().twice.empty()) {
        return Error{"json-malformed", "'" + names.handler().twice + "' is in one object twice"};
    }
    if (names.handler().endless) return Error{"json-malformed", "a number is too large"};
    return value;
}

}  // namespace sallyport::admin
