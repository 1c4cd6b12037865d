// The rows.
#include "admin/judge/finding_rows.h"

#include <iterator>

#include "proto/link/node_news.h"

namespace sallyport::admin {

namespace {

using enum diag::Grade;

constexpr FindingRow finding_table[] = {
    {Says::no_account, "account.none", warning, "nobody can sign in to the admin address: there is no account",
     "on this host: sallyport admins add NAME --role administrator"},
    {Says::federation_off, "federation.off", bad, "federation is off", "sallyport config set federation.enabled true"},
    {Says::no_domain, "domains.none", bad, "no domain of ours federates",
     "sallyport config set federation.domains example.org"},
    {Says::allow_list_empty, "allow_list.empty", warning, "the allow list is empty, so no domain can federate",
     "sallyport allow add example.net, or sallyport config set federation.privacy_mode off"},
    {Says::certificate_good, "certificate.good", good,
     "the certificate for {use} ({file}) is valid for {days} {days|day|days}", ""},
    {Says::covered, "certificate.covers", good, "a certificate covers {domain}", ""},
    {Says::not_covered, "certificate.covers_not", warning, "no certificate covers {domain}",
     "add a [[tls.identity]] for it in {file}; strict peers refuse the domain until then"},
    {Says::link_resuming, "link.resuming", warning, "the link to {node} is down and waits to be resumed",
     "check the far node and the network"},
    {Says::link_up, "link.up", good, "the link to the {role} {node} is up ({tls}, serves {domains})", ""},
    {Says::link_up_idle, "link.up_idle", good, "the link to the {role} {node} is up ({tls}, serves nothing)", ""},
    {Says::link_one_down, "link.one_down", warning, "one of the links to {node} is down: {why} ({address})",
     "check that addresses, certificates and the secret of the link agree on both nodes"},
    {Says::no_edge_dialled, "link.no_edge", bad, "this core dials no edge",
     "name the edges in [[link.dial]] of {file}"},
    {Says::held_for_link, "link.held", warning, "{n} {n|stanza is|stanzas are} held for a link that is down",
     "`sallyport check link` shows which and why"},
    {Says::peer_unreachable, "peer.unreachable", warning, "{domain} cannot be reached: {why}",
     "sallyport peers show {domain}"},
    {Says::more_unreachable, "peer.unreachable_more", warning, "{n} {n|more domain|more domains} cannot be reached",
     "sallyport peers list"},
    {Says::peer_stalled, "peer.stalled", warning,
     "{domain} has made no progress for {seconds} s: {unacknowledged} {unacknowledged|stanza is|stanzas are} "
     "unacknowledged, {queued} {queued|is|are} queued",
     "sallyport peers show {domain}; the node closes the stream by itself"},
    {Says::more_stalled, "peer.stalled_more", warning, "{n} {n|more domain makes|more domains make} no progress",
     "sallyport peers list"},
    {Says::peer_slow, "peer.slow", warning,
     "{n} {n|stanza|stanzas} ({kib} KiB) to {domain} {n|is|are} unacknowledged, the domain is slow",
     "sallyport peers show {domain} on the node with its stream; other domains are not affected"},
    {Says::peer_slow_refused, "peer.slow_refused", warning,
     "{n} {n|stanza|stanzas} ({kib} KiB) to {domain} {n|is|are} unacknowledged, the domain is slow; {refused} "
     "{refused|was|were} refused, its budget is used up",
     "sallyport peers show {domain} on the node with its stream; other domains are not affected"},
    {Says::router_obstacle, "router.obstacle", bad, "other domains cannot be reached: {why}", ""},
    {Says::router_table, "router.table", bad, "the table xmpps2snodes cannot be read: {why}",
     "repair presence.db in the data folder; the router keeps what it has loaded"},
    {Says::domain_unserved, "domain.unserved", warning,
     "{domain} federates, but no internal server or presence node has it",
     "add it to the domains of an [[inside.server]] in {file}, or check `sallyport status` on the presence node"},
    {Says::clock_ahead, "clock.ahead", good, "the clock of {node} is {seconds} s ahead", ""},
    {Says::clock_behind, "clock.behind", good, "the clock of {node} is {seconds} s behind", ""},
    {Says::axl_none, "axl.none", note, "no IM&P server is configured", "if there is one: `sallyport imp-servers add`"},
    {Says::axl_rows_missing, "axl.rows_missing", bad, "the table xmpps2snodes of {server} lacks {rows}",
     "`sallyport imp-servers refresh`; the log shows the answer of its AXL service"},
    {Says::axl_complete, "axl.complete", good, "{server} accepts the user {user}, and its table is complete: {rows}",
     ""},
    {Says::axl_complete_empty, "axl.complete_empty", good,
     "{server} accepts the user {user}, and its table is complete", ""},
    {Says::outline, link::NodeNews::outline_code, warning, link::NodeNews::outline, ""},
    {Says::far_alarm, "far.alarm_of", warning, "an alarm of {node}: {detail}", ""},
};

constexpr bool in_order() {
    for (std::size_t i = 0; i < std::size(finding_table); ++i) {
        if (finding_table[i].says != static_cast<Says>(i)) return false;
    }
    return std::size(finding_table) == static_cast<std::size_t>(Says::far_alarm) + 1;
}
static_assert(in_order(), "a row for each enumerator, in their order");

}  // namespace

std::span<const FindingRow> finding_rows() { return finding_table; }

Finding say(Says says, Values values, const std::string& remedy) {
    const FindingRow& row = finding_table[static_cast<std::size_t>(says)];
    Finding finding{row.grade, filled(row.text, values), remedy.empty() ? filled(row.remedy, values) : remedy};
    finding.rows = {std::string{row.code}, remedy.empty() && !row.remedy.empty() ? std::string{row.code} : "",
                    std::move(values)};
    return finding;
}

}  // namespace sallyport::admin
