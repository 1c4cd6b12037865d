// Handing over.
#include "services/record/desk.h"

namespace sallyport::record {

namespace {
/// Handshakes that wait for the control thread; it may be busy with a disk while somebody floods us with connections.
constexpr unsigned most_under_way = 256;
}  // namespace

Desk::Desk(const Limits& limits, ToControl to_control, OnHandshake on_handshake)
    : to_control_{std::move(to_control)}, on_handshake_{std::move(on_handshake)}, verdicts_{limits.verdicts} {}

void Desk::done(Handshake handshake) {
    ++counters_.handshakes[{handshake.inbound, handshake.good, handshake.good ? Stage::none : handshake.failed_at}];
    if (handshake.good) counters_.handshake_seconds.add(handshake.took);
    if (!to_control_) return;
    if (under_way_->load(std::memory_order_relaxed) >= most_under_way) {
        ++counters_.recorder_dropped;
        return;
    }
    under_way_->fetch_add(1, std::memory_order_relaxed);
    to_control_([on_handshake = on_handshake_, under_way = under_way_, handshake = std::move(handshake)]() mutable {
        under_way->fetch_sub(1, std::memory_order_relaxed);
        on_handshake(std::move(handshake));
    });
}

Counters Desk::counted() const {
    Counters all = counters_;
    for (const auto& [rule, count] : verdicts_.by_rule()) all.verdicts[rule] += count;
    for (const auto& [domain, count] : verdicts_.by_domain()) all.refused_stanzas[domain] += count;
    return all;
}

}  // namespace sallyport::record
