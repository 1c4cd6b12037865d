// Streams of ours: what they tell of the pairs on them, and of what was sent. Pairs to one remote domain share a stream
// (XEP-0220 2.6.1) while the peer takes them one by one.
#include <algorithm>

#include "services/s2s/pool.h"

namespace sallyport::s2s {

Carrier* Pool::carrier_of(const WayOut& stream) {
    const auto at = carriers_.find(&stream);
    return at == carriers_.end() ? nullptr : at->second.get();
}

/// The stream's first pair is authenticated: asks for the others, as many at a time as the peer may be asked for.
void Pool::ask_waiting(Carrier& carrier) {
    const std::vector<Destination*> all = carrier.pairs;
    const bool shareable = carrier.stream->shareable();
    for (Destination* to : all) {
        if (to->carrier != &carrier || !to->life.in_line()) continue;
        tell(*to, shareable ? Pair::On::may_ask : Pair::On::unshareable);
        if (to->carrier == &carrier && to->life.in_line()) return;  // no room for it, nor for those behind it
    }
}

void Pool::carried(Carrier& carrier) {
    if (carrier.window.careful() && !carrier.has_suspects()) carrier.window.be_careful(false);
    if (std::exchange(carrier.carried, true)) return;
    if (const auto at = remotes_.find(carrier.out->pair().remote); at != remotes_.end()) at->second.barren = false;
    const std::vector<Destination*> pairs = carrier.pairs;
    for (Destination* to : pairs) tell(*to, Pair::On::carried);
}

void Pool::heard(Carrier& carrier) {
    const TimePoint now = context_.shard.loop.now();
    if (now < carrier.sign_due) return;
    carrier.sign_due = now + sign_every;
    const xmpp::Domain remote = carrier.out->pair().remote;
    tell_alive(remote, Sign::heard);
}

void Pool::outbound_ready(OutboundStream& stream, const PairReady& pair) {
    Carrier* carrier = carrier_of(stream);
    Destination* to = find(pair.pair);
    if (carrier == nullptr || to == nullptr || to->carrier != carrier) return;
    tell(*to, Pair::On::ready);
    if (!carrier->open) {
        carrier->open = true;
        carrier->opened_at = carrier->moved_at = context_.shard.loop.now();
        const std::vector<Destination*> all = carrier->pairs;
        for (Destination* waiting : all) tell(*waiting, Pair::On::stream_open);
        tell_alive(pair.pair.remote, Sign::opened);
    }
    ask_waiting(*carrier);
}

void Pool::outbound_failed(OutboundStream& stream, const PairFailed& failed) {
    Carrier* carrier = carrier_of(stream);
    Destination* to = find(failed.pair);
    if (carrier == nullptr || to == nullptr || to->carrier != carrier) return;
    const xmpp::Failure& failure = failed.failure;
    const bool judged = failed.judged;
    if (judged && stream.ready(failed.pair)) return;
    to->failure = failure;
    // What may have arrived is not returned because a key could not be checked just now.
    if (judged && to->suspended != 0 && !failure.permanent && !carrier->open) {
        return end(*carrier, std::nullopt, "the key could not be checked");
    }
    const News news{&failure};
    if (failure.stage == Stage::policy) return tell(*to, Pair::On::barred, news);
    if (judged) {
        // The peer judged our key: trying again with the same key ends the same way (XEP-0220 2.1.1).
        tell(*to, Pair::On::refused, news);
        if (carrier->open) ask_waiting(*carrier);
    } else if (failure.permanent && !carrier->open) {
        // Nothing is gained by waiting for the end of the stream.
        tell(*to, Pair::On::doomed, news);
    }
}

void Pool::outbound_acknowledged(OutboundStream& stream, std::uint64_t count) {
    if (Carrier* carrier = carrier_of(stream); carrier != nullptr) acknowledged(*carrier, count);
}

void Pool::acknowledged(Carrier& carrier, std::uint64_t count) {
    if (context_.records != nullptr && count > 0 && carrier.window.oldest() != never) {
        // One observation an acknowledgement, not a stanza.
        context_.records->counters().s2s_delivery.add(context_.shard.loop.now() - carrier.window.oldest());
    }
    if (!carrier.out->counting()) {
        // It will acknowledge nothing after all: what was written is done, as with any peer that does not.
        for (const routing::Ticket& ticket : carrier.window.waive()) context_.shard.settle(ticket);
        return drained(carrier);
    }
    const bool some = count > 0;
    if (some) carrier.owed_since = never;
    if (some) carrier.fruitless = 0;
    for (; count > 0 && carrier.window.front() != nullptr; --count) {
        const routing::Ticket ticket = carrier.window.front()->waiting.ticket;
        carrier.window.acknowledge();
        context_.shard.settle(ticket);
    }
    carried(carrier);
    drained(carrier);
    if (some) heard(carrier);
}

void Pool::outbound_drained(OutboundStream& stream) {
    if (Carrier* carrier = carrier_of(stream); carrier != nullptr) drained(*carrier);
}

void Pool::drained(Carrier& carrier) {
    // Nothing need follow that would ask for what has gone.
    if (carrier.asks_later && carrier.out->has_room()) ask_for_acknowledgement(*carrier.out);
    if (carrier.pairs.empty()) return;
    // In turn: one pair with a long queue must not keep the others from the room that there is.
    const std::size_t first = carrier.turn++;
    for (std::size_t i = 0; i < carrier.pairs.size(); ++i) {
        flush(*carrier.pairs[(first + i) % carrier.pairs.size()]);
    }
}

void Pool::outbound_limits(OutboundStream& stream, const PeerLimits& limits) {
    Carrier* carrier = carrier_of(stream);
    if (carrier == nullptr) return;
    carrier->peer_max_bytes = limits.max_bytes;
    for (Destination* to : carrier->pairs) to->peer_max_bytes = limits.max_bytes;
}

void Pool::end(Carrier& carrier, std::optional<xmpp::StreamError> error, const std::string& why) {
    carrier.ending = true;
    carrier.stream->shut(std::move(error), why);
}

unsigned Pool::close(const xmpp::Domain& remote, const std::string& why) {
    const auto at = remotes_.find(remote);
    if (at == remotes_.end()) return 0;
    const std::vector<Carrier*> all = at->second.carriers;
    for (Carrier* carrier : all) end(*carrier, std::nullopt, why);
    return static_cast<unsigned>(all.size());
}

}  // namespace sallyport::s2s
