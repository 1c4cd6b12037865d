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
    std::map<std::string, WallTime> worked;
    for (const DestinationStatus& one : all) {
        WallTime& latest = worked[one.pair.text()];
        latest = std::max(latest, one.last_success);
    }
    for (DestinationStatus& one : all) {
        if (one.last_failure == WallTime{} || worked[one.pair.text()] <= one.last_failure) continue;
        one.failures = 0;
        one.failure.reset();
        one.next_retry = {};
        if (one.phase == PairPhase::waiting) one.phase = PairPhase::idle;
    }
}

std::vector<DestinationStatus> Pool::destinations() const {
    std::vector<DestinationStatus> all;
    const TimePoint now = context_.shard.loop.now();
    for (const auto& [pair, to] : destinations_) {
        DestinationStatus status;
        status.pair = pair;
        status.phase = to->life.ready()       ? PairPhase::ready
                       : to->life.on_stream() ? PairPhase::connecting
                       : to->failure          ? PairPhase::waiting
                                              : PairPhase::idle;
        status.queued = to->queue.size();
        status.queued_bytes = to->queued_bytes;
        status.unacknowledged = to->unacknowledged + to->suspended;
        status.failures = to->failure ? to->life.failures() : 0;
        if (to->carrier != nullptr && to->carrier->silent_since != never) {
            status.stalled = now - to->carrier->silent_since;
        }
        status.certificate_refused =
            context_.learned != nullptr && context_.learned->refuses_external(pair.text(), now);
        status.failure = to->failure;
        status.last_success = to->last_success;
        status.last_failure = to->last_failure;
        const TimePoint retry_at = to->life.retry_at();
        status.next_retry = retry_at == never || now >= retry_at ? Duration{0} : retry_at - now;
        status.shard = context_.shard.index;
        if (to->hurt) {
            status.users = to->hurt->names();
            status.users_more = to->hurt->more();
        }
        all.push_back(std::move(status));
    }
    return all;
}

}  // namespace sallyport::s2s
