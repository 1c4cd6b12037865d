// One function a kind of path.
#include "admin/rest/openapi.h"

#include <algorithm>
#include <boost/json.hpp>

#include "admin/api/status_json.h"
#include "admin/api/verbs.h"
#include "admin/rest/answer_schemas.h"
#include "model/config/settings.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

json::object schema_of(Form form) {
    switch (form) {
        case Form::text: return {{"type", "string"}};
        case Form::secret: return {{"type", "string"}, {"format", "password"}, {"writeOnly", true}};
        case Form::number: return {{"type", "integer"}, {"minimum", 0}};
        case Form::flag: return {{"type", "boolean"}};
        case Form::texts: return {{"type", "array"}, {"items", {{"type", "string"}}}, {"maxItems", 1000}};
    }
    return {};
}

json::object reference(std::string_view kind, std::string_view name) {
    return {{"$ref", "#/components/" + std::string{kind} + "/" + std::string{name}}};
}

json::object json_content(json::object schema) { return {{"application/json", {{"schema", std::move(schema)}}}}; }

json::object body_of(json::object schema, bool required) {
    return {{"required", required}, {"content", json_content(std::move(schema))}};
}

json::object result(const char* what, json::object schema = {}) {
    return {{"description", what},
            {"content", json_content({{"type", "object"},
                                      {"required", json::array{"result"}},
                                      {"properties", {{"result", std::move(schema)}}}})}};
}

/// The answers of an operation: the good one, and errors by status.
json::object responses(json::object good, std::initializer_list<const char*> errors) {
    json::object all{{"200", std::move(good)}};
    for (const char* status : errors) all[status] = reference("responses", "Error");
    return all;
}

json::object operation_of(const Verb& verb) {
    const bool reads = verb.effect == Effect::reads;
    std::string id{verb.name};
    std::replace(id.begin(), id.end(), '.', '_');
    const std::string_view name = verb.name;
    json::object operation{{"operationId", id},
                           {"summary", view(verb.help)},
                           {"tags", {view(name.substr(0, name.find('.')))}},
                           {"x-sallyport-verb", view(verb.name)},
                           {"x-sallyport-needs", view(text(verb.needs))}};
    if (reads) {
        json::array parameters;
        for (const Argument& argument : verb.arguments) {
            if (argument.name == "follow") continue;
            parameters.push_back(json::object{{"name", view(argument.name)},
                                              {"in", "query"},
                                              {"required", argument.required},
                                              {"description", view(argument.help)},
                                              {"schema", schema_of(argument.form)}});
        }
        operation["parameters"] = std::move(parameters);
        operation["responses"] = responses(result("the answer", answer_schema(verb.answer)),
                                           {"400", "401", "403", "404", "409", "421", "429", "503"});
        return operation;
    }
    json::object properties;
    json::array required;
    for (const Argument& argument : verb.arguments) {
        json::object schema = schema_of(argument.form);
        schema["description"] = view(argument.help);
        properties[view(argument.name)] = std::move(schema);
        if (argument.required) required.emplace_back(view(argument.name));
    }
    properties["revision"] = {{"type", "integer"},
                              {"minimum", 0},
                              {"description", "ETag of the settings: refused with 412 if they changed since"}};
    const bool needs_body = !required.empty();
    operation["requestBody"] = body_of({{"type", "object"},
                                        {"additionalProperties", false},
                                        {"properties", std::move(properties)},
                                        {"required", std::move(required)}},
                                       needs_body);
    operation["parameters"] = json::array{reference("parameters", "Csrf")};
    operation["responses"] = responses(result("the answer", answer_schema(verb.answer)),
                                       {"400", "401", "403", "404", "409", "412", "413", "415", "421", "429", "503"});
    return operation;
}

std::string path_of(std::string_view verb) {
    std::string path = "/api/v1/" + std::string{verb};
    std::replace(path.begin() + 8, path.end(), '.', '/');
    return path;
}

/// One setting: its type as far as JSON Schema has it.
json::object setting_schema(const config::SettingRow& row) {
    json::object schema{{"description", std::string{row.help} + " (" + std::string{row.values} + ")"},
                        {"default", json_value(std::string{row.default_value})}};
    if (row.type == "bool") schema["type"] = "boolean";
    if (row.type == "enum" || row.type == "string") schema["type"] = "string";
    if (row.type == "list") schema["type"] = "array";
    if (row.secret) schema["writeOnly"] = true;
    return schema;
}

