// Judging and routing.
#include "admin/rest/rest_service.h"

#include <algorithm>
#include <boost/json.hpp>

#include "admin/api/answer_text.h"
#include "admin/api/metrics.h"
#include "admin/api/strict_json.h"
#include "admin/rest/answers.h"
#include "admin/rest/http_text.h"
#include "admin/rest/openapi.h"
#include "admin/rest/ticket.h"
#include "base/hash.h"
#include "io/loop/random.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

constexpr std::string_view api = "/api/v1/";
constexpr std::string_view settings_folder = "settings/";
constexpr std::string_view bearer = "Bearer ";

bool is_reading(std::string_view method) { return method == "GET" || method == "HEAD"; }

/// Values of a query as the arguments of a verb; what the table does not name is left for the verb to refuse.
Result<json::object> arguments_of(const Verb& verb, std::string_view query, std::string& field) {
    const auto pairs = read_query(query);
    if (!pairs) return pairs.error();
    json::object arguments;
    for (const auto& [name, value] : *pairs) {
        field = name;
        const auto row = std::find_if(verb.arguments.begin(), verb.arguments.end(),
                                      [&name = name](const Argument& argument) { return argument.name == name; });
        const Form form = row == verb.arguments.end() ? Form::text : row->form;
        if (form == Form::texts) {
            if (!arguments.contains(name)) arguments[name] = json::array{};
            arguments[name].as_array().emplace_back(value);
            continue;
        }
        if (arguments.contains(name)) return Error{"argument-malformed", name + " is given twice"};
        const bool is_number = form == Form::number && !value.empty() && value.size() < 20 &&
                               std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
        if (is_number) {
            arguments[name] = std::stoull(value);
        } else if (form == Form::flag && (value == "true" || value == "false")) {
            arguments[name] = value == "true";
        } else {
            arguments[name] = value;
        }
    }
    field.clear();
    return arguments;
}

}  // namespace

void send(const std::shared_ptr<io::HttpExchange>& to, io::HttpResponse response) {
    add_security_fields(response);
    to->respond(std::move(response));
}

RestService::RestService(NodeControl& node, AccessDesk& desk, Options options, Logger log)
    : node_{node},
      desk_{desk},
      options_{std::move(options)},
      log_{log},
      handover_{node.file(), desk, node.loop(), io::random_bytes, log},
      feed_{node, desk},
      budget_{node.file().admin.limits.answer_bytes_per_second},
      openapi_{answer_text(openapi_document(options_.version))} {}

void RestService::tables(TableFills& all) const {
    handover_.tables(all);
    all.push_back({"admin.followers", feed_.clients(), node_.file().admin.limits.change_streams});
    all.push_back({"admin.answers", budget_.authors(), AnswerBudget::most_authors});
}

RestService::~RestService() {
    for (const auto& [number, call] : calls_) call->abandon();
}

bool RestService::is_our_host(std::string_view header) const {
    const std::string host = host_of(header);
    if (host.empty()) return false;
    return options_.hosts.contains(host) || (options_.any_address && IpAddress::parse(host));
}

RestService::Route RestService::route_of(std::string_view path) {
    using To = Route::To;
    Route route;
    if (path == "/metrics") {
        route.to = To::metrics;
    } else if (path == arrival_path) {
        route.to = To::arrival;
    } else if (!path.starts_with(api)) {
        route.file = find_web_file(path);
        if (route.file != nullptr) route.to = To::file;
    } else {
        path.remove_prefix(api.size());
        constexpr std::pair<std::string_view, To> fixed[] = {{"session", To::session},
                                                             {"handover", To::handover},
                                                             {"settings", To::settings},
                                                             {"changes", To::changes},
                                                             {"openapi.json", To::openapi}};
        const auto at =
            std::find_if(std::begin(fixed), std::end(fixed), [path](const auto& row) { return row.first == path; });
        if (at != std::end(fixed)) {
            route.to = at->second;
        } else if (path.starts_with(settings_folder)) {
            route.to = To::setting;
            route.setting = path.substr(settings_folder.size());
        } else if (path.find('.') == std::string_view::npos) {
            std::string name{path};
            std::replace(name.begin(), name.end(), '/', '.');
            route.verb = find_verb(name);
            if (route.verb == nullptr) route.verb = first_verb(name);
            if (route.verb != nullptr) route.to = To::verb;
        }
    }
    return route;
}

