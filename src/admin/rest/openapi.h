// The description of the REST service as an OpenAPI 3.1 document, made from the tables of verbs and settings.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

namespace sallyport::admin {

[[nodiscard]] boost::json::object openapi_document(const std::string& version);

}  // namespace sallyport::admin
