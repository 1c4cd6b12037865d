// Streams of the peer that carry what goes to it as well (XEP-0288). To the pool they are carriers as its own are: what
// is sent is kept until it is acknowledged or taken, a peer that gives no sign of life is left, and what such a stream
// held goes on over another one. But the peer has opened them, perhaps to another shard than the pair's.
#include <algorithm>

#include "services/s2s/inbound_stream.h"
#include "services/s2s/pool.h"

namespace sallyport::s2s {

Carrier& Pool::reverse_of(InboundStream& stream, const Destination& first) {
    auto& slot = carriers_[&stream];
    if (!slot) {
        slot = std::make_unique<Carrier>();
        slot->out = &stream;
        slot->open = true;
        slot->opened_at = slot->moved_at = context_.shard.loop.now();
        slot->peer_max_bytes = stream.peer_max_bytes();
        set_bounds(*slot, first);
    }
    return *slot;
}

void Pool::offer(const xmpp::DomainPair& pair, InboundStream& stream) {
    if (stopping_) return;
    Destination& to = destination(pair);
    Carrier& carrier = reverse_of(stream, to);
    if (to.reverse == &carrier) return;
    if (to.reverse != nullptr) std::erase(to.reverse->offered, &to);
    to.reverse = &carrier;
    carrier.offered.push_back(&to);
    Carrier* const before = to.carrier;
    // A stream of ours that is on its way for this pair alone has lost its use; one that works keeps it, so that
    // nothing is overtaken, and so does an older one of the peer's until all that it carried has arrived.
    const bool on_its_way = before != nullptr && before->stream && !before->open && before->pairs.size() == 1;
    const bool left_behind = before != nullptr && !before->stream && before->window.empty();
    if (on_its_way || left_behind) before->leave(to);
    if (to.carrier == nullptr) (void)go_reversed(to);
    if (on_its_way) end(*before, std::nullopt, "the peer's own stream carries the pair");
    if (context_.on_reverse) context_.on_reverse(pair, true);
}

bool Pool::go_reversed(Destination& to) {
    if (to.reverse == nullptr) return false;
    to.reverse->join(to);
    became_ready(to);
    return true;
}

/// The operator's rules no longer let both directions share a stream.
void Pool::leave_reverse(Destination& to) {
    Carrier* const carrier = std::exchange(to.reverse, nullptr);
    std::erase(carrier->offered, &to);
    if (context_.on_reverse) context_.on_reverse(to.pair, false);
    if (to.carrier != carrier) return;
    carrier->leave(to);
    if (!to.queue.empty()) connect(to);
}

void Pool::withdraw(InboundStream& stream, const DialFailure& failure) { gone(stream, failure); }

void Pool::reverse_acknowledged(InboundStream& stream, std::uint64_t count) {
    if (Carrier* carrier = carrier_of(stream); carrier != nullptr) acknowledged(*carrier, count);
}

void Pool::reverse_drained(InboundStream& stream) {
    if (Carrier* carrier = carrier_of(stream); carrier != nullptr) drained(*carrier);
}

bool Pool::reverses(const xmpp::Stanza& stanza) {
    const Destination* to = find(stanza);
    return to != nullptr && (to->reverse != nullptr || (to->carrier != nullptr && !to->carrier->stream));
}

/// Streams of ours are opened where the pair belongs.
bool Pool::leave_to_owner(Destination& to) {
    if (!context_.take_over) return false;
    const std::uint32_t at =
        routing::owner(to.pair.local.text(), to.pair.remote.text(), static_cast<std::uint32_t>(context_.shard.count));
    if (at == context_.shard.index) return false;
    if (!to.queue.empty()) context_.take_over(at, to.pair, take_waiting(to.pair));
    return true;
}

void Pool::take_over(const xmpp::DomainPair& pair, std::deque<Waiting> waiting) {
    if (waiting.empty()) return;
    Destination& to = destination(pair);
    while (!waiting.empty()) {
        Waiting last = std::move(waiting.back());
        waiting.pop_back();
        if (last.blame != 0) ++to.suspects;
        to.queued_bytes += last.stanza.size();
        hold(to, last.stanza.size());
        to.queue.push_front(std::move(last));
    }
    const Admission admission = context_.rules.admits(pair, Direction::outbound);
    if (!admission.allowed) return refuse_all(to, refused_by(admission));
    if (stopping_) return refuse_all(to, stopping());
    if (to.ready) return flush(to);
    if (to.carrier == nullptr && context_.shard.loop.now() >= to.retry_at) connect(to);
}

}  // namespace sallyport::s2s
