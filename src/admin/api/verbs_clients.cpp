// `clients`: who is online on a presence node, whose log-ins were refused lately, and the end of a session.
#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "admin/api/status_json.h"
#include "admin/api/verb_parts.h"
#include "services/im/client_desk.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

constexpr std::uint64_t usual_clients = 100;
constexpr std::uint64_t most_clients = 500;
constexpr std::uint64_t usual_refused = 50;

/// Null: the call has ended.
im::ClientDesk* clients_of(const SharedCall& call) {
    im::ClientDesk* desk = call->node().clients();
    if (desk == nullptr) {
        call->fail(
            {"users-none", "this node has no users; run this on a presence node with [clients] domains in its file"});
    }
    return desk;
}

/// "17 anna@b.test": behind which session a page begins.
std::string cursor_text(const im::OnlineCursor& cursor) { return std::to_string(cursor.number) + " " + cursor.user; }

std::optional<im::OnlineCursor> cursor_of(const std::string& text) {
    im::OnlineCursor cursor;
    const char* const end = text.data() + text.size();
    const auto [at, problem] = std::from_chars(text.data(), end, cursor.number);
    if (problem != std::errc{} || at == end || *at != ' ') return std::nullopt;
    cursor.user.assign(at + 1, end);
    return cursor.user.empty() ? std::nullopt : std::optional{cursor};
}

std::optional<im::OnlineQuery::Which> which_of(const std::string& word) {
    using enum im::OnlineQuery::Which;
    if (word.empty() || word == "all") return all;
    if (word == "connected") return connected;
    if (word == "away") return away;
    return std::nullopt;
}

json::value text_or_nothing(const std::string& text) { return text.empty() ? json::value{} : json::value(text); }

/// `waiting`: of the user's, on the disk; nothing: it did not say.
json::object client_json(const im::OnlineClient& client, std::optional<std::uint64_t> waiting) {
    return {{"jid", client.user + "/" + client.resource},
            {"user", client.user},
            {"number", client.number},
            {"state", client.connected ? "connected" : "away"},
            {"address", client.remote_address},
            {"since", json_time(client.since)},
            {"tls", text_or_nothing(client.tls)},
            {"mechanism", client.mechanism},
            {"channel_binding", text_or_nothing(client.binding)},
            {"client", text_or_nothing(client.client)},
            {"presence", !client.available     ? "unavailable"
                         : client.show.empty() ? "available"
                                               : view(client.show)},
            {"priority", client.priority},
            {"resumable_seconds", client.resumable_for
                                      ? json::value(std::chrono::duration<double>(*client.resumable_for).count())
                                      : json::value{}},
            {"unacknowledged", client.unacknowledged},
            {"unacknowledged_bytes", client.unacknowledged_bytes},
            {"kept", waiting ? json::value(*waiting) : json::value{}},
            {"stanzas_in", client.stanzas_in},
            {"stanzas_out", client.stanzas_out}};
}

void answer_page(const SharedCall& call, const im::OnlinePage& page,
                 const std::map<std::string, std::uint64_t, std::less<>>& waiting) {
    json::array clients;
    for (const im::OnlineClient& client : page.clients) {
        const auto at = waiting.find(client.user);
        clients.push_back(client_json(client, at == waiting.end() ? std::nullopt : std::optional{at->second}));
    }
    json::object result{{"clients", std::move(clients)},
                        {"sessions", page.sessions},
                        {"away", page.away},
                        {"connections", page.connections},
                        {"unauthenticated", page.unauthenticated}};
    if (page.next) result["next"] = cursor_text(*page.next);
    call->succeed(result);
}

/// The users of the page, each once.
std::vector<io::UserName> users_on(const im::OnlinePage& page) {
    std::vector<io::UserName> users;
    for (const im::OnlineClient& client : page.clients) {
        const auto jid = xmpp::Jid::parse(client.user);
        if (!jid) continue;
        io::UserName name{jid->local(), jid->domain().text()};
        if (users.empty() || users.back() != name) users.push_back(std::move(name));
    }
    return users;
}

