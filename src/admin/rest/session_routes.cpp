// /api/v1/session: log in, who am I, log out.
#include <boost/json.hpp>

#include "admin/api/status_json.h"
#include "admin/api/strict_json.h"
#include "admin/rest/answers.h"
#include "admin/rest/http_text.h"
#include "admin/rest/session_cookie.h"
#include "admin/rest/ticket.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

json::object describe(const Session& session, Access role, const std::string& language) {
    const std::string_view word = role_text(role);
    json::object who{{"user", session.name},
                     {"role", json::string_view{word.data(), word.size()}},
                     {"csrf", session.csrf},
                     {"language", text_or_null(language)},
                     {"expires", json_time(session.expires)}};
    if (!session.terms.by.empty()) who["by"] = session.terms.by;
    return who;
}

/// A text of the body; the answer that refuses it in `refusal`.
std::string text_in(const json::object& body, const char* name, bool required,
                    std::optional<io::HttpResponse>& refusal) {
    const json::value* found = body.if_contains(name);
    if (found == nullptr && !required) return {};
    if (found != nullptr && found->is_string()) return {found->as_string().data(), found->as_string().size()};
    if (!refusal) {
        const char* code = found == nullptr ? "argument-missing" : "argument-malformed";
        refusal = error_answer({code, std::string{name} + " must be a string"}, name);
    }
    return {};
}

}  // namespace

void RestService::answer_session(const io::HttpRequest& request, const Ticket& ticket, const Answer& to) {
    if (request.method == "POST") return log_in(request, to);
    const std::string& id = ticket.principal->session;
    const Session* session = desk_.sessions().look(id);
    if (session == nullptr) return send(to, error_answer({"session-none", "a token has no session"}));
    if (ticket.reads)
        return send(to, result_answer(describe(*session, ticket.principal->access, desk_.language_of(session->name))));
    desk_.record({0, {}, session->name, request.remote.address.text(), "session.close", "{}", "ok"});
    desk_.sessions().close(id);
    io::HttpResponse answer = result_answer(json::object{{"done", "signed out"}});
    answer.fields.push_back({"Set-Cookie", cookie_text(cookie_name, {}, 0)});
    send(to, std::move(answer));
}

void RestService::log_in(const io::HttpRequest& request, const Answer& to) {
    auto body = strict_json(request.body);
    if (!body) return send(to, error_answer(body.error()));
    if (!body->is_object()) return send(to, error_answer({"request-malformed", "the body is not a JSON object"}));
    for (const auto& member : body->as_object()) {
        if (member.key() == "user" || member.key() == "password" || member.key() == "code") continue;
        return send(to, error_answer({"argument-unknown", "a sign-in has user, password and code"},
                                     {member.key().data(), member.key().size()}));
    }
    std::optional<io::HttpResponse> refusal;
    const json::object& given = body->as_object();
    AccessDesk::Login login{text_in(given, "user", true, refusal), text_in(given, "password", true, refusal),
                            text_in(given, "code", false, refusal), request.remote.address};
    if (refusal) return send(to, std::move(*refusal));
    const auto accounts = desk_.accounts();
    if (accounts && accounts->empty()) {
        return send(to, error_answer({"accounts-none",
                                      "there is no account yet; on the node's host run: sallyport admins add NAME "
                                      "--role administrator"}));
    }
    // Threat T79: whatever session the browser came with ends here, and the new one has an id nobody knew before.
    const std::string old{cookie(request.field("Cookie"), cookie_name)};
    desk_.log_in(login, [this, to, old, from = request.remote.address](const AccessDesk::Outcome& outcome) {
        if (!outcome.opened) {
            if (outcome.retry_after > Duration{}) {
                return send(to, later_answer(outcome.error, outcome.retry_after));
            }
            return send(to, error_answer(outcome.error, outcome.error.code == "code-needed" ? "code" : ""));
        }
        desk_.sessions().close(old);
        const Session& session = outcome.opened->session;
        desk_.record({0, {}, session.name, from.text(), "session.open", "{}", "ok"});
        io::HttpResponse answer = result_answer(describe(session, outcome.role, desk_.language_of(session.name)));
        const auto seconds = static_cast<std::int64_t>(node_.file().admin.limits.session_seconds);
        answer.fields.push_back({"Set-Cookie", cookie_text(cookie_name, outcome.opened->id, seconds)});
        send(to, std::move(answer));
    });
}

}  // namespace sallyport::admin
