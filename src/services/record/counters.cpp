// Adding up.
#include "services/record/counters.h"

#include <algorithm>

namespace sallyport::record {

void Histogram::add(Duration took, std::uint64_t times) {
    const double seconds = std::chrono::duration<double>(took).count();
    const auto at = std::lower_bound(bucket_bounds.begin(), bucket_bounds.end(), seconds);
    buckets[static_cast<std::size_t>(at - bucket_bounds.begin())] += times;
    count += times;
    sum += seconds * static_cast<double>(times);
}

Histogram& Histogram::operator+=(const Histogram& other) {
    for (std::size_t i = 0; i < buckets.size(); ++i) buckets[i] += other.buckets[i];
    count += other.count;
    sum += other.sum;
    return *this;
}

std::string_view text(Broken broken) {
    switch (broken) {
        case Broken::detached: return "detached";
        case Broken::resumed: return "resumed";
        case Broken::refused: return "refused";
        case Broken::expired: return "expired";
        case Broken::evicted: return "evicted";
    }
    return "";
}

void Counters::add(Ended stream) {
    if (ended.size() >= most_ended) ended.erase(ended.begin());
    ended.push_back(std::move(stream));
}

Counters& Counters::operator+=(const Counters& other) {
    for (const auto& [step, count] : other.handshakes) handshakes[step] += count;
    handshake_seconds += other.handshake_seconds;
    for (const auto& [status, histogram] : other.dns) dns[status] += histogram;
    s2s_delivery += other.s2s_delivery;
    s2s_waiting += other.s2s_waiting;
    link_delivery += other.link_delivery;
    stanzas_in += other.stanzas_in;
    stanzas_out += other.stanzas_out;
    bytes_in += other.bytes_in;
    bytes_out += other.bytes_out;
    recorder_dropped += other.recorder_dropped;
    for (const auto& [what, count] : other.broken_streams) broken_streams[what] += count;
    for (const auto& [rule, count] : other.verdicts) verdicts[rule] += count;
    for (const auto& [domain, count] : other.refused_stanzas) refused_stanzas[domain] += count;
    ended.insert(ended.end(), other.ended.begin(), other.ended.end());
    return *this;
}

}  // namespace sallyport::record