io::HttpAdmission RestService::admit(const io::HttpRequest& head) {
    Ticket ticket;
    if (auto refusal = judge(head, ticket)) {
        add_security_fields(*refusal);
        return {std::move(refusal), {}};
    }
    if (ticket.reads) return {{}, 0};
    if (ticket.route.to == Route::To::session || ticket.route.to == Route::To::handover) return {{}, most_login_bytes};
    if (ticket.route.to == Route::To::arrival) return {{}, most_arrival_bytes};
    return {{}, node_.file().admin.limits.body_bytes};
}

std::optional<io::HttpResponse> RestService::judge(const io::HttpRequest& head, Ticket& ticket) {
    using To = Route::To;
    // A name of somebody else's that leads here is how a page elsewhere gets to speak for itself (DNS rebinding).
    if (!is_our_host(head.field("Host"))) {
        return refused(head, {"host-unknown", "this node is not known by that host name; see [admin] names"});
    }
    ticket.route = route_of(head.path());
    ticket.reads = is_reading(head.method);
    if (ticket.route.to == To::nowhere) return error_answer({"path-unknown", "no such path"});
    std::string_view allowed = "GET, HEAD";
    if (ticket.route.to == To::session) allowed = "GET, HEAD, POST, DELETE";
    if (ticket.route.to == To::handover || ticket.route.to == To::arrival) allowed = "POST";
    if (ticket.route.to == To::settings) allowed = "GET, HEAD, PATCH";
    if (ticket.route.to == To::setting) allowed = "GET, HEAD, PUT";
    if (ticket.route.to == To::verb && ticket.route.verb->effect == Effect::acts) allowed = "POST";
    const std::string wanted = ", " + std::string{allowed} + ",";
    if (head.method.empty() || wanted.find(", " + head.method + ",") == std::string::npos) {
        io::HttpResponse answer = error_answer({"method-unknown", "this path takes " + std::string{allowed}});
        answer.fields.push_back({"Allow", std::string{allowed}});
        return answer;
    }
    if (ticket.route.to == To::file) return std::nullopt;
    if (ticket.route.to == To::arrival) return judge_arrival(head);
    if (!ticket.reads) {
        if (auto refusal = judge_origin(head, ticket)) return refusal;
        if (head.method != "DELETE" && !is_media(head.field("Content-Type"), "application/json")) {
            return error_answer({"type-unknown", "the body must be application/json"}, "Content-Type");
        }
    }
    if (ticket.route.to == To::session && head.method == "POST") return std::nullopt;
    if (auto refusal = judge_credentials(head, ticket)) return refusal;
    if (auto refusal = judge_measure(head, ticket)) return refusal;
    const bool changes = (ticket.route.to == To::setting || ticket.route.to == To::settings) && !ticket.reads;
    const Verb* as = changes ? find_verb("config.set") : ticket.route.verb;
    const Access needs = as == nullptr ? Access::read : as->needs;
    // What has no verb of its own counts as the one that shows it.
    const std::string_view name = as != nullptr                                                       ? as->name
                                  : ticket.route.to == To::settings || ticket.route.to == To::setting ? "config.get"
                                                                                                      : "status";
    if (ticket.route.to == To::changes && ChangeFeed::may_follow(*ticket.principal)) return std::nullopt;
    const bool for_all = ticket.route.to == To::session || ticket.route.to == To::openapi;
    if (!for_all && !ticket.principal->may(name, needs)) {
        return refused(head,
                       {"role-insufficient", std::string{name} + " requires the right to " + std::string{text(needs)} +
                                                 ", which " + ticket.principal->author + " does not have"});
    }
    return std::nullopt;
}