void add_settings(json::object& paths) {
    json::object values;
    json::array names;
    for (const config::SettingRow& row : config::setting_rows()) {
        names.emplace_back(view(row.name));
        values[view(row.name)] = setting_schema(row);
    }
    const json::object name{{"name", "name"},
                            {"in", "path"},
                            {"required", true},
                            {"description", "a setting"},
                            {"schema", {{"type", "string"}, {"enum", names}}}};
    const json::object if_match{{"name", "If-Match"},
                                {"in", "header"},
                                {"required", true},
                                {"description", "the revision that you read, as in ETag"},
                                {"schema", {{"type", "string"}, {"pattern", "^\"[0-9]+\"$"}}}};
    paths["/api/v1/settings"] = {
        {"get",
         {{"operationId", "settings_list"},
          {"summary", "all settings with types, values, defaults, help and revisions"},
          {"tags", {"settings"}},
          {"responses", responses(result("all settings", answer_schema("Settings")), {"401", "403"})}}},
        {"patch",
         {{"operationId", "settings_change"},
          {"summary", "changes several settings at once, all or none"},
          {"tags", {"settings"}},
          {"parameters", json::array{reference("parameters", "Csrf")}},
          {"requestBody",
           body_of({{"type", "object"},
                    {"required", {"revision", "values"}},
                    {"additionalProperties", false},
                    {"properties",
                     {{"revision", {{"type", "integer"}, {"minimum", 0}}},
                      {"values",
                       {{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(values)}}}}}},
                   true)},
          {"responses",
           responses(result("what is in force now", answer_schema("{revision:count changed:flag values:map}")),
                     {"400", "401", "403", "404", "409", "412", "413", "415", "503"})}}}};
    paths["/api/v1/settings/{name}"] = {
        {"parameters", json::array{name}},
        {"get",
         {{"operationId", "settings_get"},
          {"summary", "one setting"},
          {"tags", {"settings"}},
          {"responses",
           responses(result("the setting; ETag is its revision", answer_schema("Setting")), {"401", "403", "404"})}}},
        {"put",
         {{"operationId", "settings_put"},
          {"summary", "changes one setting"},
          {"tags", {"settings"}},
          {"parameters", json::array{if_match, reference("parameters", "Csrf")}},
          {"requestBody", body_of({{"type", "object"},
                                   {"required", json::array{"value"}},
                                   {"additionalProperties", false},
                                   {"properties", {{"value", json::object{}}}}},
                                  true)},
          {"responses",
           responses(result("what is in force now", answer_schema("{revision:count changed:flag name:text value:any}")),
                     {"400", "401", "403", "404", "409", "412", "413", "415", "503"})}}}};
}

void add_session(json::object& paths) {
    const json::object session{{"type", "object"},
                               {"properties",
                                {{"user", {{"type", "string"}}},
                                 {"role", {{"type", "string"}, {"enum", {"administrator", "operator", "read-only"}}}},
                                 {"csrf", {{"type", "string"}}},
                                 {"by", {{"type", "string"}, {"description", "node that vouched for them"}}},
                                 {"language", {{"type", json::array{"string", "null"}}}},
                                 {"expires", {{"type", "string"}, {"format", "date-time"}}}}}};
    paths["/api/v1/session"] = {
        {"get",
         {{"operationId", "session_get"},
          {"summary", "the account of this session"},
          {"tags", {"session"}},
          {"responses", responses(result("the session", session), {"401", "404"})}}},
        {"post",
         {{"operationId", "session_open"},
          {"summary", "signs in; the answer sets the cookie __Host-sallyport"},
          {"tags", {"session"}},
          {"security", json::array{json::object{}}},
          {"requestBody", body_of({{"type", "object"},
                                   {"required", {"user", "password"}},
                                   {"additionalProperties", false},
                                   {"properties",
                                    {{"user", {{"type", "string"}}},
                                     {"password", {{"type", "string"}, {"format", "password"}}},
                                     {"code", {{"type", "string"}, {"description", "authenticator code"}}}}}},
                                  true)},
          {"responses", responses(result("the session", session), {"400", "401", "403", "413", "415", "429", "503"})}}},
        {"delete",
         {{"operationId", "session_close"},
          {"summary", "signs out"},
          {"tags", {"session"}},
          {"parameters", json::array{reference("parameters", "Csrf")}},
          {"responses", responses(result("done", answer_schema("{done:text}")), {"401", "403", "404"})}}}};
}

