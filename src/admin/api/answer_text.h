// What the node answers and tells, as it goes out to whoever asked: over the admin socket, REST and the stream of
// changes.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

namespace sallyport::admin {

/// JSON in one line, of whole characters and plain decimals (admin/print/json_text.h).
[[nodiscard]] std::string answer_text(const boost::json::value& value);
[[nodiscard]] std::string answer_text(const boost::json::object& object);

}  // namespace sallyport::admin
