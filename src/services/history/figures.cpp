// The rows.
#include "services/history/figures.h"

#include <algorithm>

namespace sallyport::history {

namespace {

using enum Nature;

constexpr Figure node_figures[] = {
    {"stanzas_in", "1/s", rate, "stanzas received from peers per second"},
    {"stanzas_out", "1/s", rate, "stanzas sent to peers per second"},
    {"bytes_in", "bytes/s", rate, "bytes of XML received from peers per second"},
    {"bytes_out", "bytes/s", rate, "bytes of XML sent to peers per second"},
    {"streams_in", "streams", level, "open inbound streams"},
    {"streams_out", "streams", level, "open outbound streams"},
    {"queued", "stanzas", level, "stanzas queued for a destination"},
    {"unacknowledged", "stanzas", level, "stanzas sent that a peer has not acknowledged"},
    {"handshakes_good", "1/s", rate, "handshakes that succeeded per second"},
    {"handshakes_failed", "1/s", rate, "handshakes that failed per second"},
    {"refusals", "1/s", rate, "refusals of all rules per second"},
    {"delay_link", "s", delay, "95 % of stanzas crossed the router link within"},
    {"delay_peer", "s", delay, "95 % of stanzas were acknowledged by their peer within"},
    {"delay_queue", "s", delay, "95 % of queued stanzas left their queue within"},
    {"link_in", "1/s", rate, "stanzas received over router links per second"},
    {"link_out", "1/s", rate, "stanzas sent over router links per second"},
    {"links_up", "links", level, "router links that are up"},
    {"held_for_link", "stanzas", level, "stanzas held for a router link"},
    {"router_local", "1/s", rate, "presence node: stanzas to local users and components per second"},
    {"router_link", "1/s", rate, "presence node: stanzas to other domains per second"},
    {"router_returned", "1/s", rate, "presence node: stanzas returned per second"},
};
static_assert(std::size(node_figures) == static_cast<std::size_t>(NodeFigure::count_));

constexpr Figure peer_figures[] = {
    {"stanzas_in", "1/s", rate, "stanzas received from the peer per second"},
    {"stanzas_out", "1/s", rate, "stanzas sent to the peer per second"},
    {"bytes_in", "bytes/s", rate, "bytes of XML received from the peer per second"},
    {"bytes_out", "bytes/s", rate, "bytes of XML sent to the peer per second"},
    {"streams_in", "streams", level, "open inbound streams"},
    {"streams_out", "streams", level, "open outbound streams"},
    {"queued", "stanzas", level, "stanzas queued for the peer"},
    {"unacknowledged", "stanzas", level, "stanzas sent that the peer has not acknowledged"},
    {"available", "share", share, "1 while a stream is open, 0 while none can be opened; unknown while none is needed"},
    {"handshakes_good", "1/s", rate, "handshakes with the peer that succeeded per second"},
    {"handshakes_failed", "1/s", rate, "handshakes with the peer that failed per second"},
    {"refusals", "1/s", rate, "stanzas from or to the peer that were refused per second"},
};
static_assert(std::size(peer_figures) == static_cast<std::size_t>(PeerFigure::count_));

constexpr Figure rule_figures[] = {{"refused", "1/s", rate, "refusals of the rule per second"}};

}  // namespace

std::optional<std::size_t> ring_of(std::string_view range) {
    const auto* const at = std::ranges::find(rings, range, &Ring::range);
    if (at == rings.end()) return std::nullopt;
    return static_cast<std::size_t>(at - rings.begin());
}

std::span<const Figure> figures(Kind kind) {
    switch (kind) {
        case Kind::node: return node_figures;
        case Kind::peer: return peer_figures;
        case Kind::rule: return rule_figures;
    }
    return {};
}

}  // namespace sallyport::history
