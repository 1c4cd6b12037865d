// `peers`: the domains that we talk with.
#include <algorithm>
#include <boost/json.hpp>

#include "admin/api/event_filter.h"
#include "admin/api/record_json.h"
#include "admin/api/status_json.h"
#include "admin/api/verb_parts.h"
#include "model/policy/policy.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

constexpr auto milestone_interval = std::chrono::milliseconds{100};
constexpr std::size_t milestones_at_once = 200;

json::object policy_of(const config::Snapshot& settings, const xmpp::Domain& remote) {
    const s2s::StreamPolicy policy = policy::EdgeRules{settings}.policy(remote);
    return {{"security_mode", security_mode_word(policy.security)},
            {"certificate_required", policy.require_certificate},
            {"external", policy.offer_external},
            {"dialback", policy.offer_dialback},
            {"bidirectional", policy.bidi}};
}

bool concerns(const s2s::StreamStatus& stream, const std::string& remote) {
    const auto of_pair = [&](const s2s::Inbound::Pair& pair) { return pair.domains.remote.text() == remote; };
    return stream.remote == remote || std::any_of(stream.pairs.begin(), stream.pairs.end(), of_pair);
}

json::object show(NodeControl& node, const NodeStatus& status, const xmpp::Domain& domain) {
    const std::string& remote = domain.text();
    json::array rows, streams, destinations, described;
    for (const PeerRow& row : peer_rows(status)) {
        if (row.remote == remote) rows.push_back(json_of(row));
    }
    for (const s2s::StreamStatus& stream : status.streams) {
        if (concerns(stream, remote)) streams.push_back(json_of(stream, status.now));
    }
    for (const s2s::DestinationStatus& destination : status.destinations) {
        if (destination.pair.remote.text() == remote) destinations.push_back(json_of(destination));
    }
    for (const DescribedPeer& peer : status.described) {
        if (peer.remote == remote) described.push_back(json_of(peer));
    }
    const record::Archive* const archive = node.handshakes();
    const auto last = [&](bool good) -> json::value {
        const record::Archive::Found one = archive == nullptr ? nullptr : archive->last(remote, good);
        return one == nullptr ? json::value{} : json::value(summary_of(*one));
    };
    const json::value last_good = last(true);
    const json::value last_failed = last(false);
    const bool known = !rows.empty() || !streams.empty() || !last_good.is_null() || !last_failed.is_null();
    return {{"domain", remote},
            {"known", known},
            {"peers", std::move(rows)},
            {"policy", policy_of(node.settings().snapshot(), domain)},
            {"streams", std::move(streams)},
            {"destinations", std::move(destinations)},
            {"described", std::move(described)},
            {"last_good_handshake", last_good},
            {"last_failed_handshake", last_failed}};
}

/// The domain of ours that speaks: asked for, or the first that federates.
std::optional<xmpp::Domain> speaker(Call& call) {
    if (call.has("from")) return call.domain("from");
    const xmpp::Domain first = policy::EdgeRules{call.node().settings().snapshot()}.default_domain();
    if (!first.empty()) return first;
    call.fail({"argument-missing", "no domain of ours federates; give one with --from"}, "from");
    return std::nullopt;
}

/// What the event log says of the peer while a ping is under way.
class Milestones : public std::enable_shared_from_this<Milestones> {
public:
    Milestones(const SharedCall& call, const xmpp::Domain& remote) : call_{call}, node_{call->node()} {
        filter_.peer = remote.text();
        const auto latest = node_.events(0, 1);
        after_ = latest.empty() ? 0 : latest.back().number;
        timer_ = node_.loop().timer([this] { poll(); });
        arm();
    }

    void tell() {
        const auto call = call_.lock();
        if (!call) return;
        for (const io::LogEvent& event : node_.events(after_, milestones_at_once)) {
            after_ = event.number;
            if (filter_.passes(event)) call->event(json_of(event));
        }
    }

private:
    void arm() { timer_->arm(node_.loop().now() + milestone_interval); }
    void poll() {
        tell();
        arm();
    }

    std::weak_ptr<Call> call_;
    NodeControl& node_;
    EventFilter filter_;
    std::uint64_t after_ = 0;
    std::unique_ptr<io::Timer> timer_;
};

