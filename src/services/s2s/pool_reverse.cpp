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
    // Names cost a partner nothing. Without a place the pair goes out on a stream of ours, when there is something.
    if (find(pair) == nullptr) {
        look_for_room(true);
        if (table_full(pair, true)) return;
    }
    Destination& to = destination(pair);
    Carrier& carrier = reverse_of(stream, to);
    if (to.reverse == &carrier) return;
    if (to.reverse != nullptr) std::erase(to.reverse->offered, &to);
    to.reverse = &carrier;
    carrier.offered.push_back(&to);
    tell(to, Pair::On::invited, {nullptr, &carrier});
    if (context_.on_reverse) context_.on_reverse(pair, true);
}

/// The operator's rules no longer let both directions share a stream.
void Pool::leave_reverse(Destination& to) {
    Carrier* const carrier = std::exchange(to.reverse, nullptr);
    std::erase(carrier->offered, &to);
    if (context_.on_reverse) context_.on_reverse(to.pair, false);
    if (to.carrier == carrier) tell(to, Pair::On::withdrawn);
}

void Pool::withdraw(InboundStream& stream, const xmpp::Failure& failure) { gone(stream, failure); }

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

void Pool::take_over(const xmpp::DomainPair& pair, std::deque<Waiting> waiting) {
    if (waiting.empty()) return;
    Destination& to = destination(pair);
    while (!waiting.empty()) {
        Waiting last = std::move(waiting.back());
        waiting.pop_back();
        if (last.blame != 0) ++to.suspects;
        if (to.unsolicited) solicit(to, last.stanza.view());
        to.queued_bytes += last.stanza.size();
        hold(to, last.stanza.size());
        to.queue.push_front(std::move(last));
    }
    tell(to, to.life.on_stream() ? Pair::On::came_back : Pair::On::wanted);
}

}  // namespace sallyport::s2s
