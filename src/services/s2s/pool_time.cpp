// What time does to the pool: stanzas that have waited too long, carriers that do not move.
#include <algorithm>

#include "services/s2s/pool.h"

namespace sallyport::s2s {

namespace {
constexpr Duration sweep_every = std::chrono::seconds{1};
constexpr Duration look_every = std::chrono::milliseconds{50};
}  // namespace

void Pool::arm_sweep() {
    if (sweeping_) return;
    sweeping_ = true;
    sweeper_->arm(context_.shard.loop.now() + sweep_every);
}

void Pool::sweep() {
    sweeping_ = false;
    const TimePoint now = context_.shard.loop.now();
    std::vector<Destination*> all;
    for (auto& [pair, to] : destinations_) all.push_back(to.get());
    for (Destination* to : all) sweep_one(*to, now);
    std::vector<Carrier*> streams;
    for (auto& [stream, carrier] : carriers_) streams.push_back(carrier.get());
    for (Carrier* carrier : streams) {
        if (carrier->open) watch(*carrier, now);
    }
    sweep_suspended(now);
    forget_unused(now);
    keep_to_share(now);
    answer_late_pings(now);
    if (!destinations_.empty() || !pings_.empty()) arm_sweep();
}

void Pool::return_old(Destination& to, const Waiting& old) {
    if (old.blame != 0) --to.suspects;
    hurts(to, old.stanza.view());
    const std::string waited = "it waited longer than queue_seconds";
    xmpp::StanzaError error{xmpp::StanzaCondition::remote_server_timeout, {}, Rule::queue_age, waited};
    if (to.failure) {
        error = to.failure->error();
        error.why += "; " + waited;
    }
    bounce(old.stanza.view(), error, old.ticket);
}

void Pool::look_soon() {
    if (looking_) return;
    looking_ = true;
    looker_->arm(context_.shard.loop.now() + look_every);
}

void Pool::look() {
    looking_ = false;
    std::vector<Carrier*> streams;
    for (auto& [stream, carrier] : carriers_) {
        if (carrier->window.full_of_untaken()) streams.push_back(carrier.get());
    }
    for (Carrier* carrier : streams) {
        look_at(*carrier);
        drained(*carrier);
    }
}

/// How far the peer's TCP is.
void Pool::look_at(Carrier& carrier) {
    const TimePoint now = context_.shard.loop.now();
    const std::uint64_t taken = carrier.out->taken();
    const bool moved = taken > carrier.taken;
    // What a TCP has room for it takes whether or not its process lives: what had to wait for room says that one reads.
    if (moved && carrier.taken < carrier.waited_for) {
        carrier.moved_at = now;
        carrier.stuck_since = never;
        carrier.out->progressed();
    }
    if (moved) carrier.taken = taken;
    if (carrier.window.taken(taken, !moved && taken < carrier.out->written(), now)) carried(carrier);
}

void Pool::sweep_one(Destination& to, TimePoint now) {
    while (!to.queue.empty() && now - to.queue.front().since > to.patience) return_old(to, take_first(to));
    if (to.carrier == nullptr && !to.waits()) acquit(to);
    if (now >= to.life.deadline()) tell_time(to, now);
}

}  // namespace sallyport::s2s
