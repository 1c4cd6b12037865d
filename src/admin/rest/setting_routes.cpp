// /api/v1/settings: values with their types and revisions, one by PUT, several at once by PATCH. A change counts only
// if nobody changed the same setting since the revision that the caller saw (RFC 9110 13.1.1).
#include <algorithm>
#include <boost/json.hpp>

#include "admin/api/setting_change.h"
#include "admin/api/strict_json.h"
#include "admin/rest/answers.h"
#include "admin/rest/http_text.h"
#include "admin/rest/ticket.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

std::string etag_of(std::uint64_t revision) { return "\"" + std::to_string(revision) + "\""; }

Result<json::object> object_in(const std::string& body) {
    auto value = strict_json(body);
    if (!value) return value.error();
    if (!value->is_object()) return Error{"request-malformed", "the body is not a JSON object"};
    return std::move(value->as_object());
}

/// Only these members; the first other one otherwise.
std::optional<std::string> other_member(const json::object& object, std::initializer_list<std::string_view> known) {
    for (const auto& member : object) {
        const std::string_view name{member.key().data(), member.key().size()};
        if (std::find(known.begin(), known.end(), name) == known.end()) return std::string{name};
    }
    return std::nullopt;
}

}  // namespace

void RestService::answer_settings(const io::HttpRequest& request, const Ticket& ticket, const Answer& to) {
    if (request.method == "PATCH") return patch_settings(request, ticket, to);
    services::SettingsService& settings = node_.settings();
    if (ticket.route.to == Route::To::settings) {
        io::HttpResponse answer = result_answer(describe_settings(settings));
        answer.fields.push_back({"ETag", etag_of(settings.snapshot()->revision)});
        return send_to(ticket.principal->author, to, std::move(answer));
    }
    const config::SettingRow* row = config::find_setting(ticket.route.setting);
    if (row == nullptr) return send(to, error_answer(unknown_setting(ticket.route.setting), "name"));
    if (!settings.has_effect(*row)) {
        return send(to, error_answer(services::SettingsService::belongs_elsewhere(*row), "name"));
    }
    if (!ticket.reads) return put_setting(request, ticket, to);
    io::HttpResponse answer = result_answer(describe_setting(*row, settings));
    answer.fields.push_back({"ETag", etag_of(settings.revision_of(row->name))});
    send_to(ticket.principal->author, to, std::move(answer));
}

void RestService::put_setting(const io::HttpRequest& request, const Ticket& ticket, const Answer& to) {
    const auto revision = revision_in(request.field("If-Match"));
    if (!revision) {
        return send(to,
                    error_answer({"revision-missing", "If-Match must be the revision that you read, such as \"17\""},
                                 "If-Match"));
    }
    auto body = object_in(request.body);
    if (!body) return send(to, error_answer(body.error()));
    if (const auto other = other_member(*body, {"value"})) {
        return send(to, error_answer({"argument-unknown", "the body must be {\"value\": …}"}, *other));
    }
    const json::value* value = body->if_contains("value");
    if (value == nullptr)
        return send(to, error_answer({"argument-missing", "the body must be {\"value\": …}"}, "value"));
    change_settings(ticket, request, {{ticket.route.setting, json::serialize(*value)}}, *revision, to);
}

void RestService::patch_settings(const io::HttpRequest& request, const Ticket& ticket, const Answer& to) {
    auto body = object_in(request.body);
    if (!body) return send(to, error_answer(body.error()));
    if (const auto other = other_member(*body, {"revision", "values"})) {
        return send(to, error_answer({"argument-unknown", "the body must have revision and values"}, *other));
    }
    const json::value* revision = body->if_contains("revision");
    if (revision == nullptr || !revision->is_int64() || revision->as_int64() < 0) {
        return send(to, error_answer({"revision-missing", "revision must be the number that you read"}, "revision"));
    }
    const json::value* values = body->if_contains("values");
    if (values == nullptr || !values->is_object()) {
        return send(to, error_answer({"argument-missing", "values must be an object of names and values"}, "values"));
    }
    std::vector<config::Change> changes;
    for (const auto& member : values->as_object()) {
        const std::string name{member.key()};
        if (config::find_setting(name) == nullptr) return send(to, error_answer(unknown_setting(name), name));
        changes.push_back({name, json::serialize(member.value())});
    }
    change_settings(ticket, request, changes, static_cast<std::uint64_t>(revision->as_int64()), to);
}

void RestService::change_settings(const Ticket& ticket, const io::HttpRequest& request,
                                  const std::vector<config::Change>& changes, std::uint64_t revision,
                                  const Answer& to) {
    services::SettingsService& settings = node_.settings();
    std::vector<std::string> names;
    for (const config::Change& change : changes) names.push_back(change.name);
    const auto audit = [&](const std::string& outcome) {
        desk_.record({0,
                      {},
                      ticket.principal->author,
                      request.remote.address.text(),
                      "config.set",
                      json::serialize(json::object{{"names", json::array(names.begin(), names.end())}}),
                      outcome});
    };
    if (const auto stale = stale_setting(settings, names, revision)) {
        const Error error = stale_error(*stale);
        audit(error.code);
        io::HttpResponse answer = answer_of_error(json::object{{"code", error.code},
                                                               {"text", error.text},
                                                               {"field", stale->name},
                                                               {"current", stale->value},
                                                               {"revision", stale->revision}});
        answer.fields.push_back({"ETag", etag_of(stale->revision)});
        return send(to, std::move(answer));
    }
    const std::uint64_t before = settings.snapshot()->revision;
    const auto after = settings.set(changes, ticket.principal->author, "rest");
    audit(after ? "ok" : after.error().code);
    if (!after) return send(to, error_answer(after.error(), settings.at_fault(changes)));
    json::object values;
    for (const std::string& name : names) values[name] = shown_value(*config::find_setting(name), *settings.snapshot());
    json::object result{{"revision", *after}, {"changed", *after != before}};
    if (request.method == "PUT") {
        result["name"] = names.front();
        result["value"] = values.begin()->value();
    } else {
        result["values"] = std::move(values);
    }
    io::HttpResponse answer = result_answer(result);
    answer.fields.push_back({"ETag", etag_of(*after)});
    send(to, std::move(answer));
}

}  // namespace sallyport::admin
