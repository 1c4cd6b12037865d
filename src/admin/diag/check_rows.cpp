// The rows.
#include "admin/diag/check_rows.h"

#include <iterator>

namespace sallyport::diag {

namespace {

using enum Grade;

constexpr std::string_view resolver_remedy = "check [dns] servers in the node's file, and ask with `dig` on this host";
constexpr std::string_view record_remedy = "publish _xmpp-server._tcp.{ascii}. IN SRV 0 0 5269 <this edge>.";
constexpr std::string_view trust_remedy = "its administrator needs another certificate, or add its CA to [tls] trust";
constexpr std::string_view name_remedy = "its administrator needs a certificate with dNSName {ascii}";
constexpr std::string_view opens_one = "`sallyport peers ping {domain}` opens one";
constexpr std::string_view shows_difference = "`sallyport handshakes diff {id}`";

constexpr CheckRow check_table[] = {
    {Seen::dns_silent, "dns.silent", bad, "DNS did not answer in time", "check [dns] servers in the node's file"},
    {Seen::route_instead, "dns.route_instead", note, "a static route replaces DNS for this domain",
     "`sallyport routes list` shows it"},
    {Seen::validated, "dns.validated", good, "the SRV answer is validated with DNSSEC", ""},
    {Seen::bogus_ours, "dns.bogus_ours", bad, "the look-up of {name} fails DNSSEC validation{because}",
     "fix the zone's signatures or its DS record"},
    {Seen::bogus_theirs, "dns.bogus", bad, "the look-up of {name} fails DNSSEC validation{because}",
     "its administrator has to fix it"},
    {Seen::look_up_failed, "dns.failed", bad, "the look-up of {name} failed{because}", resolver_remedy},
    {Seen::look_up_silent, "dns.no_answer", bad, "the look-up of {name} got no answer", resolver_remedy},
    {Seen::look_up_not_made, "dns.not_made", bad, "the look-up of {name} was not made{because}", resolver_remedy},
    {Seen::look_up_says, "dns.returned", bad, "the look-up of {name} returned: {why}", resolver_remedy},
    {Seen::target_is_address, "dns.target_is_address", bad,
     "SRV target {target} is an address; RFC 2782 requires a name", "publish an A or AAAA record and name its host"},
    {Seen::target_port, "dns.target_port", bad, "SRV target {target} has a port that this node does not connect to",
     "permitted ports are 443 and those above 1023; the usual one is 5269"},
    {Seen::no_record_usable, "dns.no_record_usable", bad, "no SRV record can be used: {why}", resolver_remedy},
    {Seen::declares_none_ours, "dns.declares_none_ours", bad,
     "{domain} declares in DNS that it has no XMPP service (SRV target \".\")",
     "publish a record that names this edge"},
    {Seen::declares_none_theirs, "dns.declares_none", bad,
     "{domain} declares in DNS that it has no XMPP service (SRV target \".\")", "only a static route can reach it"},
    {Seen::service_absent, "dns.service_absent", bad, "service declared absent", ""},
    {Seen::direct_tls_absent, "dns.direct_tls_absent", bad, "direct TLS declared absent and no _xmpp-server record",
     ""},
    {Seen::no_srv_ours, "dns.no_srv_ours", warning,
     "there is no SRV record; peers try the addresses of {domain} on port 5269", record_remedy},
    {Seen::no_srv_theirs, "dns.no_srv", note,
     "there is no SRV record; peers try the addresses of {domain} on port 5269", ""},
    {Seen::srv_usable, "dns.srv_usable", good, "{n} {n|SRV target|SRV targets} can be used", ""},
    {Seen::host_without_address, "dns.host_without_address", warning, "{host} has no address{because}",
     "publish an A or AAAA record for it"},
    {Seen::no_address, "dns.no_address", bad, "there is no address to connect to", ""},
    {Seen::is_this_node, "dns.is_this_node", bad, "{address} is this node itself",
     "if {domain} is one of our domains, add it to federation.domains"},
    {Seen::host_at, "dns.host_at", good, "{host} is at {address}", ""},
    {Seen::host_at_unknown, "dns.host_at_unknown", note, "{host} is at {address}",
     "run this check on the edge to compare it with its own addresses"},
    {Seen::host_reserved, "dns.host_reserved", bad, "{host} is at {address}, which is reserved or private",
     "if that is intended, add its network to [s2s] allow_networks, or add a static route"},
    {Seen::leads_here, "dns.leads_here", good, "{address} leads to this node", ""},
    {Seen::leads_elsewhere, "dns.leads_elsewhere", warning, "{address} is not an address on which this node listens",
     "correct if it belongs to a NAT or another edge of ours; otherwise correct the records"},

    {Seen::not_permitted, "visit.not_permitted", warning, "{address} of {host} is not permitted",
     "`sallyport check dns {domain}` shows why"},
    {Seen::door_closed, "visit.door_closed", warning, "{host} at {error}",
     "check the server, the firewalls and its DNS records"},
    {Seen::address_closed, "visit.address_closed", warning, "{error}",
     "check the server, the firewalls and its DNS records"},
    {Seen::route_dead, "visit.route_dead", bad, "the static route of {domain} leads to no server that answers",
     "correct it (`sallyport routes list`), or remove it to use DNS"},
    {Seen::no_address_answers, "visit.no_address_answers", bad, "no address answers", ""},
    {Seen::no_answer_in_time, "visit.no_answer_in_time", bad, "no answer in time", ""},
    {Seen::connection_ended, "visit.ended", bad, "the connection ended", ""},
    {Seen::connection_ended_because, "visit.ended_because", bad, "the connection ended: {why}", ""},
    {Seen::stream_closed, "visit.stream_closed", bad, "the server closed the stream", ""},
    {Seen::stream_refused, "visit.stream_refused", bad, "the server refuses the stream: {condition}", ""},
    {Seen::no_stream, "visit.no_stream", bad, "the server sends no XMPP stream: {why}", ""},
    {Seen::out_of_order, "visit.out_of_order", bad, "the server sends <{element}/> out of order", ""},
    {Seen::no_starttls, "visit.no_starttls", bad, "the server offers no STARTTLS", ""},
    {Seen::starttls_refused, "visit.starttls_refused", bad, "the server refuses STARTTLS", ""},
    {Seen::tls_failed, "visit.tls_failed", bad, "TLS failed: {why}", ""},
    {Seen::connected, "visit.connected", good, "connected to {host} at {address}", ""},
    {Seen::connected_direct, "visit.connected_direct", good, "connected to {host} at {address} (direct TLS)", ""},
    {Seen::session, "visit.session", good, "{version} with {cipher}", ""},
    {Seen::no_certificate, "visit.no_certificate", warning, "the server presents no certificate",
     "its administrator has to configure one for {domain}"},
    {Seen::chain_good, "visit.chain_good", good, "the certificate's chain ends at a trusted CA", ""},
    {Seen::untrusted_refused, "visit.untrusted_refused", bad,
     "the certificate is not trusted: {why}; a certificate is required of this domain, so it is refused", trust_remedy},
    {Seen::untrusted_dialback, "visit.untrusted", warning,
     "the certificate is not trusted: {why}; it has to be authenticated by dialback", trust_remedy},
    {Seen::covers, "visit.covers", good, "the certificate covers {domain}", ""},
    {Seen::covers_others_refused, "visit.covers_others_refused", bad,
     "the certificate does not cover {domain} but {names}; a certificate is required of this domain, so it is refused",
     name_remedy},
    {Seen::covers_others_dialback, "visit.covers_others", warning,
     "the certificate does not cover {domain} but {names}; it has to be authenticated by dialback", name_remedy},
    {Seen::covers_nothing_refused, "visit.covers_nothing_refused", bad,
     "the certificate does not cover {domain} but nothing; a certificate is required of this domain, so it is refused",
     name_remedy},
    {Seen::covers_nothing_dialback, "visit.covers_nothing", warning,
     "the certificate does not cover {domain} but nothing; it has to be authenticated by dialback", name_remedy},
    {Seen::expires, "visit.expires", note, "the certificate expires on {date}", "its administrator has to renew it"},
    {Seen::requires_tls, "visit.requires_tls", bad, "it requires TLS, but our security mode for it is No TLS",
     "change federation.security_mode, or add an exception to federation.peers"},
    {Seen::offers_external, "visit.offers_external", good, "it offers authentication by certificate (SASL EXTERNAL)",
     ""},
    {Seen::offers_dialback, "visit.offers_dialback", good, "it offers dialback", ""},
    {Seen::offers_neither, "visit.offers_neither", note,
     "it offers neither SASL EXTERNAL nor dialback; most such servers support dialback nevertheless", ""},
    {Seen::offers_neither_off, "visit.offers_neither_off", note,
     "it offers neither SASL EXTERNAL nor dialback; most such servers support dialback nevertheless",
     "dialback is off for this domain; see federation.peers"},

    {Seen::not_admitted, "dialback.not_admitted", bad,
     "{domain} cannot federate with us, so our servers refuse its question: {why}", ""},
    {Seen::no_server_of_ours, "dialback.no_server", bad,
     "DNS has no server for {domain}, so peers cannot verify our dialback keys", record_remedy},
    {Seen::keys_unverifiable, "dialback.unverifiable", bad,
     "peers cannot verify our dialback keys at {host} at {address}: {why}",
     "open the port in the firewall, start the edge there, or correct the DNS of {domain}"},
    {Seen::keys_unanswered, "dialback.unanswered", bad,
     "the server {host} at {address} did not answer for {domain}: {why}",
     "if it is one of our edges, add {domain} to its federation.domains; if not, remove it from the DNS of {domain}"},
    {Seen::other_secret, "dialback.other_secret", bad,
     "the server {host} at {address} has another dialback secret than this edge",
     "set the same federation.dialback_secret on every edge of {domain}; peers that verify there refuse us"},
    {Seen::keys_denied, "dialback.denied", bad,
     "the server {host} at {address} does not confirm keys of {domain}: {answer}",
     "compare federation.domains and the lists of all edges"},
    {Seen::any_key_taken, "dialback.any_key", bad, "the server {host} at {address} answers '{answer}' to a wrong key",
     "it is not one of our edges, or it is faulty: remove it from the DNS of {domain}"},
    {Seen::keys_confirmed, "dialback.confirmed", good,
     "{host} at {address} confirms keys of {domain} with our secret and refuses a wrong key", ""},
    {Seen::ping_answered, "dialback.ping_answered", good, "{domain} answered a ping of {local} over the live path", ""},
    {Seen::ping_unanswered, "dialback.ping_unanswered", bad, "{domain} did not answer a ping of {local}: {why}",
     "`sallyport why {local} {domain}`"},
    {Seen::initiating_never, "dialback.initiating_never", note,
     "as initiating server: no stream with {domain} is recorded", opens_one},
    {Seen::initiating_before_good, "dialback.initiating_before_good", note,
     "as initiating server: no new stream was needed; the last handshake, at {time}, was good: {result} ({id})", ""},
    {Seen::initiating_before_failed, "dialback.initiating_before_failed", note,
     "as initiating server: no new stream was needed; the last handshake, at {time}, failed at {stage}: {result} "
     "({id})",
     ""},
    {Seen::initiating_good, "dialback.initiating_good", good,
     "as initiating server: {proved} was last authenticated by {result} ({id})", ""},
    {Seen::initiating_failed, "dialback.initiating_failed", bad,
     "as initiating server: the last handshake with {domain} failed at {stage}: {result}", shows_difference},
    {Seen::receiving_never, "dialback.receiving_never", note,
     "as receiving server: no stream with {domain} is recorded", opens_one},
    {Seen::receiving_before_good, "dialback.receiving_before_good", note,
     "as receiving server: no new stream was needed; the last handshake, at {time}, was good: {result} ({id})", ""},
    {Seen::receiving_before_failed, "dialback.receiving_before_failed", note,
     "as receiving server: no new stream was needed; the last handshake, at {time}, failed at {stage}: {result} ({id})",
     ""},
    {Seen::receiving_good, "dialback.receiving_good", good,
     "as receiving server: {proved} was last authenticated by {result} ({id})", ""},
    {Seen::receiving_failed, "dialback.receiving_failed", bad,
     "as receiving server: the last handshake with {domain} failed at {stage}: {result}", shows_difference},

    {Seen::no_problems, "status.no_problems", good, "status shows no problems", ""},

    {Seen::ask_resolver, "remedy.ask_resolver", note, "", resolver_remedy},
    {Seen::check_dns, "remedy.check_dns", note, "", "`sallyport check dns {domain}` shows more"},
    {Seen::enable_tls, "remedy.enable_tls", note, "",
     "its administrator has to enable TLS, or add an exception to federation.peers"},
    {Seen::open_port, "remedy.open_port", note, "",
     "check that our firewall and theirs allow that port, and that their server is running"},
};

constexpr bool in_order() {
    for (std::size_t i = 0; i < std::size(check_table); ++i) {
        if (check_table[i].seen != static_cast<Seen>(i)) return false;
    }
    return std::size(check_table) == static_cast<std::size_t>(Seen::open_port) + 1;
}
static_assert(in_order(), "a row for each enumerator, in their order");

const CheckRow& row_of(Seen seen) { return check_table[static_cast<std::size_t>(seen)]; }

}  // namespace

std::span<const CheckRow> check_rows() { return check_table; }

Finding seen(Seen what, Values values, ThisTime this_time) {
    const CheckRow& row = row_of(what);
    const CheckRow& cure = row_of(this_time.remedy.value_or(what));
    Finding finding{this_time.grade.value_or(row.grade), filled(row.text, values), filled(cure.remedy, values), {}};
    finding.rows = {std::string{row.code}, cure.remedy.empty() ? std::string{} : std::string{cure.code},
                    std::move(values)};
    return finding;
}

}  // namespace sallyport::diag
