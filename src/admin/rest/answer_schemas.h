// What the answers of verbs hold, as JSON Schema for the OpenAPI document. tests/web holds answers of real nodes
// against it, fields that it does not name included. Verbs that are not here answer with an object of their own kind.
#pragma once

#include <boost/json/object.hpp>
#include <string_view>

namespace sallyport::admin {

/// The schema of the answer of `verb`; empty, which is true of everything, for a verb without one.
[[nodiscard]] boost::json::object answer_schema(std::string_view verb);

/// The schemas that those refer to, by name: for components/schemas.
[[nodiscard]] boost::json::object answer_schemas();

}  // namespace sallyport::admin
