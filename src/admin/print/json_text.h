// JSON as text: answers, events, files for scripts. One writer, so that a number looks the same wherever it goes out.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

namespace sallyport::admin {

/// In one line. Numbers are plain decimals without an exponent, as short as they can be without loss; what is no number
/// (infinity) is null.
[[nodiscard]] std::string json_text(const boost::json::value& value);
[[nodiscard]] std::string json_text(const boost::json::object& object);
/// With a line a member, for people who read it.
[[nodiscard]] std::string json_lines(const boost::json::value& value);

}  // namespace sallyport::admin
