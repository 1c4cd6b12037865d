// `admins`, `tokens`, `sessions`, `audit`: who may use the admin address, and what they did there and on the admin
// socket. Passwords are hashed at once; secrets and tokens are shown the one time they are made.
#include <algorithm>
#include <boost/json.hpp>

#include "admin/access/access_desk.h"
#include "admin/access/totp.h"
#include "admin/api/status_json.h"
#include "admin/api/verb_parts.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

constexpr std::uint64_t usual_days = 90;
constexpr std::uint64_t most_days = 3650;
constexpr std::uint64_t usual_rows = 50;
constexpr std::uint64_t most_rows = 10'000;

/// Null: the call has ended.
AccessDesk* desk_of(const SharedCall& call) {
    AccessDesk* desk = call->node().access();
    if (desk == nullptr) call->fail({"access-none", "this node has no accounts"});
    return desk;
}

AccessDesk::OnDone finish(const SharedCall& call, std::string_view what) {
    return [call, what](const Result<void>& done) {
        if (!done) return call->fail(done.error(), "name");
        call->succeed(json::object{{"name", call->text("name")}, {"done", view(what)}});
    };
}

/// Nothing: the call has ended.
std::optional<Access> role_in(const SharedCall& call) {
    const auto role = role_of(call->text("role"));
    if (!role) {
        call->fail({"argument-malformed", "a role is administrator, operator or read-only"}, "role");
    }
    return role;
}

void run_admins_list(const SharedCall& call) {
    AccessDesk* desk = desk_of(call);
    if (desk == nullptr) return;
    const auto accounts = desk->accounts();
    if (!accounts) return call->fail(accounts.error());
    json::array rows;
    for (const io::AdminAccount& account : *accounts) {
        rows.push_back(json::object{{"name", account.name},
                                    {"role", account.role},
                                    {"totp", !account.totp.empty()},
                                    {"created", json_time(account.created)},
                                    {"last_login", json_time(account.last_login)}});
    }
    call->succeed(json::object{{"admins", std::move(rows)}});
}

void run_admins_add(const SharedCall& call) {
    AccessDesk* desk = desk_of(call);
    if (desk == nullptr) return;
    const auto role = role_in(call);
    if (role) desk->add(call->text("name"), *role, call->text("password"), finish(call, "added"));
}

void run_admins_passwd(const SharedCall& call) {
    AccessDesk* desk = desk_of(call);
    if (desk == nullptr) return;
    desk->change_password(call->text("name"), call->text("password"), finish(call, "password changed"));
}

/// A session knows whose it is; everybody else names the account. Empty: the call has failed.
std::string account_of(const SharedCall& call) {
    if (call->has("name")) return call->text("name");
    if (!call->caller().session.empty()) return call->caller().author;
    call->fail({"argument-missing", "give the account's name: without a session it is not known"}, "name");
    return {};
}

void run_account_passwd(const SharedCall& call) {
    AccessDesk* desk = desk_of(call);
    if (desk == nullptr) return;
    const Call::Caller& caller = call->caller();
    const std::string name = account_of(call);
    if (name.empty()) return;
    if (!caller.session.empty() && name != caller.author) {
        return call->fail({"account-other", "this changes your own password; for other accounts use `admins passwd`"},
                          "name");
    }
    AccessDesk::Login login{name, call->text("current"), call->text("code"), {}};
    if (const auto address = IpAddress::parse(caller.address)) login.from = *address;
    desk->change_own_password(login, caller.session, call->text("password"), [call, name](const Result<void>& done) {
        if (done) return call->succeed(json::object{{"name", name}, {"done", "password changed"}});
        call->fail(done.error());
    });
}

void run_account_language(const SharedCall& call) {
    AccessDesk* desk = desk_of(call);
    if (desk == nullptr) return;
    const Call::Caller& caller = call->caller();
    const std::string name = account_of(call);
    if (name.empty()) return;
    // Over the network it is one's own alone; whoever has the socket may change any.
    if (name != caller.author && (!caller.session.empty() || caller.origin != "cli")) {
        return call->fail({"account-other", "this sets the language of your own account"}, "name");
    }
    const auto done = desk->set_language(name, call->text("language"));
    if (!done) return call->fail(done.error(), done.error().code == "account-unknown" ? "name" : "language");
    call->succeed(json::object{{"name", name}, {"done", "language changed"}});
}

void run_admins_role(const SharedCall& call) {
    AccessDesk* desk = desk_of(call);
    if (desk == nullptr) return;
    const auto role = role_in(call);
    if (role) finish(call, "role changed")(desk->set_role(call->text("name"), *role));
}

