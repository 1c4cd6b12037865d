// `users`: the accounts of a presence node. Passwords come in and are turned into verifiers at once; none is logged,
// stored or shown.
#include <boost/json.hpp>
#include <chrono>
#include <ctime>

#include "admin/api/verb_handlers.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

/// Null: the call has ended.
im::Directory* directory_of(const SharedCall& call) {
    im::Directory* users = call->node().users();
    if (users == nullptr) {
        call->fail({"users-none", "this node has no users; a presence node with [clients] domains in its file has"});
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

json::object json_of(const io::UserRow& row) {
    return {{"user", address_of(row.name)},
            {"created", day_of(row.created)},
            {"contacts", row.contacts},
            {"waiting", row.waiting}};
}

void finish(const SharedCall& call, const Result<io::UserName>& done, std::string_view what) {
    if (!done) return call->fail(done.error(), done.error().code == "user-password" ? "password" : "user");
    call->succeed(json::object{{"user", address_of(*done)}, {"done", json::string_view{what.data(), what.size()}}});
}

}  // namespace

void run_users_list(const SharedCall& call) {
    im::Directory* users = directory_of(call);
    if (users == nullptr) return;
    const auto rows = users->list();
    if (!rows) return call->fail(rows.error());
    json::array all;
    for (const io::UserRow& row : *rows) all.push_back(json_of(row));
    call->succeed(json::object{{"users", std::move(all)}});
}

void run_users_show(const SharedCall& call) {
    im::Directory* users = directory_of(call);
    if (users == nullptr) return;
    const auto row = users->show(call->text("user"));
    if (!row) return call->fail(row.error(), "user");
    call->succeed(json_of(*row));
}

void run_users_add(const SharedCall& call) {
    im::Directory* users = directory_of(call);
    if (users != nullptr) finish(call, users->add(call->text("user"), call->text("password")), "added");
}

void run_users_passwd(const SharedCall& call) {
    im::Directory* users = directory_of(call);
    if (users != nullptr) {
        finish(call, users->change_password(call->text("user"), call->text("password")), "password changed");
    }
}

void run_users_remove(const SharedCall& call) {
    im::Directory* users = directory_of(call);
    if (users != nullptr) finish(call, users->remove(call->text("user")), "removed");
}

}  // namespace sallyport::admin
