// The table of rules, and the table of refusals.
#include "services/record/verdicts.h"

#include <algorithm>
#include <array>

#include "base/hash.h"

namespace sallyport::record {

namespace {

constexpr std::array rows{
    RefusalRow{"dns", "no server of the domain could be found", "the domain's DNS, or [dns] servers in the file",
               "`sallyport check dns DOMAIN`", "the peer's"},
    RefusalRow{"tcp", "no address of the domain could be reached", "[s2s] allow_networks, source_address, firewalls",
               "`sallyport check tls DOMAIN`; ask the partner whether its port is open", "the peer's"},
    RefusalRow{"tls", "TLS with the domain failed or is not good enough", "federation.security_mode, federation.peers",
               "`sallyport handshakes diff DOMAIN` shows what changed; `sallyport check tls DOMAIN`", "the peer's"},
    RefusalRow{"sasl", "the peer did not accept our certificate, or we not its", "[[tls.identity]] in the file",
               "`sallyport check certs`; `sallyport handshakes diff DOMAIN`", "ours or the peer's"},
    RefusalRow{"dialback", "a domain could not be proved by dialback",
               "federation.dialback_secret (the same on all edges), DNS of the domain that is proved",
               "`sallyport check dialback DOMAIN`", "ours or the peer's"},
    RefusalRow{"stream", "the peer ended or never opened the stream", "",
               "`sallyport handshakes show DOMAIN` has its words", "the peer's"},
    RefusalRow{"protocol", "the peer said what has no place there", "",
               "`sallyport handshakes export DOMAIN` is for the partner", "the peer's"},
    RefusalRow{"dead", "the peer gave no sign of life and what was sent is in doubt", "[timers] ping, dead_peer",
               "`sallyport peers ping DOMAIN`", "the peer's"},
    RefusalRow{"queue-full", "too much was waiting for the domain", "[limits] queue_stanzas, queue_bytes",
               "see why the domain is slow or away: `sallyport peers show DOMAIN`", "the peer's"},
    RefusalRow{"queue-age", "it waited too long for the domain", "[limits] queue_seconds",
               "see why the domain is slow or away: `sallyport peers show DOMAIN`", "the peer's"},
    RefusalRow{"too-large", "larger than the peer takes (XEP-0478)", "", "the sender has to send less at once",
               "the sender's"},
    RefusalRow{"malformed", "the stanza or its address is not well formed", "", "the sender's software has to mend it",
               "the sender's"},
    RefusalRow{"excess", "the stanza is beyond a limit", "[limits] stanza_bytes, stanza_elements and others",
               "the sender has to send less at once, or the limit is raised on each node", "the sender's"},
    RefusalRow{"in-doubt", "the stream ended before it was certain that the peer had read it", "",
               "ask the recipient; or send it again", "the peer's"},
    RefusalRow{"refused-by-peer", "the peer ended its streams at it", "",
               "what the peer said names the reason; often the stanza is larger than it takes", "the sender's"},
    RefusalRow{"streams", "too many destinations at once", "[limits] outbound_streams", "raise the limit", "ours"},
    RefusalRow{"streams-of-sender", "the sender writes to too many domains that do not answer",
               "[limits] outbound_streams", "the sender has to write to fewer domains at once", "the sender's"},
    RefusalRow{"connections", "too many connections from the address",
               "[limits] connections_per_address, unauthenticated_per_address, new_connections_per_10s",
               "raise the limit if the address is a partner's", "the peer's"},
    RefusalRow{"busy", "the node has more to do than it can", "[node] threads", "`sallyport status`", "ours"},
    RefusalRow{"link-down", "no router link to the other node", "[[link.dial]] in the core's file",
               "`sallyport check link`", "ours"},
    RefusalRow{"link-full", "too much was waiting for the router link", "[limits] queue_stanzas, queue_bytes",
               "`sallyport check link`", "ours"},
    RefusalRow{"partner-full", "too much was under way over the router link to the domain", "[limits] link_bytes",
               "see why the domain takes it so slowly: `sallyport peers show DOMAIN` on the node with its stream",
               "the peer's"},
    RefusalRow{"link-refused", "the router link ended again and again while the stanza was on its way", "",
               "report it: the two nodes may be of different versions or have different limits", "ours"},
    RefusalRow{"no-way", "the node next to this one does not serve the domain",
               "federation.domains, [[inside.server]] domains in the core's file",
               "let the lists of edge and core agree: `sallyport check link`", "ours"},
    RefusalRow{"not-loaded", "the presence node's router has not loaded the edge",
               "restart router on the presence node", "`sallyport restart router` there; `sallyport check axl`",
               "ours"},
    RefusalRow{"no-rows", "no core has told the presence node about an edge",
               "federation.enabled on the edge; the table xmpps2snodes of the presence node",
               "`sallyport check axl` on the core", "ours"},
    RefusalRow{"own-federation", "the presence node federates by itself, so no edge does it for it",
               "presence.federation_node_status", "switch it off, then `sallyport restart router`", "ours"},
    RefusalRow{"no-user", "nobody of that name, nobody there, or not open to the sender", "",
               "`sallyport users show` on the presence node", "the sender's"},
    RefusalRow{"component-away", "the component is not attached", "[[components.allowed]] in the file",
               "start the component", "ours"},
    RefusalRow{"component-full", "the component does not read", "", "look at the component", "ours"},
    RefusalRow{"shutting-down", "the node was going down", "", "send it again", "ours"},
    RefusalRow{"other", "refused for a reason without a rule of its own", "", "the log has more", "ours"},
};

std::string fresh_id(std::string_view basis) { return "v-" + to_hex(sha256(basis)).substr(0, 12); }

}  // namespace

std::span<const RefusalRow> refusal_rows() { return rows; }

const RefusalRow* find_refusal(std::string_view rule) {
    const auto at = std::find_if(rows.begin(), rows.end(), [rule](const RefusalRow& row) { return row.rule == rule; });
    return at == rows.end() ? nullptr : &*at;
}

const std::string& Verdicts::keep(const Refused& refused, WallTime wall) {
    basis_.clear();
    // A NUL can stand in no domain, so no two bases read alike.
    for (const std::string_view part : {refused.id, refused.rule, refused.what, refused.from, refused.to}) {
        basis_.append(part).push_back('\0');
    }
    const auto counter = by_rule_.find(refused.rule);
    if (counter != by_rule_.end()) {
        ++counter->second;
    } else {
        by_rule_.emplace(refused.rule, 1);
    }
    if (const auto at = known_.find(basis_); at != known_.end()) {
        Verdict& again = *at->second;
        ++again.count;
        again.last = wall;
        again.why = refused.why;
        Order& order = order_of(again.what);
        order.splice(order.end(), order, at->second);
        return again.id;
    }
    if (known_.size() >= most_) make_room(refused.what);
    Verdict fresh{refused.id.empty() ? fresh_id(basis_) : std::string{refused.id},
                  std::string{refused.rule},
                  std::string{refused.what},
                  std::string{refused.from},
                  std::string{refused.to},
                  std::string{refused.why},
                  wall,
                  wall,
                  1};
    Order& order = order_of(fresh.what);
    order.push_back(std::move(fresh));
    known_[basis_] = std::prev(order.end());
    made_of_[order.back().id] = basis_;
    return order.back().id;
}

void Verdicts::make_room(std::string_view what) {
    const std::uint64_t half = most_ / 2;
    const bool too_many = what == "stanza" ? others_.size() > half : others_.size() >= half;
    Order& order = stanzas_.empty() || too_many ? others_ : stanzas_;
    const auto old = made_of_.find(order.front().id);
    if (old != made_of_.end()) {
        known_.erase(old->second);
        made_of_.erase(old);
    }
    order.pop_front();
}

std::optional<Verdict> Verdicts::find(std::string_view id) const {
    const auto basis = made_of_.find(std::string{id});
    if (basis == made_of_.end()) return std::nullopt;
    const auto at = known_.find(basis->second);
    return at == known_.end() ? std::nullopt : std::optional{*at->second};
}

}  // namespace sallyport::record