std::optional<io::HttpResponse> RestService::judge_credentials(const io::HttpRequest& head, Ticket& ticket) {
    const std::string_view authorization = head.field("Authorization");
    if (!authorization.empty()) {
        if (const Duration wait = desk_.wait_of(head.remote.address); wait > Duration{}) {
            return later_answer({"login-throttled", "too many refused requests; wait and try again"}, wait);
        }
        if (authorization.starts_with(bearer)) {
            ticket.principal = desk_.bearer_of(authorization.substr(bearer.size()), head.remote.address);
        }
        if (ticket.principal) return std::nullopt;
        io::HttpResponse answer = error_answer({"token-refused", "the token is wrong, expired or revoked"});
        answer.fields.push_back({"WWW-Authenticate", "Bearer realm=\"Sallyport\", error=\"invalid_token\""});
        return answer;
    }
    const std::string_view id = cookie(head.field("Cookie"), cookie_name);
    ticket.principal = desk_.holder_of(id);
    if (!ticket.principal) {
        io::HttpResponse answer = error_answer({"login-needed", "sign in, or send a token"});
        answer.fields.push_back({"WWW-Authenticate", "Bearer realm=\"Sallyport\""});
        return answer;
    }
    if (const Session* session = desk_.sessions().look(id)) ticket.csrf = session->csrf;
    if (ticket.reads) return std::nullopt;
    // Threat T77: a cookie alone changes nothing. Pages of others cannot read this token, and cannot send the header.
    if (!equal_constant_time(head.field("X-Sallyport-CSRF"), ticket.csrf)) {
        return refused(head, {"csrf-refused", "the header X-Sallyport-CSRF is missing or wrong"});
    }
    if (head.field("Origin").empty() && head.field("Sec-Fetch-Site").empty()) {
        return refused(head, {"origin-refused", "a request with a cookie must have Origin"});
    }
    return std::nullopt;
}

/// Whoever had too much waits; he may always sign out.
std::optional<io::HttpResponse> RestService::judge_measure(const io::HttpRequest& head, const Ticket& ticket) {
    if (ticket.route.to == Route::To::session) return std::nullopt;
    const Duration wait = budget_.wait(ticket.principal->author, node_.loop().now());
    if (wait == Duration{}) return std::nullopt;
    const Error why{"limit-answers", ticket.principal->author + " has asked for too much; wait and try again"};
    (void)refused(head, why);
    return later_answer(why, wait);
}

std::optional<io::HttpResponse> RestService::judge_origin(const io::HttpRequest& head, const Ticket&) {
    const std::string_view origin = head.field("Origin");
    const std::string_view site = head.field("Sec-Fetch-Site");
    const bool right = (origin.empty() || origin == "https://" + std::string{head.field("Host")}) &&
                       (site.empty() || site == "same-origin" || site == "none");
    if (right) return std::nullopt;
    return refused(head, {"origin-refused", "the request comes from another site"});
}

io::HttpResponse RestService::refused(const io::HttpRequest& head, const Error& why) {
    log_.write_for(log_source(head.remote.address), LogLevel::warn, "admin.refused",
                   {{"address", head.remote.text()},
                    {"method", head.method},
                    {"path", std::string{head.path()}},
                    {"code", why.code}});
    return error_answer(why);
}