void add_handover(json::object& paths) {
    paths["/api/v1/handover"] = {
        {"post",
         {{"operationId", "handover"},
          {"summary", "what the browser has to post to go to the pages of another node without a sign-in"},
          {"tags", {"session"}},
          {"parameters", json::array{reference("parameters", "Csrf")}},
          {"requestBody", body_of({{"type", "object"},
                                   {"required", {"node"}},
                                   {"additionalProperties", false},
                                   {"properties", {{"node", {{"type", "string"}}}}}},
                                  true)},
          {"responses", responses(result("address and token", answer_schema("{action:text token:text}")),
                                  {"400", "401", "403", "404", "409", "413", "415", "429"})}}}};
}

void add_rest(json::object& paths) {
    const auto text_answer = [](const char* what, const char* media) {
        return json::object{{"description", what}, {"content", {{media, {{"schema", {{"type", "string"}}}}}}}};
    };
    paths["/api/v1/changes"] = {
        {"get",
         {{"operationId", "changes"},
          {"summary", "changes as server-sent events: log, setting, alarm, status"},
          {"tags", {"changes"}},
          {"responses",
           responses(text_answer("events until either side ends it", "text/event-stream"), {"401", "403", "503"})}}}};
    paths["/api/v1/openapi.json"] = {
        {"get",
         {{"operationId", "openapi"},
          {"summary", "this document"},
          {"tags", {"description"}},
          {"responses",
           responses({{"description", "OpenAPI 3.1"}, {"content", json_content({{"type", "object"}})}}, {"401"})}}}};
    paths["/metrics"] = {
        {"get",
         {{"operationId", "metrics_page"},
          {"summary", "OpenMetrics"},
          {"tags", {"metrics"}},
          {"responses", responses(text_answer("metrics", "application/openmetrics-text"), {"401", "403", "404"})}}}};
}

json::object components() {
    const json::object error{
        {"type", "object"},
        {"required", json::array{"error"}},
        {"properties",
         {{"error",
           {{"type", "object"},
            {"required", {"code", "text"}},
            {"properties",
             {{"code", {{"type", "string"}, {"description", "stable, for programs"}}},
              {"text", {{"type", "string"}, {"description", "a sentence with the remedy"}}},
              {"field", {{"type", "string"}, {"description", "the argument at fault"}}},
              {"current", {{"description", "with revision-stale: the value in force"}}},
              {"revision", {{"type", "integer"}, {"description", "with revision-stale: of that value"}}}}}}}}}};
    json::object schemas = answer_schemas();
    schemas["Error"] = error;
    return {{"schemas", std::move(schemas)},
            {"responses",
             {{"Error", {{"description", "the error"}, {"content", json_content(reference("schemas", "Error"))}}}}},
            {"parameters",
             {{"Csrf",
               {{"name", "X-Sallyport-CSRF"},
                {"in", "header"},
                {"required", false},
                {"description", "csrf of the session; required with the cookie, not with a token"},
                {"schema", {{"type", "string"}}}}}}},
            {"securitySchemes",
             {{"token", {{"type", "http"}, {"scheme", "bearer"}}},
              {"session", {{"type", "apiKey"}, {"in", "cookie"}, {"name", "__Host-sallyport"}}}}}};
}

}  // namespace

json::object openapi_document(const std::string& version) {
    json::object paths;
    for (const Verb& verb : verbs()) {
        paths[path_of(verb.name)] = {{verb.effect == Effect::reads ? "get" : "post", operation_of(verb)}};
    }
    add_settings(paths);
    add_session(paths);
    add_handover(paths);
    add_rest(paths);
    return {{"openapi", "3.1.0"},
            {"info",
             {{"title", "Sallyport"},
              {"version", version},
              {"description",
               "A node of an XMPP federation gateway. The bare name of a group of verbs, such as "
               "/api/v1/peers, means the group's first verb."}}},
            {"servers", json::array{json::object{{"url", "/"}}}},
            {"security", json::array{json::object{{"token", json::array{}}}, json::object{{"session", json::array{}}}}},
            {"paths", std::move(paths)},
            {"components", components()}};
}

}  // namespace sallyport::admin
