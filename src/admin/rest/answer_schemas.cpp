// One function a kind of form.
#include "admin/rest/answer_schemas.h"

#include <boost/json.hpp>
#include <string>

#include "admin/api/answer_form.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

using Kind = AnswerForm::Kind;

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

json::object schema_of(const AnswerForm& form);

json::object of_fields(const AnswerForm& form) {
    json::object properties;
    json::array required;
    for (const AnswerForm::Field& field : form.fields) {
        properties[view(field.name)] = schema_of(field.form);
        if (field.always) required.emplace_back(view(field.name));
    }
    return {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}};
}

json::object of_choices(const AnswerForm& form) {
    json::array choices;
    for (const AnswerForm& choice : form.parts) choices.push_back(schema_of(choice));
    return {{"anyOf", std::move(choices)}};
}

json::object plain(const AnswerForm& form) {
    switch (form.kind) {
        case Kind::text: return {{"type", "string"}};
        case Kind::count: return {{"type", "integer"}, {"minimum", 0}};
        case Kind::number: return {{"type", "number"}};
        case Kind::flag: return {{"type", "boolean"}};
        case Kind::time: return {{"type", "string"}, {"format", "date-time"}};
        case Kind::map: return {{"type", "object"}};
        case Kind::any: return {};
        case Kind::object: return of_fields(form);
        case Kind::list: return {{"type", "array"}, {"items", schema_of(form.parts.front())}};
        case Kind::named: return {{"$ref", "#/components/schemas/" + std::string{form.name}}};
        case Kind::either: return of_choices(form);
    }
    return {};
}

/// JSON Schema 2020-12: a type of two names, or one of two schemas.
json::object schema_of(const AnswerForm& form) {
    json::object schema = plain(form);
    if (!form.nullable) return schema;
    if (const json::value* type = schema.if_contains("type")) {
        schema["type"] = json::array{*type, "null"};
        return schema;
    }
    return {{"anyOf", json::array{std::move(schema), json::object{{"type", "null"}}}}};
}

}  // namespace

json::object answer_schema(std::string_view form) { return schema_of(read_form(form)); }

json::object answer_schemas() {
    json::object all;
    for (const NamedForm& row : named_forms()) all[view(row.name)] = answer_schema(row.form);
    return all;
}

}  // namespace sallyport::admin