void run_admins_totp(const SharedCall& call) {
    AccessDesk* desk = desk_of(call);
    if (desk == nullptr) return;
    const std::string name = call->text("name");
    if (call->flag("off")) return finish(call, "authenticator codes off")(desk->end_totp(name));
    const auto secret = desk->begin_totp(name);
    if (!secret) return call->fail(secret.error(), "name");
    call->succeed(json::object{{"name", name},
                               {"done", "authenticator codes on"},
                               {"secret", base32(*secret)},
                               {"uri", totp_uri(*secret, "Sallyport", name)}});
}

void run_admins_remove(const SharedCall& call) {
    AccessDesk* desk = desk_of(call);
    if (desk != nullptr) finish(call, "removed")(desk->remove(call->text("name")));
}

void run_tokens_list(const SharedCall& call) {
    AccessDesk* desk = desk_of(call);
    if (desk == nullptr) return;
    const auto tokens = desk->tokens();
    if (!tokens) return call->fail(tokens.error());
    const WallTime now = call->node().loop().wall();
    json::array rows;
    for (const io::AdminToken& token : *tokens) {
        rows.push_back(json::object{{"name", token.name},
                                    {"scope", token.access},
                                    {"verbs", token.verbs},
                                    {"author", token.author},
                                    {"created", json_time(token.created)},
                                    {"expires", json_time(token.expires)},
                                    {"expired", token.expires <= now}});
    }
    call->succeed(json::object{{"tokens", std::move(rows)}});
}

void run_tokens_add(const SharedCall& call) {
    AccessDesk* desk = desk_of(call);
    if (desk == nullptr) return;
    AccessDesk::NewToken wanted;
    wanted.name = call->text("name");
    const auto scope = access_of(call->has("scope") ? call->text("scope") : "read");
    if (!scope) return call->fail({"argument-malformed", "a scope is read, operate or administer"}, "scope");
    wanted.access = *scope;
    wanted.verbs = call->texts("verbs");
    for (const std::string& verb : wanted.verbs) {
        if (find_verb(verb) == nullptr) {
            return call->fail({"argument-malformed", "there is no verb '" + verb + "'; names are such as peers.list"},
                              "verbs");
        }
    }
    const std::uint64_t days = call->number("days", usual_days);
    if (days == 0 || days > most_days) {
        return call->fail({"argument-malformed", "a token is valid for 1 to 3650 days"}, "days");
    }
    wanted.lifetime = std::chrono::hours{24 * days};
    const auto token = desk->add_token(wanted, call->author());
    if (!token) return call->fail(token.error(), "name");
    call->succeed(json::object{{"name", wanted.name},
                               {"done", "added"},
                               {"token", *token},
                               {"expires", json_time(call->node().loop().wall() + wanted.lifetime)}});
}

void run_tokens_remove(const SharedCall& call) {
    AccessDesk* desk = desk_of(call);
    if (desk != nullptr) finish(call, "removed")(desk->remove_token(call->text("name")));
}

void run_sessions_list(const SharedCall& call) {
    AccessDesk* desk = desk_of(call);
    if (desk == nullptr) return;
    json::array rows;
    const TimePoint now = call->node().loop().now();
    for (const Session& session : desk->sessions().list()) {
        rows.push_back(json::object{{"number", session.number},
                                    {"user", session.name},
                                    {"address", session.from.text()},
                                    {"since", json_time(session.since)},
                                    {"idle_seconds", json_age(session.used, now)},
                                    {"by", session.terms.by.empty() ? json::value{} : json::value(session.terms.by)},
                                    {"expires", json_time(session.expires)}});
    }
    call->succeed(json::object{{"sessions", std::move(rows)}});
}

void run_sessions_close(const SharedCall& call) {
    AccessDesk* desk = desk_of(call);
    if (desk == nullptr) return;
    const std::uint64_t number = call->number("number", 0);
    if (!desk->sessions().close_number(number)) {
        return call->fail({"session-unknown", "there is no session " + std::to_string(number)}, "number");
    }
    call->succeed(json::object{{"number", number}, {"done", "closed"}});
}

void run_audit(const SharedCall& call) {
    AccessDesk* desk = desk_of(call);
    if (desk == nullptr) return;
    const std::uint64_t limit = std::min(call->number("limit", usual_rows), most_rows);
    const auto rows = desk->audit(limit, call->text("author"));
    if (!rows) return call->fail(rows.error());
    json::array lines;
    for (const io::AuditRow& row : *rows) {
        lines.push_back(json::object{{"number", row.number},
                                     {"time", json_time(row.time)},
                                     {"author", row.author},
                                     {"address", row.address},
                                     {"verb", row.verb},
                                     {"args", json_value(row.arguments)},
                                     {"outcome", row.outcome}});
    }
    call->succeed(json::object{{"audit", std::move(lines)}});
}

