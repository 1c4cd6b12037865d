// Destinations: queues, streams, retries.
#include "services/s2s/pool.h"

#include <algorithm>
#include <charconv>

#include "model/route/targets.h"
#include "proto/xmpp/namespaces.h"
#include "services/s2s/inbound_stream.h"

namespace sallyport::s2s {

namespace {
constexpr Duration sweep_every = std::chrono::seconds{1};
constexpr std::size_t most_destinations = 100000;
constexpr std::size_t most_unconfirmed = 1000;
constexpr std::uint64_t most_unconfirmed_bytes = 1 << 20;
}  // namespace

Pool::Pool(S2sContext& context)
    : context_{context},
      log_{context.shard.logger(LogModule::s2s)},
      ping_prefix_{"sp-ping-" + context.node_instance.substr(0, 12) + "-"},
      sweeper_{context.shard.loop.timer([this] { sweep(); })} {}

Pool::~Pool() = default;

Pool::Destination* Pool::find(const xmpp::DomainPair& pair) {
    const auto at = destinations_.find(pair);
    return at == destinations_.end() ? nullptr : at->second.get();
}

Pool::Destination& Pool::destination(const xmpp::DomainPair& pair) {
    auto& slot = destinations_[pair];
    if (!slot) {
        slot = std::make_unique<Destination>();
        slot->pair = pair;
    }
    arm_sweep();
    return *slot;
}

void Pool::send(const xmpp::Stanza& stanza, const routing::Ticket& ticket) {
    if (last_ == nullptr || last_->pair.local.text() != stanza.from_domain || last_->pair.remote.text() != stanza.to_domain) {
        auto local = xmpp::Domain::parse(stanza.from_domain);
        auto remote = xmpp::Domain::parse(stanza.to_domain);
        if (!local || !remote) return bounce(stanza, {xmpp::StanzaCondition::jid_malformed, {}}, ticket);
        const xmpp::DomainPair pair{std::move(*local), std::move(*remote)};
        // Before any look-up or connection (threat T70).
        const Admission admission = context_.rules.admits(pair, Direction::outbound);
        if (!admission.allowed) {
            log_.info("s2s.outbound.refused", {{"pair", pair.text()},
                                               {"rule", admission.rule},
                                               {"why", admission.why},
                                               {"verdict", admission.verdict_id}});
            return bounce(stanza, {admission.stanza, admission.text}, ticket);
        }
        if (find(pair) == nullptr && destinations_.size() >= std::min<std::uint64_t>(most_destinations, context_.limits.outbound_streams)) {
            return bounce(stanza, {xmpp::StanzaCondition::resource_constraint, {}}, ticket);
        }
        last_ = &destination(pair);
    }
    Destination& to = *last_;
    const std::uint64_t most = to.peer_max_bytes;
    if (most != 0 && stanza.bytes.size() > most) {
        // XEP-0478 section 4: what the peer would refuse is returned here.
        return bounce(stanza, {xmpp::StanzaCondition::policy_violation, "too large for the recipient's server"}, ticket);
    }
    if (to.reverse != nullptr && to.reverse->carries(to.pair)) {
        to.reverse->send(stanza);
        return context_.shard.settle(ticket);
    }
    if (to.ready && to.queue.empty() && to.stream->has_room()) {
        return transmit(to, stanza, ticket, context_.shard.loop.now());
    }
    enqueue(to, stanza, ticket);
}

void Pool::transmit(Destination& to, const xmpp::Stanza& stanza, const routing::Ticket& ticket, TimePoint since) {
    write(to, {xmpp::OwnedStanza{stanza}, ticket, since});
}

void Pool::write(Destination& to, Waiting waiting) {
    const bool counting = to.stream->counting();
    to.stream->send(waiting.stanza.view());
    if (counting) {
        to.unacknowledged.push_back(std::move(waiting));
        return ask_for_acknowledgement(to);
    }
    context_.shard.settle(waiting.ticket);
    to.unconfirmed_bytes += waiting.stanza.size();
    to.unconfirmed.push_back(std::move(waiting));
    while (to.unconfirmed.size() > most_unconfirmed || to.unconfirmed_bytes > most_unconfirmed_bytes) {
        to.unconfirmed_bytes -= to.unconfirmed.front().stanza.size();
        to.unconfirmed.pop_front();
    }
}

/// One `<r/>` a turn: what is delivered is known to be soon after, so that a lost stream sends little twice.
void Pool::ask_for_acknowledgement(const Destination& to) {
    if (!asking_.empty() && asking_.back() == to.pair) return;
    asking_.push_back(to.pair);
    if (asking_.size() > 1) return;
    context_.shard.loop.defer([this] {
        std::vector<xmpp::DomainPair> now;
        now.swap(asking_);
        for (const auto& pair : now) {
            const Destination* destination = find(pair);
            if (destination != nullptr && destination->stream && destination->stream->has_room()) {
                (void)destination->stream->probe();
            }
        }
    });
}

void Pool::confirm(Destination& to) {
    if (to.unconfirmed.empty()) return;
    const std::uint64_t in_flight = to.stream->in_flight();
    while (!to.unconfirmed.empty() && to.unconfirmed_bytes > in_flight) {
        to.unconfirmed_bytes -= to.unconfirmed.front().stanza.size();
        to.unconfirmed.pop_front();
    }
}

void Pool::bounce_unconfirmed(Destination& to) {
    std::deque<Waiting> all;
    all.swap(to.unconfirmed);
    to.unconfirmed_bytes = 0;
    // The peer's TCP had not taken it a second ago: the sender is told rather than left believing that it arrived.
    for (const Waiting& waiting : all) bounce(waiting.stanza.view(), {xmpp::StanzaCondition::remote_server_timeout, {}}, {});
}

void Pool::enqueue(Destination& to, const xmpp::Stanza& stanza, const routing::Ticket& ticket) {
    const TimePoint now = context_.shard.loop.now();
    const Duration patience = std::chrono::seconds{context_.limits.queue_seconds};
    const bool hopeless = to.failure && !to.stream && now < to.retry_at &&
                          (to.failure->permanent || now - to.failing_since > patience);
    if (hopeless) return bounce(stanza, {to.failure->condition, {}}, ticket);
    if (to.queue.size() + to.unacknowledged.size() >= context_.limits.queue_stanzas ||
        to.queued_bytes + stanza.bytes.size() > std::max(context_.limits.queue_bytes, context_.limits.after_auth.element_bytes * 2)) {
        return bounce(stanza, {xmpp::StanzaCondition::resource_constraint, "too much is waiting for this domain"}, ticket);
    }
    to.queue.push_back({xmpp::OwnedStanza{stanza}, ticket, now});
    to.queued_bytes += stanza.bytes.size();
    if (!to.stream && now >= to.retry_at) connect(to);
}

void Pool::connect(Destination& to) {
    log_.info("s2s.outbound.connecting", {{"pair", to.pair.text()}, {"attempt", std::to_string(to.failures + 1)}});
    to.ready = false;
    to.stream = std::make_unique<OutboundStream>(context_, *this, to.pair, false);
    to.stream->start();
}

void Pool::flush(Destination& to) {
    while (to.ready && !to.queue.empty() && to.stream->has_room()) {
        Waiting next = std::move(to.queue.front());
        to.queue.pop_front();
        to.queued_bytes -= next.stanza.size();
        write(to, std::move(next));
    }
}

void Pool::bounce(const xmpp::Stanza& stanza, const xmpp::StanzaError& error, const routing::Ticket& ticket) {
    const std::string answer = xmpp::bounce(stanza, error);
    log_.debug(answer.empty() ? "s2s.stanza.undeliverable" : "s2s.stanza.bounced",
               {{"from", std::string{stanza.from_domain}},
                {"to", std::string{stanza.to_domain}},
                {"kind", std::string{xmpp::text(stanza.kind)}},
                {"condition", std::string{xmpp::text(error.condition)}}});
    if (!answer.empty()) {
        xmpp::Stanza reply;
        reply.bytes = answer;
        reply.kind = stanza.kind;
        reply.to = stanza.from;
        reply.from = stanza.to;
        reply.to_domain = stanza.from_domain;
        reply.from_domain = stanza.to_domain;
        reply.id = stanza.id;
        reply.type = "error";
        context_.router->route(reply, {});
    }
    context_.shard.settle(ticket);
}

void Pool::outbound_ready(OutboundStream& stream, const PairReady& pair) {
    Destination* to = find(pair.pair);
    if (to == nullptr || to->stream.get() != &stream) return;
    to->ready = true;
    to->failures = 0;
    to->failure.reset();
    to->failing_since = never;
    to->last_success = context_.shard.loop.wall();
    const StreamStatus status = stream.status();
    if (context_.on_peer) {
        context_.on_peer({pair.pair, Direction::outbound, pair.method, status.tls_version, status.cipher,
                          status.remote_address, true});
    }
    flush(*to);
}

void Pool::outbound_failed(OutboundStream& stream, const PairFailed& failure) {
    Destination* to = find(failure.pair);
    if (to == nullptr || to->stream.get() != &stream) return;
    to->ready = false;
    to->failure = DialFailure{failure.condition, false, failure.step, failure.text};
    if (failure.step != "dialback" || stream.ready(failure.pair)) return;
    // The peer judged our key: trying again with the same key ends the same way (XEP-0220 2.1.1).
    stream.shut(std::nullopt, "pair refused");
    refuse_all(*to, *to->failure);
}

void Pool::outbound_acknowledged(OutboundStream& stream, std::uint64_t count) {
    Destination* to = find(stream.pair());
    if (to == nullptr || to->stream.get() != &stream) return;
    for (; count > 0 && !to->unacknowledged.empty(); --count) {
        const routing::Ticket ticket = to->unacknowledged.front().ticket;
        to->unacknowledged.pop_front();
        context_.shard.settle(ticket);
    }
}

void Pool::outbound_drained(OutboundStream& stream) {
    Destination* to = find(stream.pair());
    if (to != nullptr && to->stream.get() == &stream) flush(*to);
}

void Pool::outbound_limits(OutboundStream& stream, const PeerLimits& limits) {
    Destination* to = find(stream.pair());
    if (to != nullptr && to->stream.get() == &stream) to->peer_max_bytes = limits.max_bytes;
}

void Pool::outbound_gone(OutboundStream& stream, const DialFailure& failure, bool was_ready) {
    Destination* to = find(stream.pair());
    if (to == nullptr || to->stream.get() != &stream) return;
    if (was_ready && context_.on_peer) {
        context_.on_peer({to->pair, Direction::outbound, Method::none, "", "", "", false});
    }
    bury(std::move(to->stream));
    to->ready = false;
    to->probed_at = never;
    if (!to->ping_id.empty()) pings_.erase(to->ping_id);
    to->ping_id.clear();
    // What the peer did not acknowledge goes first, in its order (XEP-0198 section 4).
    while (!to->unacknowledged.empty()) {
        to->queued_bytes += to->unacknowledged.back().stanza.size();
        to->queue.push_front(std::move(to->unacknowledged.back()));
        to->unacknowledged.pop_back();
    }
    if (failure.silent) bounce_unconfirmed(*to);
    to->unconfirmed.clear();
    to->unconfirmed_bytes = 0;
    if (was_ready) {
        if (const Admission admission = context_.rules.admits(to->pair, Direction::outbound); !admission.allowed) {
            return refuse_all(*to, {admission.stanza, true, "policy", admission.why});
        }
        if (!to->queue.empty()) connect(*to);
        return;
    }
    lost(*to, to->failure && failure.step == "stream" ? *to->failure : failure);
}

void Pool::lost(Destination& to, const DialFailure& failure) {
    const TimePoint now = context_.shard.loop.now();
    ++to.failures;
    to.failure = failure;
    to.last_failure = context_.shard.loop.wall();
    if (to.failing_since == never) to.failing_since = now;
    to.retry_at = now + route::retry_delay(to.failures, context_.shard.random);
    log_.warn("s2s.outbound.failed",
              {{"pair", to.pair.text()},
               {"step", failure.step},
               {"why", failure.why},
               {"condition", std::string{xmpp::text(failure.condition)}},
               {"attempt", std::to_string(to.failures)},
               {"retry_ms", std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(to.retry_at - now).count())},
               {"waiting", std::to_string(to.queue.size())}});
    if (failure.permanent) refuse_all(to, failure);
}

