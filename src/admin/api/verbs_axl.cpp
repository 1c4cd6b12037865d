// `run sql` and `axl-users`: the presence node's database, and who may use it over AXL.
#include <algorithm>
#include <boost/json.hpp>

#include "admin/api/verb_parts.h"
#include "base/join.h"
#include "services/axl/sql_desk.h"
#include "services/axl/user_desk.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

/// Ends the call on nodes of another role.
template <typename Desk>
Desk* axl_desk_of(Call& call, Desk* desk) {
    if (desk == nullptr) call.fail({"role-wrong", "this node has no such database; run this on the presence node"});
    return desk;
}

json::object row_of(const axl::SqlResult& result, const std::vector<std::string>& cells) {
    json::object row;
    for (std::size_t i = 0; i < cells.size(); ++i) row[result.columns[i]] = cells[i];
    return row;
}

void run_run_sql(const SharedCall& call) {
    axl::SqlDesk* const desk = axl_desk_of(*call, call->node().sql());
    if (desk == nullptr) return;
    const std::string sql = joined(call->texts("statement"), " ");
    const auto result = desk->run(sql);
    if (!result) return call->fail(result.error());
    if (!result->rows_wanted) return call->succeed(json::object{{"changed", result->changed}});
    json::array rows;
    for (const auto& cells : result->rows) rows.push_back(row_of(*result, cells));
    json::array columns(result->columns.begin(), result->columns.end());
    call->succeed(json::object{{"columns", std::move(columns)}, {"rows", std::move(rows)}});
}

void run_axl_users_list(const SharedCall& call) {
    axl::UserDesk* const desk = axl_desk_of(*call, call->node().axl_users());
    if (desk == nullptr) return;
    const auto users = desk->list();
    if (!users) return call->fail(users.error());
    json::array all;
    for (const auto& user : *users) {
        all.push_back(json::object{{"name", user.name}, {"roles", json::array(user.roles.begin(), user.roles.end())}});
    }
    call->succeed(json::object{{"users", std::move(all)}});
}

void put_user(const SharedCall& call, bool has_to_be_there) {
    axl::UserDesk* const desk = axl_desk_of(*call, call->node().axl_users());
    if (desk == nullptr) return;
    const auto users = desk->list();
    if (!users) return call->fail(users.error());
    const std::string name = call->text("name");
    const bool is_there =
        std::any_of(users->begin(), users->end(), [&](const auto& user) { return user.name == name; });
    if (is_there && !has_to_be_there) {
        return call->fail({"user-exists", "this user exists already; set a new password with `axl-users passwd`"},
                          "name");
    }
    if (!is_there && has_to_be_there) return call->fail({"user-unknown", "there is no such user"}, "name");
    desk->put(name, call->text("password"), [call, name, has_to_be_there](const Result<void>& put) {
        if (!put) return call->fail(put.error());
        call->succeed(json::object{{"name", name}, {"done", has_to_be_there ? "has a new password" : "was added"}});
    });
}

void run_axl_users_add(const SharedCall& call) { put_user(call, false); }
void run_axl_users_passwd(const SharedCall& call) { put_user(call, true); }

void run_axl_users_remove(const SharedCall& call) {
    axl::UserDesk* const desk = axl_desk_of(*call, call->node().axl_users());
    if (desk == nullptr) return;
    const std::string name = call->text("name");
    if (const auto removed = desk->remove(name); !removed) return call->fail(removed.error(), "name");
    call->succeed(json::object{{"name", name}, {"done", "was removed"}});
}

constexpr Argument sql_args[] = {place("statement", Form::texts, "a SELECT, or a change of the table xmpps2snodes")};
constexpr Argument user_args[] = {place("name", Form::text, "the user's name")};
constexpr Argument axl_password_args[] = {place("name", Form::text, "the user's name"),
                                          secret("password", "the password")};

constexpr Verb axl_rows[] = {
    {"run.sql", "runs an SQL statement on the presence node's database", sql_args, run_run_sql,
     "{columns:[text] rows:[map]}|{changed:count}", print_sql, Access::administer},
    {"axl-users.list",
     "AXL users of the presence node",
     {},
     run_axl_users_list,
     "{users:[{name:text roles:[text]}]}",
     print_axl_users,
     Access::read,
     reads},
    {"axl-users.add", "adds an AXL user; the password is read from a file or standard input", axl_password_args,
     run_axl_users_add, "Done", print_done, Access::administer},
    {"axl-users.passwd", "sets a new password for an AXL user", axl_password_args, run_axl_users_passwd, "Done",
     print_done, Access::administer},
    {"axl-users.remove", "removes an AXL user", user_args, run_axl_users_remove, "Done", print_done,
     Access::administer},
};

}  // namespace

std::span<const Verb> axl_verbs() { return axl_rows; }

}  // namespace sallyport::admin