constexpr Argument name_args[] = {place("name", Form::text, "the account's name")};
constexpr Argument add_args[] = {place("name", Form::text, "the account's name"),
                                 {"role", Form::text, false, true, "administrator, operator or read-only"},
                                 secret("password", "the password")};
constexpr Argument password_args[] = {place("name", Form::text, "the account's name"),
                                      secret("password", "the new password")};
constexpr Argument own_password_args[] = {
    option("name", Form::text, "the account's name; not needed with a session"),
    secret("current", "the current password"),
    secret("password", "the new password"),
    {"code", Form::text, false, false, "authenticator code, if the account has one and there is no session", true}};
constexpr Argument language_args[] = {
    option("language", Form::text, "a tag such as en or es; left out: as the browser asks"),
    option("name", Form::text, "the account's name; not needed with a session")};
constexpr Argument role_args[] = {place("name", Form::text, "the account's name"),
                                  place("role", Form::text, "administrator, operator or read-only")};
constexpr Argument totp_args[] = {place("name", Form::text, "the account's name"),
                                  option("off", Form::flag, "stop asking for authenticator codes")};
constexpr Argument token_args[] = {place("name", Form::text, "the token's name")};
constexpr Argument add_token_args[] = {
    place("name", Form::text, "the token's name"),
    option("scope", Form::text, "read, operate or administer; default: read"),
    option("verbs", Form::texts, "allow only these verbs, such as peers.list"),
    option("days", Form::number, "days until it expires, at most 3650; default: 90")};
constexpr Argument session_args[] = {
    place("number", Form::number, "the session's number, as shown by `sessions list`")};
constexpr Argument audit_args[] = {option("limit", Form::number, "how many of the latest; default: 50"),
                                   option("author", Form::text, "only entries of this account or token")};

constexpr Verb admins_rows[] = {
    {"account.passwd", "changes your own password; your other sessions end", own_password_args, run_account_passwd,
     "Done", print_done, Access::read},
    {"account.language", "sets the language of the pages for your own account", language_args, run_account_language,
     "Done", print_done, Access::read},
    {"admins.list",
     "the accounts of the admin address",
     {},
     run_admins_list,
     "{admins:[{name:text role:text totp:flag created:time last_login:time?}]}",
     print_admins,
     Access::administer,
     reads},
    {"admins.add", "adds an account; the password is read from a file or standard input", add_args, run_admins_add,
     "Done", print_done, Access::administer},
    {"admins.passwd", "sets a new password for an account; its sessions end", password_args, run_admins_passwd, "Done",
     print_done, Access::administer},
    {"admins.role", "gives an account another role; its sessions end", role_args, run_admins_role, "Done", print_done,
     Access::administer},
    {"admins.totp", "requires authenticator codes of an account; shows the secret once", totp_args, run_admins_totp,
     "{name:text done:text secret?:text uri?:text}", print_totp, Access::administer},
    {"admins.remove", "removes an account; its sessions end", name_args, run_admins_remove, "Done", print_done,
     Access::administer},
    {"tokens.list",
     "the tokens that scripts sign in with",
     {},
     run_tokens_list,
     "{tokens:[{name:text scope:text verbs:text author:text created:time expires:time expired:flag}]}",
     print_tokens,
     Access::administer,
     reads},
    {"tokens.add", "creates a token and shows it once", add_token_args, run_tokens_add,
     "{name:text done:text token:text expires:time}", print_token, Access::administer},
    {"tokens.remove", "revokes a token, at once", token_args, run_tokens_remove, "Done", print_done,
     Access::administer},
    {"sessions.list",
     "who is signed in",
     {},
     run_sessions_list,
     "{sessions:[{number:count user:text address:text since:time idle_seconds:number by:text? expires:time}]}",
     print_sessions,
     Access::administer,
     reads},
    {"sessions.close", "closes a session", session_args, run_sessions_close, "{number:count done:text}",
     print_session_closed, Access::administer},
    {"audit", "what was changed or run, by whom and when, newest first", audit_args, run_audit,
     "{audit:[{number:count time:time author:text address:text verb:text args:map outcome:text}]}", print_audit,
     Access::administer, reads},
};

}  // namespace

std::span<const Verb> admins_verbs() { return admins_rows; }

}  // namespace sallyport::admin