void Pool::refuse_all(Destination& to, const DialFailure& failure) {
    std::deque<Waiting> all;
    all.swap(to.queue);
    to.queued_bytes = 0;
    for (const Waiting& waiting : all) bounce(waiting.stanza.view(), {failure.condition, {}}, waiting.ticket);
}

void Pool::bury(std::unique_ptr<OutboundStream> stream) {
    if (!stream) return;
    // The stream is in the middle of telling us: it is destroyed from the loop.
    dead_.push_back(std::move(stream));
    if (dead_.size() == 1) context_.shard.loop.defer([this] { dead_.clear(); });
}

void Pool::offer(const xmpp::DomainPair& pair, InboundStream* stream) { destination(pair).reverse = stream; }

void Pool::withdraw(InboundStream* stream) {
    for (auto& [pair, to] : destinations_) {
        if (to->reverse == stream) to->reverse = nullptr;
    }
}

void Pool::arm_sweep() {
    if (sweeping_) return;
    sweeping_ = true;
    sweeper_->arm(context_.shard.loop.now() + sweep_every);
}

void Pool::sweep() {
    sweeping_ = false;
    const TimePoint now = context_.shard.loop.now();
    std::vector<xmpp::DomainPair> idle;
    std::vector<Destination*> all;
    for (auto& [pair, to] : destinations_) all.push_back(to.get());
    for (Destination* to : all) {
        sweep_one(*to, now);
        const bool forgettable = !to->stream && to->queue.empty() && to->reverse == nullptr && now >= to->retry_at &&
                                 (!to->failure || now - to->failing_since > std::chrono::hours{1});
        if (forgettable && to->last_success == WallTime{}) idle.push_back(to->pair);
    }
    for (const auto& pair : idle) {
        if (last_ != nullptr && last_->pair == pair) last_ = nullptr;
        destinations_.erase(pair);
    }
    std::vector<std::string> late;
    for (const auto& [id, ping] : pings_) {
        if (ping.on_pinged && now - ping.since > context_.timers.negotiation) late.push_back(id);
    }
    for (const auto& id : late) {
        const Ping ping = std::move(pings_.extract(id).mapped());
        const Destination* to = find(ping.pair);
        ping.on_pinged(Error{"ping-no-answer", to != nullptr && to->failure ? to->failure->step + ": " + to->failure->why
                                                                            : "no answer in time"});
    }
    if (!destinations_.empty() || !pings_.empty()) arm_sweep();
}