void run_peers_list(const SharedCall& call) {
    call->node().status([call](const NodeStatus& status) {
        json::array rows;
        for (const PeerRow& row : peer_rows(status)) rows.push_back(json_of(row));
        call->succeed(json::object{{"role", status.role}, {"peers", std::move(rows)}});
    });
}

void run_peers_show(const SharedCall& call) {
    const auto domain = call->domain("domain");
    if (!domain) return;
    call->node().status(
        [call, domain = *domain](const NodeStatus& status) { call->succeed(show(call->node(), status, domain)); });
}

void run_peers_ping(const SharedCall& call) {
    const auto remote = call->domain("domain");
    if (!remote) return;
    const auto local = speaker(*call);
    if (!local) return;
    auto milestones = std::make_shared<Milestones>(call, *remote);
    call->keep(milestones);
    const xmpp::DomainPair pair{*local, *remote};
    call->node().ping(pair, [call, pair, seen = std::weak_ptr{milestones}](const Result<Duration>& answer) {
        if (const auto last = seen.lock()) last->tell();
        if (!answer) return call->fail(answer.error());
        call->succeed(json::object{{"local", pair.local.text()},
                                   {"remote", pair.remote.text()},
                                   {"milliseconds", std::chrono::duration<double, std::milli>{*answer}.count()}});
    });
}

void run_peers_close(const SharedCall& call) {
    const auto remote = call->domain("domain");
    if (!remote) return;
    call->node().close(*remote, [call, remote = *remote](unsigned closed) {
        if (closed == 0) return call->fail({"peer-unknown", "there is no stream with " + remote.text()}, "domain");
        call->succeed(json::object{{"remote", remote.text()}, {"closed", closed}});
    });
}

void run_peers_trace(const SharedCall& call) {
    const auto remote = call->domain("domain");
    if (!remote) return;
    s2s::TraceOrder order{*remote, {}, {}};
    if (call->has("from")) {
        const auto local = call->domain("from");
        if (!local) return;
        order.local = *local;
    }
    constexpr std::uint64_t longest = s2s::StanzaTrace::longest.count();
    const std::uint64_t span = call->number("for", 60);
    if (span > longest) {
        return call->fail({"argument-malformed", "for takes 0 to " + std::to_string(longest) + " seconds"}, "for");
    }
    order.span = std::chrono::seconds{span};
    call->node().trace(order, [call, order](const Result<void>& set) {
        if (!set) return call->fail(set.error());
        call->succeed(json::object{{"remote", order.remote.text()},
                                   {"local", order.local.empty() ? json::value{} : json::value(order.local.text())},
                                   {"seconds", static_cast<std::uint64_t>(order.span.count())}});
    });
}

constexpr Argument peer_args[] = {place("domain", Form::text, "the peer's domain")};
constexpr Argument ping_args[] = {place("domain", Form::text, "the peer's domain"),
                                  option("from", Form::text, "which of our domains asks; default: the first")};

constexpr Argument trace_args[] = {place("domain", Form::text, "the peer's domain"),
                                   option("from", Form::text, "only with this domain of ours; default: with any"),
                                   option("for", Form::number, "seconds; default: 60; 0 ends it")};

constexpr Verb peers_rows[] = {
    {"peers.list",
     "the peers, one per line",
     {},
     run_peers_list,
     "{role:text peers:[Peer]}",
     print_peers,
     Access::read,
     reads},
    {"peers.show", "everything about one peer: streams, TLS, certificate, queue, errors", peer_args, run_peers_show,
     "{domain:text known:flag peers:[Peer] policy:Policy streams:[Stream] destinations:[Destination] "
     "described:[DescribedPeer] last_good_handshake:Handshake? last_failed_handshake:Handshake?}",
     print_peer, Access::read, reads},
    {"peers.ping", "pings a peer over the live path (XEP-0199)", ping_args, run_peers_ping,
     "{local:text remote:text milliseconds:number}", print_ping, Access::operate, acts, Answers::plainly,
     print_milestone},
    {"peers.close", "closes the streams with a peer", peer_args, run_peers_close, "{remote:text closed:count}",
     print_close, Access::operate},
    {"peers.trace", "logs the stanzas of a peer for a while, without their content", trace_args, run_peers_trace,
     "{remote:text local:text? seconds:count}", print_trace, Access::operate},
};

}  // namespace

std::span<const Verb> peers_verbs() { return peers_rows; }

}  // namespace sallyport::admin