void RestService::handle(io::HttpRequest request, std::shared_ptr<io::HttpExchange> exchange) {
    using To = Route::To;
    // While the body came the session may have ended.
    Ticket ticket;
    if (auto refusal = judge(request, ticket)) return send(exchange, std::move(*refusal));
    switch (ticket.route.to) {
        case To::nowhere: return;
        case To::file: return answer_file(request, *ticket.route.file, exchange);
        case To::verb: return answer_verb(request, ticket, exchange);
        case To::session: return answer_session(request, ticket, exchange);
        case To::handover: return give_handover(request, ticket, exchange);
        case To::arrival: return take_arrival(request, exchange);
        case To::settings:
        case To::setting: return answer_settings(request, ticket, exchange);
        case To::metrics: return answer_metrics(ticket, exchange);
        case To::openapi:
            return send(exchange,
                        {200, {{"Content-Type", "application/json"}, {"Cache-Control", "no-cache"}}, openapi_});
        case To::changes: break;
    }
    io::HttpResponse head{200, {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-store"}}, {}};
    add_security_fields(head);
    if (const auto objection = feed_.follow(*ticket.principal, std::move(head), exchange)) {
        send(exchange, later_answer(*objection, std::chrono::seconds{30}));
    }
}

void RestService::answer_file(const io::HttpRequest& request, const WebFile& file, const Answer& to) {
    const bool packed = !file.gzip.empty() && request.field("Accept-Encoding").find("gzip") != std::string_view::npos;
    // Two forms of a file are two things for a strong tag (RFC 9110 8.8.3.3).
    std::string etag{file.etag};
    if (packed) etag.insert(etag.size() - 1, "-gz");
    io::HttpResponse answer{200, {{"ETag", etag}, {"Cache-Control", "no-cache"}, {"Vary", "Accept-Encoding"}}, {}};
    if (names_etag(request.field("If-None-Match"), etag)) {
        answer.status = 304;
    } else {
        answer.fields.push_back({"Content-Type", std::string{file.type}});
        if (packed) answer.fields.push_back({"Content-Encoding", "gzip"});
        answer.body = packed ? file.gzip : file.bytes;
    }
    if (file.path != "/index.html") return send(to, std::move(answer));
    add_security_fields(answer);
    open_to_desk(answer);
    to->respond(std::move(answer));
}

void RestService::answer_verb(const io::HttpRequest& request, const Ticket& ticket, const Answer& to) {
    const Verb& verb = *ticket.route.verb;
    json::object arguments;
    std::optional<std::uint64_t> revision;
    if (verb.effect == Effect::reads) {
        std::string field;
        auto read = arguments_of(verb, request.query(), field);
        if (!read) return send(to, error_answer(read.error(), field));
        arguments = std::move(*read);
    } else if (!request.query().empty()) {
        return send(to, error_answer({"request-malformed", "the arguments of a POST belong in its body"}));
    } else if (!request.body.empty()) {
        auto read = strict_json(request.body);
        if (!read) return send(to, error_answer(read.error()));
        if (!read->is_object()) {
            return send(to, error_answer({"request-malformed", "the body is not a JSON object"}));
        }
        arguments = std::move(read->as_object());
    }
    if (const json::value* wanted = arguments.if_contains("revision"); wanted != nullptr) {
        if (!wanted->is_int64() || wanted->as_int64() < 0) {
            return send(to, error_answer({"argument-malformed", "revision must be a number"}, "revision"));
        }
        revision = static_cast<std::uint64_t>(wanted->as_int64());
        arguments.erase("revision");
    }
    if (verb.effect == Effect::reads && arguments.contains("follow") && arguments.at("follow") != json::value(false)) {
        return send(to, error_answer({"argument-malformed", "follow events at /api/v1/changes"}, "follow"));
    }
    const std::uint64_t number = ++last_call_;
    auto call =
        Call::start(node_, {ticket.principal->author, request.remote.address.text(), "rest", ticket.principal->session},
                    verb, arguments, revision,
                    [this, to, number, author = ticket.principal->author](const json::object& answer, bool last) {
                        if (!last) return;
                        // It is on the stack, and so may be what it keeps.
                        if (auto held = calls_.extract(number)) {
                            node_.loop().defer([call = std::move(held.mapped())]() mutable { call.reset(); });
                        }
                        if (const json::value* result = answer.if_contains("result")) {
                            return send_to(author, to, result_answer(*result));
                        }
                        const json::object& error = answer.at("error").as_object();
                        send_to(author, to, answer_of_error(error));
                    });
    if (!call->finished()) calls_[number] = std::move(call);
}

void RestService::send_to(const std::string& author, const Answer& to, io::HttpResponse response) {
    budget_.charge(author, std::max<std::uint64_t>(AnswerBudget::least_bytes, response.body.size()),
                   node_.loop().now());
    send(to, std::move(response));
}

void RestService::answer_metrics(const Ticket& ticket, const Answer& to) {
    node_.status([this, to, author = ticket.principal->author, alive = std::weak_ptr{alive_},
                  settings = node_.settings().snapshot()](const NodeStatus& status) {
        if (alive.expired()) return;
        send_to(author, to,
                {200,
                 {{"Content-Type", std::string{metrics_media_type}}, {"Cache-Control", "no-store"}},
                 metrics_text(status, *settings)});
    });
}

}  // namespace sallyport::admin