void Pool::sweep_one(Destination& to, TimePoint now) {
    const Duration patience = std::chrono::seconds{context_.limits.queue_seconds};
    while (!to.queue.empty() && now - to.queue.front().since > patience) {
        const Waiting old = std::move(to.queue.front());
        to.queue.pop_front();
        to.queued_bytes -= old.stanza.size();
        const auto condition = to.failure ? to.failure->condition : xmpp::StanzaCondition::remote_server_timeout;
        bounce(old.stanza.view(), {condition, {}}, old.ticket);
    }
    if (!to.stream && !to.queue.empty() && now >= to.retry_at) connect(to);
    if (to.ready && to.stream) watch(to, now);
}

void Pool::watch(Destination& to, TimePoint now) {
    // Silence since the last byte of the peer, or since the answer to our last ping (it comes on another stream).
    const TimePoint heard = std::max(to.stream->heard(), to.answered_at);
    confirm(to);
    if (to.probed_at != never) {
        if (heard > to.probed_at) {
            to.probed_at = never;
        } else if (now - to.probed_at > context_.dead_after) {
            log_.warn("s2s.peer.dead", {{"pair", to.pair.text()}, {"why", "no sign of life after a ping"}});
            to.probed_at = now;  // said once; the stream is closing
            to.stream->presume_dead();
        }
        return;
    }
    if (now - heard < context_.ping_after) return;
    to.probed_at = now;
    if (to.stream->probe()) return;
    to.ping_id = ping_prefix_ + std::to_string(context_.shard.index) + "-" + context_.shard.fresh_id();
    pings_[to.ping_id] = {to.pair, now, nullptr};
    send_ping(to, to.ping_id);
}

