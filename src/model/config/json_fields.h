// Reading the fields of a JSON object with a name for every complaint: the kit of setting_*.cpp. Only they include it.
#pragma once

#include <boost/json.hpp>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sallyport::config {

namespace json = boost::json;

[[nodiscard]] Error wrong_type(std::string text);
[[nodiscard]] Error wrong_value(std::string text);

/// Parses text within the bounds. Errors: "setting-type".
[[nodiscard]] Result<json::value> parse_json(std::string_view text);
/// The elements of a JSON array, at most `most`. Errors: "setting-type", "setting-value".
[[nodiscard]] Result<json::array> parse_array(std::string_view text, std::size_t most);

/// One object of a list. The first complaint is kept; what is read after it is a default.
class Fields {
public:
    /// `what` names the object in complaints ("static_routes[2]").
    Fields(const json::value& value, std::string what, std::initializer_list<std::string_view> known);

    [[nodiscard]] bool has(std::string_view name) const;
    /// Absent or null gives the default.
    [[nodiscard]] std::string text(std::string_view name, bool required);
    [[nodiscard]] std::uint64_t number(std::string_view name, std::uint64_t fallback, std::uint64_t least,
                                       std::uint64_t most);
    [[nodiscard]] bool flag(std::string_view name, bool fallback);
    [[nodiscard]] std::optional<std::size_t> word(std::string_view name, const std::vector<std::string_view>& words);
    [[nodiscard]] json::object object(std::string_view name);

    void complain(std::string_view name, std::string text, bool of_type = false);
    [[nodiscard]] bool failed() const { return error_.has_value(); }
    [[nodiscard]] const Error& error() const { return *error_; }

private:
    [[nodiscard]] const json::value* find(std::string_view name) const;

    json::object object_;
    std::string what_;
    std::optional<Error> error_;
};

/// "a, b or c".
[[nodiscard]] std::string alternatives(const std::vector<std::string_view>& words);

}  // namespace sallyport::config
