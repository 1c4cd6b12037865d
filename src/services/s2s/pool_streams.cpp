// Which stream carries a pair: pairs to one remote domain share a stream (XEP-0220 2.6.1) while the peer takes them one
// by one; what it does not take gets a stream of its own.
#include <algorithm>

#include "services/s2s/pool.h"

namespace sallyport::s2s {

Carrier* Pool::carrier_of(const WayOut& stream) {
    const auto at = carriers_.find(&stream);
    return at == carriers_.end() ? nullptr : at->second.get();
}

void Pool::connect(Destination& to) {
    if (stopping_ || go_reversed(to) || leave_to_owner(to) || share(to)) return;
    log_.info("s2s.outbound.connecting", {{"pair", to.pair.text()}, {"attempt", std::to_string(to.failures + 1)}});
    auto fresh = std::make_unique<Carrier>();
    Carrier& carrier = *fresh;
    carrier.stream = std::make_unique<OutboundStream>(context_, *this, to.pair, false);
    carrier.out = carrier.stream.get();
    set_bounds(carrier, to);
    carrier.join(to);
    to.remote->carriers.push_back(&carrier);
    carriers_.emplace(carrier.stream.get(), std::move(fresh));
    carrier.stream->hold(held_);
    carrier.stream->start();
}

/// Takes a place on a stream to the same domain, be it open or on its way.
bool Pool::share(Destination& to) {
    if (!context_.share_streams || to.alone || to.remote->unshared) return false;
    const std::uint64_t most =
        std::min(context_.peer_limits(to.pair.remote).pairs_per_stream, Limits{}.pairs_per_stream);
    for (Carrier* carrier : to.remote->carriers) {
        if (carrier->ending || carrier->pairs.size() >= most) continue;
        if (carrier->open && !carrier->stream->shareable()) continue;
        carrier->join(to);
        to.waits_since = context_.shard.loop.now();
        if (carrier->open) ask_waiting(*carrier);
        return true;
    }
    return false;
}

/// The stream's first pair is authenticated: asks for the others, as many at a time as the peer may be asked for.
void Pool::ask_waiting(Carrier& carrier) {
    const std::vector<Destination*> all = carrier.pairs;
    const bool shareable = carrier.stream->shareable();
    for (Destination* to : all) {
        if (to->ready || to->asked || to->carrier != &carrier) continue;
        if (!shareable) {
            to->remote->unshared = true;
            carrier.leave(*to);
            connect(*to);
            continue;
        }
        to->asked = true;
        if (!carrier.stream->add_pair(to->pair)) {
            to->asked = false;
            return;
        }
        log_.info("s2s.outbound.sharing", {{"pair", to->pair.text()}, {"with", carrier.stream->pair().text()}});
        if (!to->ready && carrier.stream->ready(to->pair)) became_ready(*to);
    }
}

void Pool::go_alone(Destination& to) {
    to.carrier->leave(to);
    to.alone = true;
    if (!to.queue.empty()) connect(to);
}

void Pool::became_ready(Destination& to) {
    to.ready = true;
    to.failure.reset();
    to.last_success = context_.shard.loop.wall();
    acquit(to);
    // Who takes a stream and nothing on it has failed still.
    if (to.carrier->carried) worked(to);
    flush(to);
}

void Pool::worked(Destination& to) {
    to.failures = 0;
    to.failing_since = never;
    to.retry_at = {};
}

void Pool::carried(Carrier& carrier) {
    if (carrier.window.careful() && !carrier.has_suspects()) carrier.window.be_careful(false);
    if (std::exchange(carrier.carried, true)) return;
    for (Destination* to : carrier.pairs) {
        if (to->ready) worked(*to);
    }
}

void Pool::outbound_ready(OutboundStream& stream, const PairReady& pair) {
    Carrier* carrier = carrier_of(stream);
    Destination* to = find(pair.pair);
    if (carrier == nullptr || to == nullptr || to->carrier != carrier) return;
    const StreamStatus status = stream.status();
    if (context_.on_peer && !std::exchange(to->told, true)) {
        context_.on_peer({pair.pair, Direction::outbound, pair.method, status.tls_version, status.cipher,
                          status.remote_address, true});
    }
    became_ready(*to);
    if (!carrier->open) {
        carrier->open = true;
        carrier->opened_at = carrier->moved_at = context_.shard.loop.now();
        for (Destination* waiting : carrier->pairs) waiting->waits_since = context_.shard.loop.now();
    }
    ask_waiting(*carrier);
}

void Pool::outbound_failed(OutboundStream& stream, const PairFailed& failure) {
    Carrier* carrier = carrier_of(stream);
    Destination* to = find(failure.pair);
    if (carrier == nullptr || to == nullptr || to->carrier != carrier) return;
    to->ready = false;
    down(*to);
    to->failure = DialFailure{failure.condition, failure.permanent, failure.step, failure.text};
    if (failure.step == "policy") {
        carrier->leave(*to);
        const Admission admission = context_.rules.admits(to->pair, Direction::outbound);
        return refuse_all(*to, admission.allowed ? DialFailure{failure.condition, true, failure.step, failure.text}
                                                 : refused_by(admission));
    }
    // Nothing is gained by waiting for the end of the stream.
    if (failure.permanent && !carrier->open && failure.step != "dialback") return refuse_all(*to, *to->failure);
    if (failure.step != "dialback" || stream.ready(failure.pair)) return;
    if (carrier->open) {
        // The pair is refused, or only its company: its own stream will tell. The others stay.
        go_alone(*to);
        return ask_waiting(*carrier);
    }
    hurts_waiting(*to);
    // The peer judged our key: trying again with the same key ends the same way (XEP-0220 2.1.1).
    end(*carrier, std::nullopt, "pair refused");
    refuse_all(*to, *to->failure);
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
    if (count > 0) carrier.owed_since = never;
    for (; count > 0 && carrier.window.front() != nullptr; --count) {
        const routing::Ticket ticket = carrier.window.front()->waiting.ticket;
        carrier.window.acknowledge();
        context_.shard.settle(ticket);
    }
    carried(carrier);
    drained(carrier);
}

void Pool::outbound_drained(OutboundStream& stream) {
    if (Carrier* carrier = carrier_of(stream); carrier != nullptr) drained(*carrier);
}

void Pool::drained(Carrier& carrier) {
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

void Pool::down(Destination& to) {
    if (std::exchange(to.told, false))
        context_.on_peer({to.pair, Direction::outbound, Method::none, "", "", "", false});
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
