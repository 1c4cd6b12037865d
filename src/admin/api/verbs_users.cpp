// `users`: the accounts of a presence node. Passwords come in and are turned into verifiers at once; none is logged,
// stored or shown.
#include <boost/json.hpp>
#include <chrono>
#include <ctime>

#include "admin/api/verb_parts.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

/// Null: the call has ended.
im::Directory* directory_of(const SharedCall& call) {
    im::Directory* users = call->node().users();
    if (users == nullptr) {
        call->fail(
            {"users-none", "this node has no users; run this on a presence node with [clients] domains in its file"});
    }
    return users;
}

std::string day_of(WallTime time) {
    const std::time_t seconds = std::chrono::time_point_cast<std::chrono::seconds>(time).time_since_epoch().count();
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[32];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%d", &parts)};
}

std::string address_of(const io::UserName& name) { return name.local + "@" + name.domain; }

json::object user_json(const io::UserRow& row) {
    return {{"user", address_of(row.name)},
            {"created", day_of(row.created)},
            {"contacts", row.contacts},
            {"waiting", row.waiting}};
}

im::Directory::OnUser finish(const SharedCall& call, std::string_view what) {
    return [call, what](const Result<io::UserName>& done) {
        if (!done) return call->fail(done.error(), "user");
        call->succeed(json::object{{"user", address_of(*done)}, {"done", json::string_view{what.data(), what.size()}}});
    };
}

void run_users_list(const SharedCall& call) {
    im::Directory* users = directory_of(call);
    if (users == nullptr) return;
    users->list([call](const Result<std::vector<io::UserRow>>& rows) {
        if (!rows) return call->fail(rows.error());
        json::array all;
        for (const io::UserRow& row : *rows) all.push_back(user_json(row));
        call->succeed(json::object{{"users", std::move(all)}});
    });
}

void run_users_show(const SharedCall& call) {
    im::Directory* users = directory_of(call);
    if (users == nullptr) return;
    users->show(call->text("user"), [call](const Result<io::UserRow>& row) {
        row ? call->succeed(user_json(*row)) : call->fail(row.error(), "user");
    });
}

void run_users_requests(const SharedCall& call) {
    im::Directory* users = directory_of(call);
    if (users == nullptr) return;
    users->requests(call->text("user"), [call](const Result<std::vector<io::StoredContact>>& waiting) {
        if (!waiting) return call->fail(waiting.error(), "user");
        json::array all;
        for (const io::StoredContact& one : *waiting) {
            all.push_back(json::object{{"from", one.jid}, {"listed", one.listed}, {"bytes", one.request.size()}});
        }
        call->succeed(json::object{{"user", call->text("user")}, {"requests", std::move(all)}});
    });
}

void run_users_forget_requests(const SharedCall& call) {
    im::Directory* users = directory_of(call);
    if (users == nullptr) return;
    users->forget_requests(call->text("user"), call->text("from"), [call](const Result<std::uint64_t>& forgotten) {
        if (!forgotten) return call->fail(forgotten.error(), "user");
        call->succeed(json::object{{"user", call->text("user")}, {"forgotten", *forgotten}});
    });
}

void run_users_add(const SharedCall& call) {
    im::Directory* users = directory_of(call);
    if (users != nullptr) users->add(call->text("user"), call->text("password"), finish(call, "added"));
}

void run_users_passwd(const SharedCall& call) {
    im::Directory* users = directory_of(call);
    if (users != nullptr) {
        users->change_password(call->text("user"), call->text("password"), finish(call, "password changed"));
    }
}

void run_users_remove(const SharedCall& call) {
    im::Directory* users = directory_of(call);
    if (users != nullptr) users->remove(call->text("user"), finish(call, "removed"));
}

constexpr Argument user_args[] = {place("user", Form::text, "localpart@domain")};
constexpr Argument user_secret_args[] = {place("user", Form::text, "localpart@domain"),
                                         secret("password", "the password")};
constexpr Argument forget_args[] = {place("user", Form::text, "localpart@domain"),
                                    option("from", Form::text, "only the request from this address; default: all")};
constexpr std::string_view done_form = "{user:text done:text}";

constexpr Verb users_rows[] = {
    {"users.list", "the users of this node", {}, run_users_list, "{users:[User]}", print_users, Access::read, reads},
    {"users.show", "shows one user", user_args, run_users_show, "User", print_user, Access::read, reads},
    {"users.add", "adds a user", user_secret_args, run_users_add, done_form, print_user_done, Access::administer},
    {"users.passwd", "sets a new password for a user; the clients have to log in again", user_secret_args,
     run_users_passwd, done_form, print_user_done, Access::administer},
    {"users.remove", "removes a user with contacts and waiting messages", user_args, run_users_remove, done_form,
     print_user_done, Access::administer},
    {"users.requests", "requests to see a user's presence that wait for an answer", user_args, run_users_requests,
     "{user:text requests:[{from:text listed:flag bytes:count}]}", print_requests, Access::read, reads},
    {"users.forget-requests", "removes such requests without answering them", forget_args, run_users_forget_requests,
     "{user:text forgotten:count}", print_forgotten, Access::operate},
};

}  // namespace

std::span<const Verb> users_verbs() { return users_rows; }

}  // namespace sallyport::admin
