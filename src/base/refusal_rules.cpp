// The table of rules and the table of stages.
#include "base/refusal_rules.h"

#include <algorithm>
#include <array>

namespace sallyport {

namespace {

constexpr RuleRow rule_table[] = {
    {Rule::federation_off, "federation-off", RuleKind::policy, "federation is off", "federation.enabled",
     "switch it on: `sallyport config set federation.enabled true`", Part::ours},
    {Rule::self, "self", RuleKind::policy, "both domains are ours", "federation.domains",
     "remove the domain from federation.domains if it is not yours", Part::ours},
    {Rule::not_local, "not-local", RuleKind::policy, "the domain is not one of ours", "federation.domains",
     "if DOMAIN is ours, add it to federation.domains; otherwise its DNS points here by mistake", Part::ours},
    {Rule::deny_list, "deny-list", RuleKind::policy, "the domain is on the deny list", "federation.deny_list",
     "to allow it, remove it from federation.deny_list", Part::ours},
    {Rule::allow_list, "allow-list", RuleKind::policy, "the domain is not on the allow list", "federation.allow_list",
     "`sallyport allow add DOMAIN`", Part::ours},
    {Rule::not_inside, "not-inside", RuleKind::policy, "no internal server has the domain",
     "[[inside.server]] domains in the core's file", "add it to the domains of an [[inside.server]]", Part::ours},
    {Rule::inside_to_inside, "inside-to-inside", RuleKind::policy, "both domains are internal",
     "[[inside.server]] domains in the core's file", "internal servers connect to each other directly", Part::ours},
    {Rule::dns, "dns", RuleKind::way, "no server of the domain was found",
     "the domain's DNS, or [dns] servers in the file", "`sallyport check dns DOMAIN`", Part::the_peers},
    {Rule::tcp, "tcp", RuleKind::way, "no address of the domain answers",
     "[s2s] allow_networks, source_address, firewalls",
     "`sallyport check tls DOMAIN`; ask the peer's administrator whether the port is open", Part::the_peers},
    {Rule::tls, "tls", RuleKind::way, "TLS with the domain failed or does not meet the settings",
     "federation.security_mode, federation.peers",
     "`sallyport handshakes diff DOMAIN` shows what changed; `sallyport check tls DOMAIN`", Part::the_peers},
    {Rule::sasl, "sasl", RuleKind::way, "one side did not accept the other's certificate",
     "[[tls.identity]] in the file", "`sallyport check certs`; `sallyport handshakes diff DOMAIN`",
     Part::ours_or_the_peers},
    {Rule::dialback, "dialback", RuleKind::way, "a domain could not be authenticated by dialback",
     "federation.dialback_secret (the same on all edges), DNS of the domain to authenticate",
     "`sallyport check dialback DOMAIN`", Part::ours_or_the_peers},
    {Rule::stream, "stream", RuleKind::way, "the peer closed the stream or never opened it", "",
     "`sallyport handshakes show DOMAIN` shows its error", Part::the_peers},
    {Rule::protocol, "protocol", RuleKind::way, "the peer violated the protocol", "",
     "`sallyport handshakes export DOMAIN`, and send the file to the peer's administrator", Part::the_peers},
    {Rule::dead, "dead", RuleKind::way, "the peer stopped answering; it may or may not have got the stanza",
     "[timers] ping, dead_peer", "`sallyport peers ping DOMAIN`", Part::the_peers},
    {Rule::queue_full, "queue-full", RuleKind::bound, "the queue for the domain was full",
     "[limits] queue_stanzas, queue_bytes",
     "find out why the domain is slow or unreachable: `sallyport peers show DOMAIN`", Part::the_peers},
    {Rule::queue_age, "queue-age", RuleKind::bound, "it was queued for the domain for too long",
     "[limits] queue_seconds", "find out why the domain is slow or unreachable: `sallyport peers show DOMAIN`",
     Part::the_peers},
    {Rule::too_large, "too-large", RuleKind::bound, "larger than the peer accepts (XEP-0478)", "",
     "the sender has to send a smaller stanza", Part::the_senders},
    {Rule::malformed, "malformed", RuleKind::bound,
     "the stanza or its address is malformed, or has a name that few XML parsers accept", "",
     "the sender's software has to fix it", Part::the_senders},
    {Rule::excess, "excess", RuleKind::bound, "the stanza exceeds a limit",
     "[limits] stanza_bytes, stanza_elements and others",
     "the sender has to send a smaller stanza, or raise the limit on each node", Part::the_senders},
    {Rule::in_doubt, "in-doubt", RuleKind::bound, "the stream closed before the peer acknowledged it", "",
     "ask the recipient whether it arrived, or send it again", Part::the_peers},
    {Rule::refused_by_peer, "refused-by-peer", RuleKind::bound, "the peer closed its streams because of it", "",
     "the peer's error names the reason; often the stanza is larger than it accepts", Part::the_senders},
    {Rule::streams, "streams", RuleKind::bound, "too many destinations at once", "[limits] outbound_streams",
     "raise the limit", Part::ours},
    {Rule::streams_of_sender, "streams-of-sender", RuleKind::bound,
     "the sender writes to too many domains that do not answer", "[limits] outbound_streams",
     "the sender has to write to fewer domains at once", Part::the_senders},
    {Rule::look_ups, "look-ups", RuleKind::bound, "too many DNS look-ups wait for an answer", "[limits] dns_questions",
     "find out whose name servers do not answer: `sallyport check dns DOMAIN`; then raise the limit", Part::ours},
    {Rule::connections, "connections", RuleKind::bound, "too many connections from the address",
     "[limits] connections_per_address, unauthenticated_per_address, new_connections_per_10s",
     "raise the limit if the address belongs to a peer", Part::the_peers},
    {Rule::busy, "busy", RuleKind::bound, "the node is overloaded", "[node] threads", "`sallyport status`", Part::ours},
    {Rule::link_down, "link-down", RuleKind::bound, "the router link to the other node is down",
     "[[link.dial]] in the core's file", "`sallyport check link`", Part::ours},
    {Rule::link_full, "link-full", RuleKind::bound, "too many stanzas were held for the router link",
     "[limits] queue_stanzas, queue_bytes", "`sallyport check link`", Part::ours},
    {Rule::partner_full, "partner-full", RuleKind::bound,
     "too much for the domain was unacknowledged on the router link", "[limits] link_bytes",
     "find out why the domain is slow: `sallyport peers show DOMAIN` on the node with its stream", Part::the_peers},
    {Rule::link_refused, "link-refused", RuleKind::bound,
     "the router link closed repeatedly while the stanza was on its way", "",
     "report it; the two nodes may have different versions or limits", Part::ours},
    {Rule::no_way, "no-way", RuleKind::bound, "the next node does not serve the domain",
     "federation.domains, [[inside.server]] domains in the core's file",
     "make the domain lists of edge and core agree: `sallyport check link`", Part::ours},
    {Rule::not_loaded, "not-loaded", RuleKind::bound, "the presence node's router has not loaded the edge",
     "the router of the presence node", "`sallyport restart router` there; `sallyport check axl`", Part::ours},
    {Rule::no_rows, "no-rows", RuleKind::bound, "the presence node knows no edge: no core has provisioned it",
     "federation.enabled on the edge; the table xmpps2snodes of the presence node", "`sallyport check axl` on the core",
     Part::ours},
    {Rule::own_federation, "own-federation", RuleKind::bound, "the presence node federates by itself, so no edge does",
     "presence.federation_node_status", "switch it off, then `sallyport restart router`", Part::ours},
    {Rule::no_user, "no-user", RuleKind::bound, "no such user, not available, or not open to the sender", "",
     "`sallyport users show` on the presence node", Part::the_senders},
    {Rule::client_refused, "client-refused", RuleKind::bound, "the recipient's client closed its streams because of it",
     "", "ask the recipient to use another client, or write the message differently", Part::the_peers},
    {Rule::component_away, "component-away", RuleKind::bound, "the component is not attached",
     "[[components.allowed]] in the file", "start the component", Part::ours},
    {Rule::component_full, "component-full", RuleKind::bound, "the component reads too slowly", "",
     "check the component", Part::ours},
    {Rule::shutting_down, "shutting-down", RuleKind::bound, "the node was stopping", "", "send it again", Part::ours},
    {Rule::other, "other", RuleKind::bound, "refused for another reason", "", "see the log", Part::ours},
};

// In the order of the enumerators, so that a row is found by its rule.
constexpr bool are_in_order() {
    std::size_t at = static_cast<std::size_t>(Rule::none);
    for (const RuleRow& row : rule_table) {
        if (static_cast<std::size_t>(row.rule) != ++at) return false;
    }
    return at == static_cast<std::size_t>(Rule::other);
}
static_assert(are_in_order());

struct StageRow {
    Stage stage;
    std::string_view name;
    Rule rule;
};
constexpr StageRow stages[] = {
    {Stage::none, "", Rule::other},
    {Stage::dns, "dns", Rule::dns},
    {Stage::tcp, "tcp", Rule::tcp},
    {Stage::stream, "stream", Rule::stream},
    {Stage::tls, "tls", Rule::tls},
    {Stage::sasl, "sasl", Rule::sasl},
    {Stage::dialback, "dialback", Rule::dialback},
    {Stage::policy, "policy", Rule::other},
};

const StageRow& row_of(Stage stage) { return stages[static_cast<std::size_t>(stage)]; }

}  // namespace

std::string_view text(Part part) {
    switch (part) {
        case Part::ours: return "ours";
        case Part::the_peers: return "the peer's";
        case Part::the_senders: return "the sender's";
        case Part::ours_or_the_peers: return "ours or the peer's";
    }
    return "?";
}

std::span<const RuleRow> rule_rows() { return rule_table; }

const RuleRow& row_of(Rule rule) {
    const auto at = static_cast<std::size_t>(rule == Rule::none ? Rule::other : rule);
    return rule_table[at - 1];
}

std::string_view text(Rule rule) { return rule == Rule::none ? std::string_view{} : row_of(rule).name; }

std::optional<Rule> find_rule(std::string_view name) {
    const auto at = std::find_if(std::begin(rule_table), std::end(rule_table),
                                 [name](const RuleRow& row) { return row.name == name; });
    return at == std::end(rule_table) ? std::nullopt : std::optional{at->rule};
}

std::string_view text(Stage stage) { return row_of(stage).name; }

std::optional<Stage> find_stage(std::string_view name) {
    const auto at =
        std::find_if(std::begin(stages), std::end(stages), [name](const StageRow& row) { return row.name == name; });
    return at == std::end(stages) ? std::nullopt : std::optional{at->stage};
}

Rule rule_at(Stage stage) { return row_of(stage).rule; }

}  // namespace sallyport