/// What the disk keeps for the users of a page is asked for beside; without it the page is shown all the same.
void run_clients_list(const SharedCall& call) {
    im::ClientDesk* desk = clients_of(call);
    if (desk == nullptr) return;
    im::OnlineQuery query;
    query.user = call->text("user");
    const auto which = which_of(call->text("state"));
    if (!which) return call->fail({"argument-malformed", "the state is connected, away or all"}, "state");
    query.which = *which;
    if (call->has("after")) {
        const auto cursor = cursor_of(call->text("after"));
        if (!cursor) return call->fail({"argument-malformed", "it must be `next` of another answer"}, "after");
        query.after = *cursor;
    }
    query.most =
        static_cast<std::size_t>(std::clamp<std::uint64_t>(call->number("limit", usual_clients), 1, most_clients));
    desk->page(std::move(query), [call](const im::OnlinePage& page) {
        im::Directory* directory = call->node().users();
        const std::vector<io::UserName> users = users_on(page);
        if (directory == nullptr || users.empty()) return answer_page(call, page, {});
        directory->waiting(users, [call, page, users](const Result<std::vector<std::uint64_t>>& counts) {
            std::map<std::string, std::uint64_t, std::less<>> waiting;
            for (std::size_t i = 0; counts && i < users.size() && i < counts->size(); ++i) {
                waiting[users[i].local + "@" + users[i].domain] = (*counts)[i];
            }
            answer_page(call, page, waiting);
        });
    });
}

void run_clients_end(const SharedCall& call) {
    im::ClientDesk* desk = clients_of(call);
    if (desk == nullptr) return;
    desk->end(call->text("jid"), call->number("number", 0), [call](const Result<void>& ended) {
        if (!ended) return call->fail(ended.error(), "jid");
        call->succeed(json::object{{"name", call->text("jid")}, {"done", "ended"}});
    });
}

void run_clients_refused(const SharedCall& call) {
    im::ClientDesk* desk = clients_of(call);
    if (desk == nullptr) return;
    const auto limit =
        static_cast<std::size_t>(std::clamp<std::uint64_t>(call->number("limit", usual_refused), 1, most_clients));
    desk->refused(limit, [call](const std::vector<im::RefusedLogin>& refused) {
        json::array rows;
        for (const im::RefusedLogin& one : refused) {
            rows.push_back(json::object{{"first", json_time(one.first)},
                                        {"last", json_time(one.last)},
                                        {"count", one.count},
                                        {"address", one.from.text()},
                                        {"user", text_or_nothing(one.user)},
                                        {"mechanism", text_or_nothing(one.mechanism)},
                                        {"condition", one.condition},
                                        {"why", one.why}});
        }
        call->succeed(json::object{{"refused", std::move(rows)}});
    });
}

constexpr Argument clients_args[] = {
    option("user", Form::text, "only users whose address begins so"),
    option("state", Form::text, "connected, or away: gone, and able to resume; default: all"),
    option("limit", Form::number, "at most so many, up to 500; default: 100"),
    option("after", Form::text, "where the page begins: `next` of the page before")};
constexpr Argument end_client_args[] = {
    place("jid", Form::text, "user@domain/resource, as shown by `clients list`"),
    option("number", Form::number, "only if it is this session, and not a later one of that name")};
constexpr Argument refused_args[] = {option("limit", Form::number, "at most so many, up to 500; default: 50")};

constexpr Verb clients_rows[] = {
    {"clients.list", "who is online: the sessions of users", clients_args, run_clients_list,
     "{clients:[Client] sessions:count away:count connections:count unauthenticated:count next?:text}", print_clients,
     Access::read, reads},
    {"clients.refused", "log-ins of users that were refused lately, and why", refused_args, run_clients_refused,
     "{refused:[{first:time last:time count:count address:text user:text? mechanism:text? condition:text why:text}]}",
     print_refused_logins, Access::read, reads},
    {"clients.end", "ends a user's session; its client may log in again", end_client_args, run_clients_end, "Done",
     print_done, Access::operate},
};

}  // namespace

std::span<const Verb> clients_verbs() { return clients_rows; }

}  // namespace sallyport::admin
