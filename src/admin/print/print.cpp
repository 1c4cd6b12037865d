// JSON for scripts.
#include "admin/print/print.h"

#include <boost/json.hpp>
#include <ostream>

#include "admin/print/json_text.h"
#include "admin/print/words.h"

namespace sallyport::admin {

namespace json = boost::json;

void print_json(const json::value& value, std::ostream& out) { out << safe_json(json_lines(value)) << '\n'; }

}  // namespace sallyport::admin
