// The headers of every answer.
#include "admin/rest/answers.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "admin/api/answer_text.h"
#include "admin/api/error_codes.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

io::HttpResponse json_answer(unsigned status, const json::object& body) {
    return {status, {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}, answer_text(body) + "\n"};
}

}  // namespace

io::HttpResponse result_answer(const json::value& result) { return json_answer(200, {{"result", result}}); }

io::HttpResponse answer_of_error(const json::object& error) {
    const json::string& code = error.at("code").as_string();
    return json_answer(http_status({code.data(), code.size()}), {{"error", error}});
}

io::HttpResponse error_answer(const Error& error, std::string_view field) {
    json::object object{{"code", error.code}, {"text", error.text}};
    if (!field.empty()) object["field"] = json::string_view{field.data(), field.size()};
    return answer_of_error(object);
}

io::HttpResponse later_answer(const Error& error, Duration retry_after) {
    io::HttpResponse answer = error_answer(error);
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(retry_after).count();
    answer.fields.push_back({"Retry-After", std::to_string(std::max<std::int64_t>(1, seconds))});
    return answer;
}

void add_security_fields(io::HttpResponse& response) {
    static constexpr std::pair<const char*, const char*> fields[] = {
        {"Content-Security-Policy",
         "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
         "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {"Strict-Transport-Security", "max-age=31536000"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"X-Frame-Options", "DENY"},
    };
    for (const auto& [name, value] : fields) response.fields.push_back({name, value});
}

/// Without a referrer a form that goes to another origin says `Origin: null` (Fetch, "append a request Origin header"),
/// and the node there could not tell whence it comes.
void allow_forms_to(std::span<const std::string_view> origins, io::HttpResponse& page) {
    constexpr std::string_view own = "form-action 'self'";
    for (auto& [name, value] : page.fields) {
        if (name == "Referrer-Policy") value = "strict-origin";
        const std::size_t at = name == "Content-Security-Policy" ? value.find(own) : std::string::npos;
        if (at == std::string::npos) continue;
        std::string more;
        for (const std::string_view origin : origins) more.append(" ").append(origin);
        value.insert(at + own.size(), more);
    }
}

}  // namespace sallyport::admin
