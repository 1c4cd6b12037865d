// Which stream carries a pair, and what becomes of it: pairs to one remote domain share a stream (XEP-0220 2.6.1) while
// the peer takes them one by one; what it does not take gets a stream of its own.
#include <algorithm>

#include "model/route/targets.h"
#include "services/s2s/pool.h"

namespace sallyport::s2s {

Carrier* Pool::carrier_of(const OutboundStream& stream) {
    const auto at = carriers_.find(&stream);
    return at == carriers_.end() ? nullptr : at->second.get();
}

void Pool::connect(Destination& to) {
    if (shutting_) return return_waiting(to);
    if (share(to)) return;
    log_.info("s2s.outbound.connecting", {{"pair", to.pair.text()}, {"attempt", std::to_string(to.failures + 1)}});
    auto fresh = std::make_unique<Carrier>();
    Carrier& carrier = *fresh;
    carrier.stream = std::make_unique<OutboundStream>(context_, *this, to.pair, false);
    carrier.join(to);
    remotes_[to.pair.remote].carriers.push_back(&carrier);
    carriers_.emplace(carrier.stream.get(), std::move(fresh));
    carrier.stream->start();
}

/// Takes a place on a stream to the same domain, be it open or on its way.
bool Pool::share(Destination& to) {
    const auto at = remotes_.find(to.pair.remote);
    if (!context_.share_streams || to.alone || at == remotes_.end() || at->second.unshared) return false;
    const std::uint64_t most =
        std::min(context_.peer_limits(to.pair.remote).pairs_per_stream, Limits{}.pairs_per_stream);
    for (Carrier* carrier : at->second.carriers) {
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
            remotes_[to->pair.remote].unshared = true;
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
    to.failures = 0;
    to.failure.reset();
    to.failing_since = never;
    to.last_success = context_.shard.loop.wall();
    flush(to);
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
    to->failure = DialFailure{failure.condition, false, failure.step, failure.text};
    if (failure.step == "policy") {
        carrier->leave(*to);
        const Admission admission = context_.rules.admits(to->pair, Direction::outbound);
        return refuse_all(*to, admission.allowed ? DialFailure{failure.condition, true, failure.step, failure.text}
                                                 : refused_by(admission));
    }
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
    Carrier* carrier = carrier_of(stream);
    if (carrier == nullptr) return;
    if (context_.records != nullptr && count > 0 && carrier->window.oldest() != never) {
        // One observation an acknowledgement, not a stanza.
        context_.records->counters().s2s_delivery.add(context_.shard.loop.now() - carrier->window.oldest());
    }
    for (; count > 0; --count) {
        const auto ticket = carrier->window.acknowledge();
        if (!ticket) break;
        context_.shard.settle(*ticket);
    }
    outbound_drained(stream);
}

void Pool::outbound_drained(OutboundStream& stream) {
    Carrier* carrier = carrier_of(stream);
    if (carrier == nullptr || carrier->pairs.empty()) return;
    // In turn: one pair with a long queue must not keep the others from the room that there is.
    const std::size_t first = carrier->turn++;
    for (std::size_t i = 0; i < carrier->pairs.size(); ++i) {
        flush(*carrier->pairs[(first + i) % carrier->pairs.size()]);
    }
}

void Pool::outbound_limits(OutboundStream& stream, const PeerLimits& limits) {
    Carrier* carrier = carrier_of(stream);
    if (carrier == nullptr) return;
    carrier->peer_max_bytes = limits.max_bytes;
    for (Destination* to : carrier->pairs) to->peer_max_bytes = limits.max_bytes;
}

void Pool::outbound_gone(OutboundStream& stream, const DialFailure& failure, bool) {
    auto node = carriers_.extract(&stream);
    if (node.empty()) return;
    const std::unique_ptr<Carrier>& gone = dead_.emplace_back(std::move(node.mapped()));
    // The stream is in the middle of telling us: it is destroyed from the loop.
    if (dead_.size() == 1) context_.shard.loop.defer([this] { dead_.clear(); });
    Carrier& carrier = *gone;
    if (const auto at = remotes_.find(stream.pair().remote); at != remotes_.end()) {
        std::erase(at->second.carriers, &carrier);
        if (at->second.carriers.empty() && !at->second.unshared) remotes_.erase(at);
    }
    if (!carrier.ping_id.empty()) pings_.erase(carrier.ping_id);

    const auto place = [&](const Destination& to) {
        if (to.ready) return Left::ready;
        if (to.asked) return Left::asked;
        return &to == carrier.pairs.front() && !carrier.open ? Left::opening : Left::waiting;
    };
    std::vector<Left> left;
    for (Destination* to : carrier.pairs) left.push_back({to, place(*to)});
    for (const Left& one : left) carrier.leave(*one.to);
    // What the peer did not acknowledge goes first, in its order (XEP-0198 section 4).
    auto written = carrier.window.all_unacknowledged();
    while (!written.empty()) {
        Destination& to = *written.back().to;
        const bool known = std::any_of(left.begin(), left.end(), [&](const Left& l) { return l.to == &to; });
        if (!known) left.push_back({&to, Left::before});
        to.queued_bytes += written.back().waiting.stanza.size();
        to.queue.push_front(std::move(written.back().waiting));
        written.pop_back();
    }
    const auto untaken = carrier.window.all_untaken();
    if (failure.silent) {
        // The peer's TCP had not taken it a second ago: the sender is told rather than left believing that it arrived.
        for (const Waiting& waiting : untaken) {
            if (Destination* to = find(waiting.stanza.view())) hurts(*to, waiting.stanza.view());
            bounce(waiting.stanza.view(),
                   {xmpp::StanzaCondition::remote_server_timeout, {}, "dead", "the connection broke without a word"},
                   {});
        }
    }
    for (const Left& one : left) returned(one, carrier.open, failure);
}

/// The stream that the pair was on, or waited for, is gone.
void Pool::returned(const Left& left, bool was_open, const DialFailure& failure) {
    Destination& to = *left.to;
    // Names, addresses and TLS are the remote domain's: what failed for one pair failed for those that waited with it.
    const bool of_domain = failure.step != "sasl" && failure.step != "dialback";
    if (left.was == Left::opening || (left.was == Left::waiting && !was_open && of_domain)) {
        return lost(to, to.failure && failure.step == "stream" ? *to.failure : failure);
    }
    down(to);
    // Perhaps it was the question that ended the stream: this peer is not asked again.
    if (left.was == Left::asked && !failure.silent) remotes_[to.pair.remote].unshared = true;
    // The company failed where only each for itself can tell.
    if (left.was == Left::waiting && !was_open) to.alone = true;
    const Admission admission = context_.rules.admits(to.pair, Direction::outbound);
    if (!admission.allowed) return refuse_all(to, refused_by(admission));
    if (to.carrier == nullptr && !to.queue.empty()) connect(to);
}

void Pool::down(Destination& to) {
    if (std::exchange(to.told, false))
        context_.on_peer({to.pair, Direction::outbound, Method::none, "", "", "", false});
}

void Pool::lost(Destination& to, const DialFailure& failure) {
    const TimePoint now = context_.shard.loop.now();
    ++to.failures;
    to.failure = failure;
    to.last_failure = context_.shard.loop.wall();
    if (to.failing_since == never) to.failing_since = now;
    hurts_waiting(to);
    to.retry_at = now + route::retry_delay(to.failures, context_.shard.random);
    std::string verdict;
    if (context_.records != nullptr) {
        verdict = context_.records->verdicts().keep(
            {failure.step, "stanza", to.pair.local.text(), to.pair.remote.text(), failure.why},
            context_.shard.loop.wall());
    }
    log_.warn(
        "s2s.outbound.failed",
        {{"pair", to.pair.text()},
         {"step", failure.step},
         {"why", failure.why},
         {"condition", std::string{xmpp::text(failure.condition)}},
         {"attempt", std::to_string(to.failures)},
         {"retry_ms", std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(to.retry_at - now).count())},
         {"waiting", std::to_string(to.queue.size())},
         {"verdict", verdict}});
    answer_pings(to);
    if (failure.permanent) refuse_all(to, failure);
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
