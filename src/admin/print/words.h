// Values of a node's answers in words for people, fit for a terminal.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::admin {

/// What could lie to a terminal (base/deceptive.h) replaced by U+FFFD.
[[nodiscard]] std::string safe(std::string_view text);
/// The same for JSON text: as escapes, so that who parses it gets what the node said.
[[nodiscard]] std::string safe_json(std::string_view json);
/// Columns of a terminal: wide East Asian characters take two, combining marks none.
[[nodiscard]] std::size_t display_width(std::string_view text);
/// Cut to `width` columns, with an ellipsis where something is missing.
[[nodiscard]] std::string fitted(std::string_view text, std::size_t width);
/// Filled up with blanks to `width` bytes.
[[nodiscard]] std::string padded(std::string text, std::size_t width);
/// Broken between words into lines of `width` columns; longer words are broken too.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, std::size_t width);

/// "3 d 4 h", "2 min", "12 s", "0.3 s".
[[nodiscard]] std::string duration_words(double seconds);
/// "6.4 ms".
[[nodiscard]] std::string millisecond_words(double milliseconds);
/// "1234", "12.3k", "4.5M".
[[nodiscard]] std::string count_words(std::uint64_t count);
/// The same before what is counted: "1 stanza", "12.3k stanzas".
[[nodiscard]] std::string count_words(std::uint64_t count, std::string_view one, std::string_view many = {});
/// "2026-11-22 06:00:00" of an RFC 3339 time in UTC.
[[nodiscard]] std::string time_words(std::string_view rfc3339);

// Members of answers; absent or null ones give empty values.
[[nodiscard]] const boost::json::value* member(const boost::json::value& object, std::string_view name);
[[nodiscard]] std::string text_of(const boost::json::value& object, std::string_view name);
[[nodiscard]] double number_of(const boost::json::value& object, std::string_view name);
[[nodiscard]] std::uint64_t count_of(const boost::json::value& object, std::string_view name);
[[nodiscard]] bool flag_of(const boost::json::value& object, std::string_view name);
[[nodiscard]] const boost::json::array& list_of(const boost::json::value& object, std::string_view name);
/// A value in one line: texts without quotation marks, everything else as JSON.
[[nodiscard]] std::string value_words(const boost::json::value& value);
/// The values of a list in one line.
[[nodiscard]] std::string list_words(const boost::json::array& list, std::string_view separator = ", ");

}  // namespace sallyport::admin