void Pool::send_ping(Destination& to, const std::string& id) {
    const std::string from = to.pair.local.text();
    const std::string remote = to.pair.remote.text();
    const std::string bytes = "<iq type='get' id='" + id + "' from='" + from + "' to='" + remote + "'><ping xmlns='" +
                              std::string{xmpp::ns::ping} + "'/></iq>";
    xmpp::Stanza stanza;
    stanza.bytes = bytes;
    stanza.kind = xmpp::StanzaKind::iq;
    stanza.from = stanza.from_domain = from;
    stanza.to = stanza.to_domain = remote;
    stanza.id = id;
    stanza.type = "get";
    send(stanza, {});
}

bool Pool::take_pong(const xmpp::Stanza& stanza, const routing::Ticket& ticket) {
    if (stanza.kind != xmpp::StanzaKind::iq || !stanza.id.starts_with(ping_prefix_)) return false;
    if ((stanza.type != "result" && stanza.type != "error") || stanza.to != stanza.to_domain) return false;
    const std::string_view rest = stanza.id.substr(ping_prefix_.size());
    std::uint32_t shard = 0;
    const auto [end, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), shard);
    if (problem != std::errc{} || shard >= context_.shard.count) return false;
    context_.shard.settle(ticket);
    if (shard == context_.shard.index) {
        pong(std::string{stanza.id}, std::string{stanza.from}, std::string{stanza.to});
    } else if (context_.pong_elsewhere) {
        context_.pong_elsewhere(shard, std::string{stanza.id}, std::string{stanza.from}, std::string{stanza.to});
    }
    return true;
}

