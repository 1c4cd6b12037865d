// The table of verbs. A new verb is a handler and a row here; docs/manual/cli.md says what it shows.
#include "admin/api/verbs.h"

#include <algorithm>

#include "admin/api/verb_handlers.h"

namespace sallyport::admin {

namespace {

constexpr Effect reads = Effect::reads;

constexpr Argument option(std::string_view name, Form form, std::string_view help) {
    return {name, form, false, false, help};
}
constexpr Argument place(std::string_view name, Form form, std::string_view help) {
    return {name, form, true, true, help};
}
constexpr Argument optional_place(std::string_view name, std::string_view help) {
    return {name, Form::text, true, false, help};
}

constexpr Argument peer[] = {place("domain", Form::text, "the other domain")};
constexpr Argument ping[] = {place("domain", Form::text, "the other domain"),
                             option("from", Form::text, "the domain of ours that asks; the first one if absent")};
constexpr Argument get[] = {optional_place("name", "a setting; all of them if absent")};
constexpr Argument set[] = {place("name", Form::text, "a setting, such as federation.enabled"),
                            {"value", Form::text, true, true, "its new value; lists and tables as JSON", true}};
constexpr Argument history[] = {optional_place("name", "a setting; all of them if absent"),
                                option("limit", Form::number, "how many changes; 50 if absent")};
constexpr Argument add_route[] = {place("domain", Form::text, "the other domain"),
                                  place("address", Form::texts, "where to connect: host, host:port, in order"),
                                  option("priority", Form::number, "lower first; 0 if absent"),
                                  option("weight", Form::number, "share among equal priorities; 0 if absent"),
                                  option("fall_back_to_dns", Form::flag, "ask DNS when no address answers")};
constexpr Argument remove_route[] = {place("domain", Form::text, "the other domain"),
                                     optional_place("address", "only this address; all of the domain if absent")};
constexpr Argument names[] = {place("domain", Form::texts, "names; *.example.org stands for every name below")};
constexpr Argument events[] = {
    option("follow", Form::flag, "go on with what happens from now on"),
    option("limit", Form::number, "how many of the latest; 50 if absent"),
    option("after", Form::number, "only those after this number"),
    option("module", Form::text, "only of this log module"),
    option("level", Form::text, "only of this level or a more severe one"),
    option("peer", Form::text, "only those that name this domain or address"),
    option("code", Form::text, "only codes that begin so, such as s2s.dialback"),
    option("since", Form::text, "from this time on: 2026-11-22T06:00:00Z, or 90s, 10m, 2h, 3d"),
    option("until", Form::text, "up to this time, written likewise")};
constexpr Argument level[] = {optional_place("module", "a log module, or all; a table of all if absent"),
                              optional_place("level", "trace, debug, info, warn, error, off, or reset"),
                              option("for", Form::number, "seconds after which it goes back by itself")};
constexpr Argument why[] = {
    place("from", Form::text,
          "the sender: a domain or an address with one; or the id of a refusal, such as v-0123456789ab"),
    optional_place("to", "the recipient: a domain or an address with one")};
constexpr Argument maybe_checked[] = {optional_place("domain", "another domain to look at, too")};
constexpr Argument dialback_checked[] = {
    optional_place("domain", "the domain whose server asks; it is pinged, too"),
    option("from", Form::text, "the domain of ours that is proved; the first one if absent")};
constexpr Argument handshakes[] = {optional_place("peer", "only with this domain or address"),
                                   option("limit", Form::number, "how many of the latest; 50 if absent")};
constexpr Argument handshake[] = {place("handshake", Form::text, "its id, such as h-17; or a peer: its latest")};
constexpr Argument failed_handshake[] = {
    place("handshake", Form::text, "its id, such as h-17; or a peer: its latest failure")};
constexpr Argument exported_peer[] = {
    place("peer", Form::text, "the other domain; or the id of one attempt, such as h-17")};
constexpr Argument checked[] = {place("domain", Form::text, "the domain to look at")};
constexpr Argument checked_from[] = {
    place("domain", Form::text, "the domain to look at"),
    option("from", Form::text, "the domain of ours that asks; the first one if absent")};

constexpr Argument alarms[] = {option("all", Form::flag, "those too that were lowered lately")};
constexpr Argument ack[] = {place("number", Form::number, "as `alarms` shows it"),
                            option("note", Form::text, "what is being done about it")};
constexpr Argument secret(std::string_view name, std::string_view help) {
    return {name, Form::secret, false, true, help};
}
constexpr Argument sql[] = {place("statement", Form::texts, "select … from, or a change of xmpps2snodes")};
constexpr Argument axl_user[] = {place("name", Form::text, "the user's name")};
constexpr Argument axl_password[] = {place("name", Form::text, "the user's name"), secret("password", "the password")};
constexpr Argument imp_server[] = {place("address", Form::text, "the IM&P publisher: host or host:port")};
constexpr Argument some_imp_server[] = {optional_place("address", "only this one; all of them if absent")};
constexpr Argument add_imp_server[] = {place("address", Form::text, "the IM&P publisher: host or host:port"),
                                       place("username", Form::text, "a user there who may use AXL"),
                                       secret("password", "that user's password"),
                                       option("no_tls_verify", Form::flag, "accept any certificate")};
constexpr Argument imp_password[] = {place("address", Form::text, "the IM&P publisher"),
                                     option("username", Form::text, "another user; the same if absent"),
                                     secret("password", "the new password")};
constexpr Argument user[] = {place("user", Form::text, "localpart@domain")};
constexpr Argument user_and_password[] = {place("user", Form::text, "localpart@domain"),
                                          secret("password", "the password")};
constexpr Argument requests[] = {place("user", Form::text, "localpart@domain"),
                                 option("from", Form::text, "only the request of this address; all if absent")};
constexpr Argument admin[] = {place("name", Form::text, "the account's name")};
constexpr Argument role_option{"role", Form::text, false, true, "administrator, operator or read-only"};
constexpr Argument add_admin[] = {place("name", Form::text, "the account's name"), role_option,
                                  secret("password", "the password")};
constexpr Argument admin_password[] = {place("name", Form::text, "the account's name"),
                                       secret("password", "the new password")};
constexpr Argument own_password[] = {option("name", Form::text, "the account's name; a session knows it"),
                                     secret("current", "the present password"),
                                     secret("password", "the new password"),
                                     {"code", Form::text, false, false,
                                      "of the authenticator, where the account has one and there is no session", true}};
constexpr Argument admin_role[] = {place("name", Form::text, "the account's name"),
                                   place("role", Form::text, "administrator, operator or read-only")};
constexpr Argument admin_totp[] = {place("name", Form::text, "the account's name"),
                                   option("off", Form::flag, "the password is enough from now on")};
constexpr Argument token[] = {place("name", Form::text, "the token's name")};
constexpr Argument add_token[] = {place("name", Form::text, "the token's name"),
                                  option("scope", Form::text, "read, operate or administer; read if absent"),
                                  option("verbs", Form::texts, "only these verbs, such as peers.list"),
                                  option("days", Form::number, "how long it is good, 3650 at most; 90 if absent")};
constexpr Argument session[] = {place("number", Form::number, "the session's number in the list")};
constexpr Argument audit[] = {option("limit", Form::number, "how many of the latest; 50 if absent"),
                              option("author", Form::text, "only of this one")};
constexpr Argument capture[] = {
    optional_place("name", "of the file; made of the time if absent"),
    option("interface", Form::text, "such as eth0; all of them if absent"),
    option("count", Form::number, "packets at most; a million if absent"),
    option("size", Form::number, "bytes of each packet that are kept; all if absent"),
    option("bytes", Form::number, "size of the file at most; 64 MiB if absent"),
    option("seconds", Form::number, "time at most; 600 if absent"),
    option("port", Form::number, "only this port of the node; all of its ports if absent"),
    option("host", Form::text, "only from or to this address"),
    option("src", Form::text, "only from this address"),
    option("dest", Form::text, "only to this address"),
    option("with_secrets", Form::flag, "with the secrets of TLS sessions that begin meanwhile: readers see all")};
constexpr Argument filed[] = {place("name", Form::text, "its name, as `list` shows it")};
constexpr Argument brought[] = {place("name", Form::text, "its name, as `list` shows it"),
                                optional_place("file", "where to; in the current folder if absent"),
                                option("offset", Form::number, "of a piece; the command line asks for all of them")};
constexpr Argument diag_start[] = {
    optional_place("name", "of the archive; made of the time if absent"),
    option("levels", Form::text, "modules that log more, such as s2s=debug,dns=debug; all=debug for every one"),
    option("capture", Form::flag, "with a capture of the node's ports"),
    option("with_secrets", Form::flag, "the capture holds the secrets of TLS sessions that begin meanwhile"),
    option("seconds", Form::number, "time at most; 1800 if absent")};
constexpr Argument marker[] = {place("text", Form::texts, "what is being tried")};
constexpr Argument utils_network[] = {place("words", Form::texts, "capture INTERFACE [file NAME] [count N] …")};

constexpr Verb rows[] = {
    {"status", "how the node is, and what is wrong with it", {}, run_status, Access::read, reads},
    {"alarms", "what stands on the board of alarms, and what mends it", alarms, run_alarms, Access::read, reads},
    {"peers.list", "the domains that we talk with, a line each", {}, run_peers_list, Access::read, reads},
    {"peers.show", "everything about one domain: streams, TLS, certificate, queue, errors", peer, run_peers_show,
     Access::read, reads},
    {"peers.ping", "asks a domain for a sign of life over the whole live path (XEP-0199)", ping, run_peers_ping,
     Access::operate},
    {"peers.close", "closes the streams with a domain", peer, run_peers_close, Access::operate},
    {"config.get", "settings and their values", get, run_config_get, Access::read, reads},
    {"config.set", "changes a setting; in force at once", set, run_config_set, Access::administer},
    {"config.history", "who changed what when, newest first", history, run_config_history, Access::read, reads},
    {"routes.list", "static routes: where to connect in place of DNS", {}, run_routes_list, Access::read, reads},
    {"routes.add", "adds addresses for a domain", add_route, run_routes_add, Access::administer},
    {"routes.remove", "removes the routes of a domain", remove_route, run_routes_remove, Access::administer},
    {"allow.list", "the allow list", {}, run_allow_list, Access::read, reads},
    {"allow.add", "puts names on the allow list", names, run_allow_add, Access::administer},
    {"allow.remove", "takes names off the allow list", names, run_allow_remove, Access::administer},
    {"deny.list", "the deny list", {}, run_deny_list, Access::read, reads},
    {"deny.add", "puts names on the deny list", names, run_deny_add, Access::administer},
    {"deny.remove", "takes names off the deny list", names, run_deny_remove, Access::administer},
    {"events", "the event log", events, run_events, Access::read, reads},
    {"log.levels", "how much each module logs, and what says so", {}, run_log_levels, Access::read, reads},
    {"log.level", "how much each module logs, or a change of it until the next start", level, run_log_level,
     Access::operate},
    {"why", "would a stanza pass, and if not, what stops it and where to change that", why, run_why, Access::read,
     reads},
    {"check.dns", "judges what DNS says about a domain", checked, run_check_dns, Access::operate},
    {"check.tls", "connects to a domain and judges its TLS and certificate", checked_from, run_check_tls,
     Access::operate},
    {"notifications", "presence node: what its administrator should know", {}, run_notifications, Access::read, reads},
    {"restart.router",
     "presence node: begins its router anew; sessions and clients stay",
     {},
     run_restart_router,
     Access::operate},
    {"run.sql", "a statement on the presence node's database", sql, run_run_sql, Access::administer},
    {"axl-users.list", "who may use AXL on the presence node", {}, run_axl_users_list, Access::read, reads},
    {"axl-users.add", "adds a user of AXL; the password comes from a file or standard input", axl_password,
     run_axl_users_add, Access::administer},
    {"axl-users.passwd", "gives a user of AXL a new password", axl_password, run_axl_users_passwd, Access::administer},
    {"axl-users.remove", "removes a user of AXL", axl_user, run_axl_users_remove, Access::administer},
    {"imp-servers.list",
     "the IM&P servers that the core tells about the edges, and how far that is",
     {},
     run_imp_servers_list,
     Access::read,
     reads},
    {"imp-servers.add", "adds an IM&P server; the password comes from a file or standard input", add_imp_server,
     run_imp_servers_add, Access::administer},
    {"imp-servers.remove", "forgets an IM&P server", imp_server, run_imp_servers_remove, Access::administer},
    {"imp-servers.refresh", "asks for the nodes of the cluster and compares its table again, at once", some_imp_server,
     run_imp_servers_refresh, Access::operate},
    {"imp-servers.passwd", "a new password for an IM&P server, in force at once", imp_password, run_imp_servers_passwd,
     Access::administer},
    {"users.list", "the accounts of this node", {}, run_users_list, Access::read, reads},
    {"users.show", "one account", user, run_users_show, Access::read, reads},
    {"users.add", "makes an account", user_and_password, run_users_add, Access::administer},
    {"users.passwd", "changes the password of an account; its clients have to log in again", user_and_password,
     run_users_passwd, Access::administer},
    {"users.remove", "removes an account with its contacts and what waits for it", user, run_users_remove,
     Access::administer},
    {"users.requests", "who asked to see a user's presence and waits for the answer", user, run_users_requests,
     Access::read, reads},
    {"users.forget-requests", "forgets such requests without an answer", requests, run_users_forget_requests,
     Access::operate},
    {"account.passwd", "one's own new password; the other sessions of the account end", own_password,
     run_account_passwd, Access::read},
    {"admins.list", "who may log in to the admin address", {}, run_admins_list, Access::administer, reads},
    {"admins.add", "makes an account; the password comes from a file or standard input", add_admin, run_admins_add,
     Access::administer},
    {"admins.passwd", "a new password for an account; its sessions end", admin_password, run_admins_passwd,
     Access::administer},
    {"admins.role", "gives an account another role; its sessions end", admin_role, run_admins_role, Access::administer},
    {"admins.totp", "asks an account for codes of an authenticator too; shows the secret once", admin_totp,
     run_admins_totp, Access::administer},
    {"admins.remove", "removes an account; its sessions end", admin, run_admins_remove, Access::administer},
    {"tokens.list", "what scripts show to be let in", {}, run_tokens_list, Access::administer, reads},
    {"tokens.add", "makes a token and shows it once", add_token, run_tokens_add, Access::administer},
    {"tokens.remove", "removes a token; what shows it is refused at once", token, run_tokens_remove,
     Access::administer},
    {"sessions.list", "who is logged in", {}, run_sessions_list, Access::administer, reads},
    {"sessions.close", "ends a session", session, run_sessions_close, Access::administer},
    {"audit", "who changed or asked what when, newest first", audit, run_audit, Access::administer, reads},
    {"reload", "reads certificates and the node's file again", {}, run_reload, Access::operate},
    {"alarms.ack", "notes that somebody knows of an alarm; it stands on", ack, run_alarms_ack, Access::operate},
    {"capture.list", "captures of packets: the one under way, and files", {}, run_capture_list, Access::read, reads},
    {"capture.start", "captures packets of the node's own ports into a file", capture, run_capture_start},
    {"capture.stop", "ends the capture under way", {}, run_capture_stop},
    {"capture.get", "brings the file of a capture", brought, run_capture_get},
    {"capture.remove", "removes the file of a capture", filed, run_capture_remove},
    {"diag.list", "the diagnosis under way, and archives", {}, run_diag_list, Access::read, reads},
    {"diag.start", "begins a diagnostic log, which ends by itself", diag_start, run_diag_start},
    {"diag.marker", "writes a mark into the diagnostic log", marker, run_diag_marker, Access::operate},
    {"diag.stop", "ends the diagnostic log", {}, run_diag_stop, Access::operate},
    {"diag.collect", "makes one archive of it: logs, settings without secrets, status, capture", {}, run_diag_collect},
    {"diag.get", "brings an archive", brought, run_diag_get},
    {"diag.remove", "removes an archive", filed, run_diag_remove},
    {"utils.network", "capture INTERFACE file NAME count N size all: captures until Ctrl-C", utils_network,
     run_utils_network},
    {"handshakes.list", "attempts of streams with other domains, newest first", handshakes, run_handshakes_list,
     Access::read, reads},
    {"handshakes.show", "one attempt, step by step", handshake, run_handshakes_show, Access::read, reads},
    {"handshakes.diff", "a failed attempt as the difference from the last good one", failed_handshake,
     run_handshakes_diff, Access::read, reads},
    {"handshakes.export", "all attempts with a domain, or one of them, as one JSON file for its administrator",
     exported_peer, run_handshakes_export, Access::read, reads},
    {"check.certs", "our certificates and those of peers: time, names", maybe_checked, run_check_certs,
     Access::operate},
    {"check.dialback", "shows keys of ours to our own servers as another domain would", dialback_checked,
     run_check_dialback, Access::operate},
    {"check.axl", "core: asks the IM&P servers, and judges their tables", {}, run_check_axl, Access::operate},
    {"check.link", "router links, their certificates, and what waits for them", {}, run_check_link, Access::operate},
    {"check.all", "all of these, the gravest first", dialback_checked, run_check_all, Access::operate},
    {"metrics", "the node's numbers as OpenMetrics text", {}, run_metrics, Access::read, reads},
};

}  // namespace

std::span<const Verb> verbs() { return rows; }

const Verb* first_verb(std::string_view group) {
    const auto in_group = [group](const Verb& verb) {
        return verb.name.size() > group.size() && verb.name.starts_with(group) && verb.name[group.size()] == '.';
    };
    const auto at = std::find_if(std::begin(rows), std::end(rows), in_group);
    if (at == std::end(rows)) return nullptr;
    const bool needs = std::any_of(at->arguments.begin(), at->arguments.end(),
                                   [](const Argument& argument) { return argument.required; });
    return needs ? nullptr : &*at;
}

const Verb* find_verb(std::string_view name) {
    const auto at =
        std::find_if(std::begin(rows), std::end(rows), [name](const Verb& verb) { return verb.name == name; });
    return at == std::end(rows) ? nullptr : &*at;
}

}  // namespace sallyport::admin
