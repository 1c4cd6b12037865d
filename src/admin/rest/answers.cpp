// Tables of headers and of statuses.
#include "admin/rest/answers.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

namespace sallyport::admin {

namespace json = boost::json;

namespace {

io::HttpResponse json_answer(unsigned status, const json::object& body) {
    return {
        status, {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}, json::serialize(body) + "\n"};
}

constexpr std::pair<std::string_view, unsigned> exact[] = {
    {"verb-unknown", 404},     {"revision-stale", 412}, {"revision-missing", 400}, {"setting-elsewhere", 409},
    {"login-throttled", 429},  {"login-busy", 503},     {"login-refused", 401},    {"code-needed", 401},
    {"account-password", 400}, {"store-conflict", 409}, {"accounts-none", 403},    {"user-password", 400},
};
constexpr std::pair<std::string_view, unsigned> endings[] = {
    {"-unknown", 404}, {"-exists", 409}, {"-malformed", 400}, {"-missing", 400}, {"-none", 409},
};
constexpr std::pair<std::string_view, unsigned> beginnings[] = {
    {"store-", 503},
    {"setting-", 400},
    {"limit-", 409},
    {"argument-", 400},
};

}  // namespace

unsigned status_of(std::string_view code, bool has_field) {
    for (const auto& [wanted, status] : exact) {
        if (code == wanted) return status;
    }
    if (code == "argument-unknown") return 400;
    for (const auto& [ending, status] : endings) {
        if (code.ends_with(ending)) return status;
    }
    for (const auto& [beginning, status] : beginnings) {
        if (code.starts_with(beginning)) return status;
    }
    return has_field ? 400 : 409;
}

io::HttpResponse result_answer(const json::value& result) { return json_answer(200, {{"result", result}}); }

io::HttpResponse error_answer(unsigned status, const json::object& error) {
    return json_answer(status, {{"error", error}});
}

io::HttpResponse error_answer(unsigned status, const Error& error, std::string_view field) {
    json::object object{{"code", error.code}, {"text", error.text}};
    if (!field.empty()) object["field"] = json::string_view{field.data(), field.size()};
    return error_answer(status, object);
}

io::HttpResponse later_answer(unsigned status, const Error& error, Duration retry_after) {
    io::HttpResponse answer = error_answer(status, error);
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

}  // namespace sallyport::admin