void Pool::pong(const std::string& id, const std::string& from, const std::string& to) {
    const auto known = pings_.find(id);
    // An answer counts only from where the question went (threat T48).
    if (known == pings_.end() || known->second.pair.remote.text() != from || known->second.pair.local.text() != to) return;
    const Ping ping = std::move(pings_.extract(known).mapped());
    const TimePoint now = context_.shard.loop.now();
    if (Destination* destination = find(ping.pair); destination != nullptr) {
        destination->answered_at = now;
        if (destination->ping_id == id) {
            destination->probed_at = never;
            destination->ping_id.clear();
        }
    }
    if (ping.on_pinged) ping.on_pinged(now - ping.since);
}

void Pool::ping(const xmpp::DomainPair& pair, OnPinged on_pinged) {
    const Admission admission = context_.rules.admits(pair, Direction::outbound);
    if (!admission.allowed) return on_pinged(Error{"ping-refused", admission.rule + ": " + admission.why});
    const std::string id = ping_prefix_ + std::to_string(context_.shard.index) + "-" + context_.shard.fresh_id();
    pings_[id] = {pair, context_.shard.loop.now(), std::move(on_pinged)};
    Destination& to = destination(pair);
    if (!to.stream) to.retry_at = {};
    send_ping(to, id);
}

unsigned Pool::close(const xmpp::Domain& remote, const std::string& why) {
    unsigned closed = 0;
    for (auto& [pair, to] : destinations_) {
        if (pair.remote != remote || !to->stream) continue;
        ++closed;
        to->stream->shut(std::nullopt, why);
    }
    return closed;
}

void Pool::rules_changed() {
    last_ = nullptr;
    std::vector<Destination*> all;
    for (auto& [pair, to] : destinations_) all.push_back(to.get());
    for (Destination* to : all) {
        to->retry_at = {};  // what failed under the old settings may work under the new ones
        if (to->stream) to->stream->rules_changed();
        const Admission admission = context_.rules.admits(to->pair, Direction::outbound);
        if (!admission.allowed) refuse_all(*to, {admission.stanza, true, "policy", admission.why});
    }
}

void Pool::shut(const xmpp::StreamError& error) {
    for (auto& [pair, to] : destinations_) {
        refuse_all(*to, {xmpp::StanzaCondition::remote_server_timeout, true, "stream", error.text});
        if (to->stream) to->stream->shut(error, "shutting down");
    }
}

std::vector<StreamStatus> Pool::streams() const {
    std::vector<StreamStatus> all;
    for (const auto& [pair, to] : destinations_) {
        if (to->stream) all.push_back(to->stream->status());
    }
    return all;
}

std::vector<DestinationStatus> Pool::destinations() const {
    std::vector<DestinationStatus> all;
    const TimePoint now = context_.shard.loop.now();
    for (const auto& [pair, to] : destinations_) {
        DestinationStatus status;
        status.pair = pair;
        status.state = to->ready ? "ready" : to->stream ? "connecting" : to->failure ? "waiting" : "idle";
        status.queued = to->queue.size();
        status.queued_bytes = to->queued_bytes;
        status.unacknowledged = to->unacknowledged.size();
        status.failures = to->failures;
        if (to->failure) {
            status.last_error = to->failure->why;
            status.last_step = to->failure->step;
        }
        status.last_success = to->last_success;
        status.last_failure = to->last_failure;
        status.next_retry = to->stream || now >= to->retry_at ? Duration{0} : to->retry_at - now;
        status.shard = context_.shard.index;
        all.push_back(std::move(status));
    }
    return all;
}

}  // namespace sallyport::s2s
