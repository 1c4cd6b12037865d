// Forms of answers (admin/api/answer_form.h) as JSON Schema for the OpenAPI document. tests/web holds answers of real
// nodes against it, fields that it does not name included.
#pragma once

#include <boost/json/object.hpp>
#include <string_view>

namespace sallyport::admin {

[[nodiscard]] boost::json::object answer_schema(std::string_view form);

/// The schemas that those refer to, by name: for components/schemas.
[[nodiscard]] boost::json::object answer_schemas();

}  // namespace sallyport::admin
