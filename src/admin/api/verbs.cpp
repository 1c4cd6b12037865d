// The table of verbs. A new verb is a handler and a row here; docs/manual/cli.md says what it shows.
#include "admin/api/verbs.h"

#include <algorithm>

#include "admin/api/verb_handlers.h"

namespace sallyport::admin {

namespace {

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
                            place("value", Form::text, "its new value; lists and tables as JSON")};
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
constexpr Argument events[] = {option("follow", Form::flag, "go on with what happens from now on"),
                               option("limit", Form::number, "how many of the latest; 50 if absent"),
                               option("after", Form::number, "only those after this number"),
                               option("module", Form::text, "only of this log module"),
                               option("level", Form::text, "only of this level or a more severe one"),
                               option("peer", Form::text, "only those that name this domain or address")};
constexpr Argument level[] = {place("module", Form::text, "a log module, or all"),
                              place("level", Form::text, "trace, debug, info, warn, error or off")};
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
constexpr Argument exported_peer[] = {place("peer", Form::text, "the other domain")};
constexpr Argument checked[] = {place("domain", Form::text, "the domain to look at")};
constexpr Argument checked_from[] = {
    place("domain", Form::text, "the domain to look at"),
    option("from", Form::text, "the domain of ours that asks; the first one if absent")};

constexpr Argument alarms[] = {option("all", Form::flag, "those too that were lowered lately")};
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
constexpr Argument user_and_password[] = {
    place("user", Form::text, "localpart@domain"),
    secret("password", "the password")};

constexpr Verb rows[] = {
    {"status", "how the node is, and what is wrong with it", {}, run_status},
    {"alarms", "what stands on the board of alarms, and what mends it", alarms, run_alarms},
    {"peers.list", "the domains that we talk with, a line each", {}, run_peers_list},
    {"peers.show", "everything about one domain: streams, TLS, certificate, queue, errors", peer, run_peers_show},
    {"peers.ping", "asks a domain for a sign of life over the whole live path (XEP-0199)", ping, run_peers_ping},
    {"peers.close", "closes the streams with a domain", peer, run_peers_close},
    {"config.get", "settings and their values", get, run_config_get},
    {"config.set", "changes a setting; in force at once", set, run_config_set},
    {"config.history", "who changed what when, newest first", history, run_config_history},
    {"routes.list", "static routes: where to connect in place of DNS", {}, run_routes_list},
    {"routes.add", "adds addresses for a domain", add_route, run_routes_add},
    {"routes.remove", "removes the routes of a domain", remove_route, run_routes_remove},
    {"allow.list", "the allow list", {}, run_allow_list},
    {"allow.add", "puts names on the allow list", names, run_allow_add},
    {"allow.remove", "takes names off the allow list", names, run_allow_remove},
    {"deny.list", "the deny list", {}, run_deny_list},
    {"deny.add", "puts names on the deny list", names, run_deny_add},
    {"deny.remove", "takes names off the deny list", names, run_deny_remove},
    {"events", "the event log", events, run_events},
    {"log.level", "how much a module logs, until the next start", level, run_log_level},
    {"why", "would a stanza pass, and if not, what stops it and where to change that", why, run_why},
    {"check.dns", "judges what DNS says about a domain", checked, run_check_dns},
    {"check.tls", "connects to a domain and judges its TLS and certificate", checked_from, run_check_tls},
    {"notifications", "presence node: what its administrator should know", {}, run_notifications},
    {"restart.router", "presence node: begins its router anew; sessions and clients stay", {}, run_restart_router},
    {"run.sql", "a statement on the presence node's database", sql, run_run_sql},
    {"axl-users.list", "who may use AXL on the presence node", {}, run_axl_users_list},
    {"axl-users.add", "adds a user of AXL; the password comes from a file or standard input", axl_password,
     run_axl_users_add},
    {"axl-users.passwd", "gives a user of AXL a new password", axl_password, run_axl_users_passwd},
    {"axl-users.remove", "removes a user of AXL", axl_user, run_axl_users_remove},
    {"imp-servers.list",
     "the IM&P servers that the core tells about the edges, and how far that is",
     {},
     run_imp_servers_list},
    {"imp-servers.add", "adds an IM&P server; the password comes from a file or standard input", add_imp_server,
     run_imp_servers_add},
    {"imp-servers.remove", "forgets an IM&P server", imp_server, run_imp_servers_remove},
    {"imp-servers.refresh", "asks for the nodes of the cluster and compares its table again, at once", some_imp_server,
     run_imp_servers_refresh},
    {"imp-servers.passwd", "a new password for an IM&P server, in force at once", imp_password, run_imp_servers_passwd},
    {"users.list", "the accounts of this node", {}, run_users_list},
    {"users.show", "one account", user, run_users_show},
    {"users.add", "makes an account", user_and_password, run_users_add},
    {"users.passwd", "changes the password of an account; its clients have to log in again", user_and_password,
     run_users_passwd},
    {"users.remove", "removes an account with its contacts and what waits for it", user, run_users_remove},
    {"reload", "reads certificates and the node's file again", {}, run_reload},
    {"handshakes.list", "attempts of streams with other domains, newest first", handshakes, run_handshakes_list},
    {"handshakes.show", "one attempt, step by step", handshake, run_handshakes_show},
    {"handshakes.diff", "a failed attempt as the difference from the last good one", failed_handshake,
     run_handshakes_diff},
    {"handshakes.export", "all attempts with a domain as one JSON file for its administrator", exported_peer,
     run_handshakes_export},
    {"check.certs", "our certificates and those of peers: time, names", maybe_checked, run_check_certs},
    {"check.dialback", "shows keys of ours to our own servers as another domain would", dialback_checked,
     run_check_dialback},
    {"check.axl", "core: asks the IM&P servers, and judges their tables", {}, run_check_axl},
    {"check.link", "router links, their certificates, and what waits for them", {}, run_check_link},
    {"check.all", "all of these, the gravest first", dialback_checked, run_check_all},
    {"metrics", "the node's numbers as OpenMetrics text", {}, run_metrics},
};

}  // namespace

std::span<const Verb> verbs() { return rows; }

const Verb* find_verb(std::string_view name) {
    const auto at =
        std::find_if(std::begin(rows), std::end(rows), [name](const Verb& verb) { return verb.name == name; });
    return at == std::end(rows) ? nullptr : &*at;
}

}  // namespace sallyport::admin
