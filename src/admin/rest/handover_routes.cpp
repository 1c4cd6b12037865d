// Going to the pages of another node: /api/v1/handover gives the page what to post there, /handover takes it there. The
// latter is the one address that a page of another site may post to: everything about it is judged here (threat T92).
#include <algorithm>
#include <boost/json.hpp>

#include "admin/access/account_name.h"
#include "admin/api/strict_json.h"
#include "admin/rest/answers.h"
#include "admin/rest/http_text.h"
#include "admin/rest/session_cookie.h"
#include "admin/rest/ticket.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

constexpr std::size_t longest_place = 200;

/// Where in the pages somebody wants to be: "peer/capulet.lab". What is none leads to the overview.
std::string place_of(const std::string& wanted) {
    const bool good =
        !wanted.empty() && wanted.size() <= longest_place && std::all_of(wanted.begin(), wanted.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
                   c == '-' || c == '/' || c == '%';
        });
    return good ? wanted : "overview";
}

/// To a page of ours. What stands behind '#' stays in the browser; names of accounts need no escape there.
io::HttpResponse go_to(const std::string& place) {
    return {303, {{"Location", "/#/" + place}, {"Cache-Control", "no-store"}}, {}};
}

std::string field_in(const std::vector<std::pair<std::string, std::string>>& fields, std::string_view name) {
    std::string found;
    std::size_t count = 0;
    for (const auto& [key, value] : fields) {
        if (key != name) continue;
        found = value;
        ++count;
    }
    return count == 1 ? found : std::string{};
}

}  // namespace

/// A navigation of the whole window, by a form, from the pages of a node: nothing that a script or a frame could do.
std::optional<io::HttpResponse> RestService::judge_arrival(const io::HttpRequest& head) {
    const auto refuse = [&](const std::string& why) { return refused(head, {"origin-refused", why}); };
    if (!is_media(head.field("Content-Type"), "application/x-www-form-urlencoded")) {
        return error_answer({"type-unknown", "the body must be application/x-www-form-urlencoded"}, "Content-Type");
    }
    const std::string_view origin = head.field("Origin");
    if (origin.empty() || origin == "null") return refuse("a hand-over must have Origin");
    const std::string_view mode = head.field("Sec-Fetch-Mode"), dest = head.field("Sec-Fetch-Dest");
    if ((!mode.empty() && mode != "navigate") || (!dest.empty() && dest != "document")) {
        return refuse("a hand-over is a form of a page, posted to the whole window");
    }
    const auto& nodes = node_.file().admin.nodes;
    const bool known = std::ranges::find(nodes, origin, &config::AdminNode::origin) != nodes.end();
    if (!known) return refuse("[[admin.node]] in this node's file names no pages at " + std::string{origin});
    return std::nullopt;
}

void RestService::take_arrival(const io::HttpRequest& request, const Answer& to) {
    if (!request.query().empty()) return send(to, error_answer({"query-malformed", "a hand-over has no query"}));
    const auto fields = read_query(request.body);
    if (!fields) return send(to, error_answer(fields.error()));
    const std::string place = place_of(field_in(*fields, "page"));
    HandoverDesk::Arrival arrival =
        handover_.accept(field_in(*fields, "token"), request.field("Origin"), request.remote.address);
    if (arrival.taken) {
        // Threat T79: the session that the browser came with ends here. It comes with one from nodes of the same site
        // alone (SameSite=Strict); elsewhere the new cookie takes the old one's place, and that session ends by rest.
        desk_.sessions().close(cookie(request.field("Cookie"), cookie_name));
        const Session& session = arrival.taken->opened.session;
        io::HttpResponse answer = go_to(place);
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(session.expires - session.since).count();
        answer.fields.push_back({"Set-Cookie", cookie_text(cookie_name, arrival.taken->opened.id, seconds)});
        return send(to, std::move(answer));
    }
    if (arrival.retry_after > Duration{}) return send(to, later_answer(arrival.error, arrival.retry_after));
    if (!arrival.known_site) return send(to, error_answer(arrival.error));
    // They sign in as anybody does, or still have a session here.
    send(to, go_to(place + "?as=" + arrival.user + "&handover=" + arrival.error.code));
}

void RestService::give_handover(const io::HttpRequest& request, const Ticket& ticket, const Answer& to) {
    auto body = strict_json(request.body);
    if (!body) return send(to, error_answer(body.error()));
    if (!body->is_object()) return send(to, error_answer({"request-malformed", "the body is not a JSON object"}));
    const json::object& given = body->as_object();
    for (const auto& member : given) {
        if (member.key() == "node") continue;
        return send(to, error_answer({"argument-unknown", "a hand-over has a node"},
                                     {member.key().data(), member.key().size()}));
    }
    const json::value* node = given.if_contains("node");
    if (node == nullptr || !node->is_string()) {
        return send(to, error_answer({node == nullptr ? "argument-missing" : "argument-malformed",
                                      "node must be the name of a node, as a string"},
                                     "node"));
    }
    const auto issued = handover_.issue(*ticket.principal, {node->as_string().data(), node->as_string().size()},
                                        request.remote.address);
    if (!issued && issued.error().code == "handover-often") {
        return send(to, later_answer(issued.error(), HandoverDesk::issue_every));
    }
    if (!issued) return send(to, error_answer(issued.error()));
    io::HttpResponse answer =
        result_answer(json::object{{"action", issued->origin + std::string{arrival_path}}, {"token", issued->token}});
    send_to(ticket.principal->author, to, std::move(answer));
}

/// The page may post to the nodes of its desk, and has to say whence it comes; both for this one answer.
void RestService::open_to_desk(io::HttpResponse& page) const {
    if (!handover_.is_on() || node_.file().admin.nodes.empty()) return;
    std::vector<std::string_view> origins;
    for (const config::AdminNode& node : node_.file().admin.nodes) origins.push_back(node.origin);
    allow_forms_to(origins, page);
}

}  // namespace sallyport::admin
