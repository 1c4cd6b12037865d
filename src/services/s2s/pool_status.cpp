// What status knows of the pool: its streams, and where each pair stands.
#include <algorithm>
#include <map>

#include "services/s2s/pool.h"

namespace sallyport::s2s {

std::string_view text(PairPhase phase) {
    switch (phase) {
        case PairPhase::idle: return "idle";
        case PairPhase::connecting: return "connecting";
        case PairPhase::ready: return "ready";
        case PairPhase::waiting: return "waiting";
    }
    return "?";
}

std::vector<StreamStatus> Pool::streams() const {
    std::vector<StreamStatus> all;
    for (const auto& [stream, carrier] : carriers_) {
        if (carrier->stream) all.push_back(carrier->stream->status());
    }
    return all;
}

void forget_overtaken(std::vector<DestinationStatus>& all) {
    std::map<std::string, std::optional<TimePoint>> worked;
    for (const DestinationStatus& one : all) {
        std::optional<TimePoint>& latest = worked[one.pair.text()];
        latest = std::max(latest, one.worked_at);
    }
    for (DestinationStatus& one : all) {
        if (!one.failed_at || worked[one.pair.text()] <= one.failed_at) continue;
        one.failures = 0;
        one.failure.reset();
        one.next_retry = {};
        if (one.phase == PairPhase::waiting) one.phase = PairPhase::idle;
    }
}

std::vector<DestinationStatus> Pool::destinations() const {
    std::vector<DestinationStatus> all;
    for (const auto& [pair, to] : destinations_) all.push_back(status_of(*to));
    return all;
}

std::vector<DestinationStatus> Pool::latest(std::size_t most) const {
    // One that works now before one that did.
    const auto more_alive = [](const Destination& a, const Destination& b) {
        return a.life.ready() != b.life.ready() ? a.life.ready() : a.worked_at > b.worked_at;
    };
    struct Ends {
        const Destination* failed = nullptr;
        const Destination* worked = nullptr;
    };
    std::map<std::string_view, Ends> remotes;
    for (const auto& [pair, to] : destinations_) {
        if (!to->failure && to->last_success == WallTime{}) continue;
        const std::string_view remote = to->pair.remote.text();
        if (remotes.size() >= most && !remotes.contains(remote)) continue;
        Ends& ends = remotes[remote];
        if (to->failure && (ends.failed == nullptr || ends.failed->failed_at < to->failed_at)) ends.failed = to.get();
        if (ends.worked == nullptr || more_alive(*to, *ends.worked)) ends.worked = to.get();
    }
    std::vector<DestinationStatus> all;
    for (const auto& [remote, ends] : remotes) {
        if (ends.failed != nullptr) all.push_back(status_of(*ends.failed));
        if (ends.worked != ends.failed) all.push_back(status_of(*ends.worked));
    }
    return all;
}

DestinationStatus Pool::status_of(const Destination& to) const {
    const TimePoint now = context_.shard.loop.now();
    DestinationStatus status;
    status.pair = to.pair;
    status.phase = to.life.ready()       ? PairPhase::ready
                   : to.life.on_stream() ? PairPhase::connecting
                   : to.failure          ? PairPhase::waiting
                                         : PairPhase::idle;
    status.queued = to.queue.size();
    status.queued_bytes = to.queued_bytes;
    status.unacknowledged = to.unacknowledged + to.suspended;
    status.failures = to.failure ? to.life.failures() : 0;
    if (to.carrier != nullptr && to.carrier->silent_since != never) status.stalled = now - to.carrier->silent_since;
    if (context_.learned != nullptr) status.certificate_refused = context_.learned->refusal_of(to.pair.text(), now);
    status.failure = to.failure;
    status.last_success = to.last_success;
    status.last_failure = to.last_failure;
    status.worked_at = to.worked_at;
    status.failed_at = to.failed_at;
    const TimePoint retry_at = to.life.retry_at();
    status.next_retry = retry_at == never || now >= retry_at ? Duration{0} : retry_at - now;
    status.shard = context_.shard.index;
    if (to.hurt) {
        status.users = to.hurt->names();
        status.users_more = to.hurt->more();
    }
    return status;
}

}  // namespace sallyport::s2s
