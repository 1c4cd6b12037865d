// Names and sentences of others may be cut within a character; strict readers refuse all of the JSON for one byte.
#include "admin/api/answer_text.h"

#include <boost/json.hpp>

#include "admin/print/json_text.h"
#include "base/whole_text.h"

namespace sallyport::admin {

std::string answer_text(const boost::json::value& value) { return whole_text(json_text(value)); }

std::string answer_text(const boost::json::object& object) { return whole_text(json_text(object)); }

}  // namespace sallyport::admin
