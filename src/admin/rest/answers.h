// Answers of the REST service as HTTP: JSON, the status of an error, and the headers that every answer has.
#pragma once

#include <boost/json/fwd.hpp>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "io/http/message.h"

namespace sallyport::admin {

/// 200 {"result": …}.
[[nodiscard]] io::HttpResponse result_answer(const boost::json::value& result);
/// {"error": {"code", "text", "field"}} with the status of the code; `error` has them already.
[[nodiscard]] io::HttpResponse answer_of_error(const boost::json::object& error);
[[nodiscard]] io::HttpResponse error_answer(const Error& error, std::string_view field = {});
/// With Retry-After in whole seconds.
[[nodiscard]] io::HttpResponse later_answer(const Error& error, Duration retry_after);
/// Puts what a browser has to know to every answer: threats T77, T78.
void add_security_fields(io::HttpResponse& response);

/// After add_security_fields(), for a page: its forms may go to these origins too, which are told its own.
void allow_forms_to(std::span<const std::string_view> origins, io::HttpResponse& page);

}  // namespace sallyport::admin
