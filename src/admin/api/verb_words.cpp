// Two tables.
#include "admin/api/verb_words.h"

#include <algorithm>

namespace sallyport::admin {

namespace {

constexpr VerbExample example_rows[] = {
    {"status", "status --check"},
    {"alarms", "alarms --all"},
    {"alarms.ack", "alarms ack 3 --note \"the new certificate is ordered\""},
    {"peers.list", "peers list"},
    {"peers.show", "peers show partner.example"},
    {"peers.ping", "peers ping partner.example --from example.org"},
    {"peers.close", "peers close partner.example"},
    {"peers.trace", "peers trace partner.example --for 60"},
    {"config.get", "config get federation.allow_list"},
    {"config.set", "config set federation.domains example.org,rooms.example.org"},
    {"config.history", "config history federation.enabled --limit 10"},
    {"allow.list", "allow list"},
    {"allow.add", "allow add partner.example \"*.partner.example\""},
    {"allow.remove", "allow remove partner.example"},
    {"deny.list", "deny list"},
    {"deny.add", "deny add spam.example"},
    {"deny.remove", "deny remove spam.example"},
    {"routes.list", "routes list"},
    {"routes.add", "routes add partner.example xmpp.partner.example:5269 --priority 10"},
    {"routes.remove", "routes remove partner.example"},
    {"events", "events --peer partner.example --level warn --since 2h"},
    {"log.levels", "log levels"},
    {"log.level", "log level s2s debug --for 600"},
    {"users.list", "users list"},
    {"users.show", "users show anna@example.org"},
    {"users.add", "users add anna@example.org"},
    {"users.passwd", "users passwd anna@example.org --password-file anna.txt"},
    {"users.remove", "users remove anna@example.org"},
    {"users.requests", "users requests anna@example.org"},
    {"users.forget-requests", "users forget-requests anna@example.org --from bob@partner.example"},
    {"account.passwd", "account passwd --name anna"},
    {"admins.list", "admins list"},
    {"admins.add", "admins add anna --role operator"},
    {"admins.passwd", "admins passwd anna"},
    {"admins.role", "admins role anna administrator"},
    {"admins.totp", "admins totp anna"},
    {"admins.remove", "admins remove anna"},
    {"tokens.list", "tokens list"},
    {"tokens.add", "tokens add monitoring --scope read --days 365 --verbs status alarms"},
    {"tokens.remove", "tokens remove monitoring"},
    {"sessions.list", "sessions list"},
    {"sessions.close", "sessions close 4"},
    {"audit", "audit --author anna --limit 20"},
    {"why", "why anna@example.org bob@partner.example"},
    {"handshakes.list", "handshakes list partner.example"},
    {"handshakes.show", "handshakes show h-17"},
    {"handshakes.diff", "handshakes diff partner.example"},
    {"handshakes.export", "handshakes export partner.example"},
    {"check.dns", "check dns partner.example"},
    {"check.tls", "check tls partner.example"},
    {"reload", "reload"},
    {"check.certs", "check certs partner.example"},
    {"check.dialback", "check dialback --from example.org"},
    {"check.axl", "check axl"},
    {"check.link", "check link"},
    {"check.all", "check all partner.example"},
    {"metrics", "metrics"},
    {"history", "history partner.example --range 3d"},
    {"diag.list", "diag list"},
    {"diag.start", "diag start slow-mails --levels s2s=debug,dns=debug --capture --seconds 600"},
    {"diag.marker", "diag marker anna writes to bob now"},
    {"diag.stop", "diag stop"},
    {"diag.collect", "diag collect"},
    {"diag.get", "diag get slow-mails"},
    {"diag.remove", "diag remove slow-mails"},
    {"capture.list", "capture list"},
    {"capture.start", "capture start handshake --host 192.0.2.7 --seconds 60"},
    {"capture.stop", "capture stop"},
    {"capture.get", "capture get handshake"},
    {"capture.remove", "capture remove handshake"},
    {"utils.network", "utils network capture eth0 file handshake count 1000 size all"},
    {"notifications", "notifications"},
    {"restart.router", "restart router"},
    {"run.sql", "run sql \"select * from xmpps2snodes\""},
    {"axl-users.list", "axl-users list"},
    {"axl-users.add", "axl-users add axluser"},
    {"axl-users.passwd", "axl-users passwd axluser"},
    {"axl-users.remove", "axl-users remove axluser"},
    {"imp-servers.list", "imp-servers list"},
    {"imp-servers.add", "imp-servers add imp1.example.org axluser"},
    {"imp-servers.remove", "imp-servers remove imp1.example.org"},
    {"imp-servers.refresh", "imp-servers refresh"},
    {"imp-servers.passwd", "imp-servers passwd imp1.example.org"},
    {"imp-servers.edit", "imp-servers edit imp1.example.org --tls-verify off"},
    {"complete", "complete peers"},
};

constexpr std::string_view switch_words = "on off";
constexpr std::string_view role_words = "administrator operator read-only";

constexpr ArgumentValues value_rows[] = {
    {"alarms.ack", "number", "<alarms>"},
    {"peers.show", "domain", "<peers>"},
    {"peers.ping", "domain", "<peers>"},
    {"peers.ping", "from", "<domains>"},
    {"peers.close", "domain", "<peers>"},
    {"peers.trace", "domain", "<peers>"},
    {"config.get", "name", "<settings>"},
    {"config.set", "name", "<settings>"},
    {"config.set", "value", "<setting-values>"},
    {"config.history", "name", "<settings>"},
    {"allow.remove", "domain", "<allow>"},
    {"deny.remove", "domain", "<deny>"},
    {"routes.add", "domain", "<peers>"},
    {"routes.remove", "domain", "<routes>"},
    {"events", "module", "<modules>"},
    {"events", "level", "trace debug info warn error"},
    {"events", "peer", "<peers>"},
    {"log.level", "module", "<modules>"},
    {"log.level", "level", "trace debug info warn error off reset"},
    {"users.show", "user", "<users>"},
    {"users.passwd", "user", "<users>"},
    {"users.remove", "user", "<users>"},
    {"users.requests", "user", "<users>"},
    {"users.forget-requests", "user", "<users>"},
    {"account.passwd", "name", "<accounts>"},
    {"admins.add", "role", role_words},
    {"admins.passwd", "name", "<accounts>"},
    {"admins.role", "name", "<accounts>"},
    {"admins.role", "role", role_words},
    {"admins.totp", "name", "<accounts>"},
    {"admins.remove", "name", "<accounts>"},
    {"tokens.add", "scope", "read operate administer"},
    {"tokens.add", "verbs", "<verbs>"},
    {"tokens.remove", "name", "<tokens>"},
    {"audit", "author", "<accounts>"},
    {"why", "from", "<domains>"},
    {"why", "to", "<peers>"},
    {"handshakes.list", "peer", "<peers>"},
    {"handshakes.show", "handshake", "<peers>"},
    {"handshakes.diff", "handshake", "<peers>"},
    {"handshakes.export", "peer", "<peers>"},
    {"check.dns", "domain", "<peers>"},
    {"check.tls", "domain", "<peers>"},
    {"check.tls", "from", "<domains>"},
    {"check.certs", "domain", "<peers>"},
    {"check.dialback", "domain", "<peers>"},
    {"check.dialback", "from", "<domains>"},
    {"check.all", "domain", "<peers>"},
    {"check.all", "from", "<domains>"},
    {"diag.get", "name", "<archives>"},
    {"diag.get", "file", "<file>"},
    {"diag.remove", "name", "<archives>"},
    {"capture.get", "name", "<captures>"},
    {"capture.get", "file", "<file>"},
    {"capture.remove", "name", "<captures>"},
    {"axl-users.passwd", "name", "<axl-users>"},
    {"axl-users.remove", "name", "<axl-users>"},
    {"imp-servers.remove", "address", "<imp-servers>"},
    {"imp-servers.refresh", "address", "<imp-servers>"},
    {"imp-servers.passwd", "address", "<imp-servers>"},
    {"imp-servers.passwd", "tls_verify", switch_words},
    {"imp-servers.edit", "address", "<imp-servers>"},
    {"imp-servers.edit", "tls_verify", switch_words},
};

}  // namespace

std::span<const VerbExample> verb_examples() { return example_rows; }

std::string_view example_of(std::string_view verb) {
    const auto* const row = std::ranges::find(example_rows, verb, &VerbExample::verb);
    return row == std::end(example_rows) ? std::string_view{} : row->line;
}

std::span<const ArgumentValues> argument_values() { return value_rows; }

std::string_view values_of(std::string_view verb, std::string_view argument) {
    const auto* const row = std::ranges::find_if(
        value_rows, [&](const ArgumentValues& one) { return one.verb == verb && one.argument == argument; });
    return row == std::end(value_rows) ? std::string_view{} : row->values;
}

}  // namespace sallyport::admin
