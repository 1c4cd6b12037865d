// The rows.
#include "services/alarms/alarm_codes.h"

namespace sallyport::services {

namespace {

using enum AlarmCode;
using enum AlarmSeverity;

constexpr AlarmRow rows[] = {
    {ssh_down, "ssh.down", warning, "the provisioning connection to {key} is down",
     "let the firewall pass TCP 2222 from the core to the edge, and see that the edge runs; settings of one side do "
     "not "
     "reach the other until it is back, traffic goes on"},
    {ssh_host_key, "ssh.host_key", error, "the node at {key} shows another host key than the one that is pinned",
     "find out whether the edge got a new key; only then put its public key in host_key of [[ssh.dial]]"},
    {ssh_listen, "ssh.listen", error, "nobody can connect to {key} for provisioning",
     "see the detail; mend [ssh] in the node's file or free the address, then restart"},
    {replication_refused, "replication.refused", error, "settings from {key} were refused; the last good ones stay",
     "see the detail; change the value on the side that owns it"},
    {replication_refused_there, "replication.refused_there", error, "{key} does not take our settings over",
     "see the detail and the log of that node; bring both nodes to the same release, or change the value"},
    {replication_differs, "replication.differs", warning, "{key} has other settings than the first edge",
     "set the same values on every edge; this core follows the edge of the first [[ssh.dial]]"},
    {replication_store, "replication.store", error, "settings from {key} cannot be stored; the last good ones stay",
     "see the detail: free the disk, or mend the database in the data folder; it is tried again"},
    {far_alarm, "far.alarm", warning, "an alarm of another node: {key}", "sallyport alarms on that node has its cure"},
    {axl_refused, "axl.refused", error, "the IM&P server {key} refuses the user that is to provision it",
     "give the right password with `imp-servers passwd`, then `imp-servers refresh`; the user needs AXL API access"},
    {axl_down, "axl.down", warning, "the IM&P server {key} cannot be told where messages to other domains go",
     "see the detail; check the server, its AXL service and its certificate, then `imp-servers refresh`"},
    {presence_store, "presence.store", error, "the database of the presence node does not work: {key}",
     "free the disk, end the process that holds it, or restore it; what was loaded before stays in force"},
    {alarms_full, "alarms.full", warning, "more alarms stand than the board holds", "lower those that stand"},
    {log_verbose, "log.verbose", warning, "the log module {key} is verbose, which fills disks and slows the node",
     "`log level {key} info`, or end the diagnosis that raised it; `log level {key} debug --for 600` ends by itself"},
    {log_syslog, "log.syslog", warning, "events cannot be sent to {key}",
     "see the detail; check that receiver and the way to it, and [log] syslog in the node's file"},
    {log_stuck, "log.stuck", warning, "lines of the log are lost: {key}",
     "see what reads the standard error of the node (the journal, a container's log driver) and its disk; traffic goes "
     "on, and `events` still has what matters"},
    {events_store, "events.store", warning, "the event log cannot be kept on disk: {key}",
     "free the disk, or mend events.db in the data folder; the latest events stay in memory meanwhile"},
    {settings_store, "settings.store", error, "settings cannot be changed: {key}",
     "mend the database in the data folder; traffic goes on with the last good settings"},
    {disk_low, "disk.low", error, "the disk of {key} is almost full",
     "free space there: `capture list`, `diag list`, logs; settings cannot be changed once it is full"},
    {capture_secrets, "capture.secrets", warning, "the capture {key} holds secrets of TLS sessions",
     "`capture remove {key}` once it has been looked at: who has it reads every message in it"},
    {certificate_expiring, "certificate.expiring", warning, "the certificate for {key} expires within 30 days",
     "put a new one in its place, then `reload`"},
    {certificate_expiring_soon, "certificate.expiring_soon", error, "the certificate for {key} expires within 7 days",
     "put a new one in its place, then `reload`; others refuse us once it has expired"},
    {certificate_expired, "certificate.expired", error, "the certificate for {key} has expired",
     "put a new one in its place, then `reload`"},
    {peer_certificate_expiring, "peer.certificate_expiring", warning, "the certificate of {key} expires soon",
     "tell its operator; streams fail, or fall back to dialback, once it has expired"},
    {peer_certificate_expired, "peer.certificate_expired", warning, "the certificate of {key} has expired",
     "tell its operator; a stream that stands goes on, new ones may fail"},
    {link_down, "link.down", error, "there is no link with {key}",
     "see the detail; check that node, the way to it, the certificates and [link] secret on both sides"},
    {router_restart, "router.restart", warning, "the router works with less than what is configured: {key}",
     "`restart router` on this node"},
    {clock_jumped, "clock.jumped", warning, "the clock of {key} leapt",
     "see what sets the clock of this host: times in logs, certificates and histories are of two clocks"},
    {clock_unsynchronised, "clock.unsynchronised", warning, "nothing keeps the clock of {key} right",
     "start a time service on the host (systemd-timesyncd, chrony) and see that it reaches its servers"},
    {clock_skew, "clock.skew", warning, "the clock of {key} is not ours",
     "see which of the two hosts is wrong, and that both follow a time service; certificates are judged by both "
     "clocks"},
    {certificate_replaced, "certificate.replaced", warning, "the certificate for {key} is not the one in its file",
     "`reload` puts the one in the file to use"},
    {link_stanza, "link.stanza", error, "a stanza ended the link to {key} again and again, and was returned",
     "see the detail; the two nodes may be of different versions or have different limits: report it"},
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

std::string_view text(AlarmSeverity severity) { return severity == warning ? "warning" : "error"; }

}  // namespace sallyport::services
