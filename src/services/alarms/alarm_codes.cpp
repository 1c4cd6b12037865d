// The rows.
#include "services/alarms/alarm_codes.h"

#include <algorithm>

namespace sallyport::services {

namespace {

using enum AlarmCode;
using enum AlarmSeverity;

constexpr AlarmRow rows[] = {
    {ssh_down, "ssh.down", warning, "the provisioning connection to {key} is down",
     "check that the edge is running and that the firewall allows TCP 2222 from the core to the edge; until then "
     "changes of settings do not reach the other node, and links and streams do not need it"},
    {ssh_host_key, "ssh.host_key", error, "the node at {key} presents another SSH host key than the one configured",
     "find out why; if the edge was given a new key, put its public key in host_key of [[ssh.dial]]"},
    {ssh_listen, "ssh.listen", error, "the node cannot listen on {key} for provisioning",
     "see the detail; correct [ssh] in the node's file or free the address, then restart the node"},
    {replication_refused, "replication.refused", error,
     "settings from {key} were refused; the previous ones stay in force",
     "see the detail; change the value on the node that owns it"},
    {replication_refused_there, "replication.refused_there", error, "{key} refuses our settings",
     "see the detail and the log of that node; run the same release on both nodes, or change the value"},
    {replication_differs, "replication.differs", warning, "{key} has different settings from the first edge",
     "set the same values on every edge; this core uses those of the edge in the first [[ssh.dial]]"},
    {replication_store, "replication.store", error,
     "settings from {key} cannot be stored; the previous ones stay in force",
     "see the detail: free disk space, or repair the database in the data folder; the node retries"},
    {far_alarm, "far.alarm", warning, "an alarm of another node: {key}",
     "`sallyport alarms` on that node shows the remedy"},
    {axl_refused, "axl.refused", error, "the IM&P server {key} refuses the user or the password",
     "set the right password with `sallyport imp-servers passwd {key}`, which tries it at once; the user needs AXL API "
     "access"},
    {axl_down, "axl.down", warning, "the IM&P server {key} cannot be provisioned",
     "see the detail; check the server, its AXL service and its certificate, then `imp-servers refresh`"},
    {presence_store, "presence.store", error, "the database of the presence node fails: {key}",
     "free disk space, end the process that locks it, or restore it; what was loaded before stays in force"},
    {alarms_full, "alarms.full", warning, "more alarms are active than can be kept",
     "remove the causes of those that are active"},
    {log_verbose, "log.verbose", warning, "the log module {key} is verbose: this fills the disk and slows the node",
     "`log level {key} info`, or stop the diagnostic log that set it; `log level {key} debug --for 600` ends by "
     "itself"},
    {log_syslog, "log.syslog", warning, "log lines cannot be sent to {key}",
     "see the detail; check the receiver, the network and [log] syslog in the node's file"},
    {log_stuck, "log.stuck", warning, "log lines are lost: {key}",
     "check what reads the node's standard error (the journal, a container's log driver) and its disk; traffic is not "
     "affected, and `events` still has the noteworthy events"},
    {events_store, "events.store", warning, "the event log cannot be stored: {key}",
     "free disk space, or repair events.db in the data folder; meanwhile the latest events are kept in memory"},
    {settings_store, "settings.store", error, "settings cannot be changed: {key}",
     "see the detail: free disk space, mount the disk for writing, or repair the database in the data folder; the "
     "settings in force stay as they are, and the node retries"},
    {disk_low, "disk.low", error, "the disk of {key} is almost full",
     "free disk space: `capture list`, `diag list`, logs; when it is full, settings cannot be changed"},
    {capture_secrets, "capture.secrets", warning, "the capture {key} holds secrets of TLS sessions",
     "`capture remove {key}` when you are done with it: whoever has the file can read every message in it"},
    {certificate_expiring, "certificate.expiring", warning, "the certificate for {key} expires within 30 days",
     "renew it, then `sallyport reload`"},
    {certificate_expiring_soon, "certificate.expiring_soon", error, "the certificate for {key} expires within 7 days",
     "renew it, then `sallyport reload`; when it has expired, those who verify it refuse it"},
    {certificate_expired, "certificate.expired", error, "the certificate for {key} has expired",
     "renew it, then `sallyport reload`; those who verify it refuse it"},
    {peer_certificate_expiring, "peer.certificate_expiring", warning, "the certificate of {key} expires soon",
     "tell the peer's administrator; when it has expired, streams fail or fall back to dialback"},
    {peer_certificate_expired, "peer.certificate_expired", warning, "the certificate of {key} has expired",
     "tell the peer's administrator; streams that rest on the certificate are closed, others go on, and new ones fail "
     "or fall back to dialback"},
    {link_down, "link.down", error, "the link to {key} is down",
     "start that node, allow TCP 7400 from the core to it in the firewall, and compare the certificates and the "
     "secrets of "
     "the link on both nodes"},
    {router_restart, "router.restart", warning, "the router has not loaded all of its configuration: {key}",
     "`sallyport restart router` on this node"},
    {clock_jumped, "clock.jumped", warning, "the clock of {key} jumped",
     "find out what set the clock of this host; times in logs and histories before and after the jump do not compare"},
    {clock_unsynchronised, "clock.unsynchronised", warning, "the clock of {key} is not synchronised",
     "start a time service on the host (systemd-timesyncd, chrony) and check that it reaches its servers"},
    {clock_skew, "clock.skew", warning, "the clock of {key} differs from ours",
     "find out which host is wrong, and synchronise both with a time service; each node checks certificates "
     "against its own clock",
     true},
    {certificate_replaced, "certificate.replaced", warning,
     "the certificate in use for {key} is not the one in its file", "`sallyport reload` uses the one in the file"},
    {link_stanza, "link.stanza", error, "a stanza closed the link to {key} repeatedly and was returned",
     "see the detail and report it; the two nodes may have different versions or limits"},
    {link_copy, "link.copy", error, "two running nodes have the name and key of {key}",
     "stop one of them: a copy of the host, or a second start with the same files; if both are to run, `sallyport "
     "init` gives each a name and a certificate of its own"},
    {certificate_not_yet, "certificate.not_yet", error, "the certificate for {key} is not valid yet",
     "check whether the clock of this host is wrong, or was when the certificate was made; if it is right now, replace "
     "the certificate, then `reload`"},
    {inside_authority, "inside.authority", error, "internal servers accept no certificate of the authority in {key}",
     "set the clock; then remove inside-ca.pem and inside-ca.key there, restart, and install the new inside-ca.pem on "
     "the internal servers"},
    {admin_store, "admin.store", error, "accounts, tokens and the audit cannot be stored: {key}",
     "see the detail: free disk space, mount the disk for writing, or repair admin.db in the data folder; who could "
     "sign "
     "in before still can, and the node retries"},
    {admin_socket, "admin.socket", error, "the admin socket {key} cannot be made: commands on this host find no node",
     "see the detail: mount the disk for writing, or free disk space; the node retries, and the admin address answers "
     "meanwhile"},
    {clock_wrong, "clock.wrong", error, "the clock of {key} is wrong",
     "set it, and check that a time service keeps it right (systemd-timesyncd, chrony): until then no certificate is "
     "accepted"},
    {chain_failed, "chain.failed", error, "a step of provisioning failed: {key}",
     "see the provisioning chain in `sallyport status`"},
    {dns_down, "dns.down", error, "DNS gives no answer about {key}",
     "check [dns] servers in the node's file, or the host's resolver, and that the firewall allows port 53 to it: open "
     "streams go on, peers whose names are cached are reached until those expire, others are not"},
    {disk_read_only, "disk.read_only", error, "the disk of {key} is mounted read-only",
     "mount it for writing, and see the kernel's log for an error of the disk: until then settings cannot be changed, "
     "and what happens is kept in memory only"},
    {history_store, "history.store", warning, "the history cannot be stored: {key}",
     "see the detail: free disk space, mount the disk for writing, or repair the file; the latest figures are kept in "
     "memory, and the node retries"},
    {inside_down, "inside.down", error, "the internal server of {key} cannot be reached",
     "start it, or correct its address in [[inside.server]]; test with `sallyport check tls {key}`"},
};

constexpr bool in_order() {
    for (std::size_t i = 0; i < std::size(rows); ++i) {
        if (rows[i].code != static_cast<AlarmCode>(i)) return false;
    }
    return std::size(rows) == static_cast<std::size_t>(count_);
}
static_assert(in_order(), "a row for each enumerator, in their order");

}  // namespace

std::span<const AlarmRow> alarm_rows() { return rows; }

const AlarmRow& alarm_row(AlarmCode code) { return rows[static_cast<std::size_t>(code)]; }

const AlarmRow* find_alarm_row(std::string_view name) {
    const auto at =
        std::find_if(std::begin(rows), std::end(rows), [&](const AlarmRow& row) { return row.name == name; });
    return at == std::end(rows) ? nullptr : at;
}

std::string_view text(AlarmSeverity severity) { return severity == warning ? "warning" : "error"; }

std::optional<AlarmSeverity> alarm_severity(std::string_view word) {
    for (const AlarmSeverity severity : {warning, error}) {
        if (word == text(severity)) return severity;
    }
    return std::nullopt;
}

}  // namespace sallyport::services
