// Differences.
#include "services/history/sampler.h"

#include <algorithm>

namespace sallyport::history {

namespace {

constexpr std::array delay_figures{NodeFigure::delay_link, NodeFigure::delay_peer, NodeFigure::delay_queue};

/// A counter that fell began anew.
std::uint64_t grown(std::uint64_t now, std::uint64_t before) { return now >= before ? now - before : now; }
double grown(double now, double before) { return now >= before ? now - before : now; }

/// The first slot whose middle is not before `wall`.
std::int64_t slot_from(WallTime wall) {
    const std::int64_t step = rings.front().step * WallTime::period::den;
    const std::int64_t since = wall.time_since_epoch().count() - step / 2;
    return since / step + (since % step > 0 ? 1 : 0);
}

double per_second(std::uint64_t count, double seconds) { return static_cast<double>(count) / seconds; }

}  // namespace

double quantile(const record::Histogram& before, const record::Histogram& now, double share) {
    const std::uint64_t count = grown(now.count, before.count);
    if (count == 0) return unknown;
    const double wanted = share * static_cast<double>(count);
    double below = 0;
    for (std::size_t i = 0; i < now.buckets.size(); ++i) {
        const auto here = static_cast<double>(grown(now.buckets[i], before.buckets[i]));
        const double low = i == 0 ? 0 : record::bucket_bounds[i - 1];
        if (here > 0 && below + here >= wanted) {
            const double high = i < record::bucket_bounds.size() ? record::bucket_bounds[i] : low;
            return low + (high - low) * (wanted - below) / here;
        }
        below += here;
    }
    return record::bucket_bounds.back();
}

std::optional<Sample> Sampler::take(Reading reading) {
    if (!is_sensible(reading.wall)) return std::nullopt;
    const Duration passed = before_ ? reading.now - before_->now : Duration{0};
    if (!before_ || passed <= Duration{0} || passed > longest_interval) {
        remember(std::move(reading));
        return std::nullopt;
    }
    std::optional<Sample> sample = slots_of(reading);
    if (!sample) return sample;  // this interval grows on
    const double seconds = std::chrono::duration<double>(passed).count();
    rate_node(reading, seconds, *sample);
    rate_peers(reading, seconds, *sample);
    remember(std::move(reading));
    return sample;
}

std::optional<Sample> Sampler::slots_of(const Reading& reading) const {
    const Duration passed = reading.now - before_->now;
    const Duration passed_on_wall = reading.wall - before_->wall;
    const bool jumped = std::chrono::abs(passed_on_wall - passed) > jump;
    const WallTime from =
        jumped ? reading.wall - std::chrono::duration_cast<WallTime::duration>(passed) : before_->wall;
    Sample sample;
    sample.first = slot_from(from);
    sample.last = slot_from(reading.wall) - 1;
    if (sample.last < sample.first) return std::nullopt;
    return sample;
}

void Sampler::rate_node(const Reading& reading, double seconds, Sample& sample) const {
    const auto all = figures(Kind::node);
    for (std::size_t i = 0; i < all.size(); ++i) {
        const double now = reading.node.all[i];
        sample.node.all[i] = all[i].nature == Nature::rate ? grown(now, before_->node.all[i]) / seconds : now;
    }
    for (std::size_t i = 0; i < delay_figures.size(); ++i) {
        constexpr double most = 0.95;
        sample.node[delay_figures[i]] = quantile(before_->delays[i], reading.delays[i], most);
    }
    std::uint64_t in = 0, out = 0;
    for (const Carrier& link : reading.links) {
        const auto at = links_.find(link.key);
        const Sums before = at == links_.end() ? Sums{} : at->second;
        in += grown(link.stanzas_in, before.stanzas_in);
        out += grown(link.stanzas_out, before.stanzas_out);
    }
    sample.node[NodeFigure::link_in] = per_second(in, seconds);
    sample.node[NodeFigure::link_out] = per_second(out, seconds);
    for (const auto& [rule, count] : reading.refusals) {
        const auto at = before_->refusals.find(rule);
        const std::uint64_t more = grown(count, at == before_->refusals.end() ? 0 : at->second);
        if (more > 0) sample.refusals[rule] = per_second(more, seconds);
    }
}

void Sampler::rate_peers(const Reading& reading, double seconds, Sample& sample) const {
    sample.peers = reading.peers;
    const auto values_of = [&](const std::string& peer) -> PeerValues& {
        const auto [at, is_new] = sample.peers.try_emplace(peer);
        if (is_new) at->second[PeerFigure::available] = unknown;
        return at->second;
    };
    for (const Carrier& stream : reading.streams) {
        const auto at = streams_.find(stream.key);
        const Sums before = at == streams_.end() ? Sums{} : at->second;
        PeerValues& values = values_of(stream.peer);
        values[PeerFigure::stanzas_in] += per_second(grown(stream.stanzas_in, before.stanzas_in), seconds);
        values[PeerFigure::stanzas_out] += per_second(grown(stream.stanzas_out, before.stanzas_out), seconds);
        values[PeerFigure::bytes_in] += per_second(grown(stream.bytes_in, before.bytes_in), seconds);
        values[PeerFigure::bytes_out] += per_second(grown(stream.bytes_out, before.bytes_out), seconds);
    }
    for (const auto& entry : reading.counts) {
        const std::string& peer = entry.first;
        const PeerCounts& counts = entry.second;
        const auto at = before_->counts.find(peer);
        const PeerCounts before = at == before_->counts.end() ? PeerCounts{} : at->second;
        const auto put = [&](PeerFigure figure, std::uint64_t PeerCounts::*member) {
            const std::uint64_t more = grown(counts.*member, before.*member);
            if (more > 0) values_of(peer)[figure] += per_second(more, seconds);
        };
        put(PeerFigure::handshakes_good, &PeerCounts::handshakes_good);
        put(PeerFigure::handshakes_failed, &PeerCounts::handshakes_failed);
        put(PeerFigure::refusals, &PeerCounts::refusals);
    }
}

void Sampler::remember(Reading reading) {
    const auto keep = [](const std::vector<Carrier>& carriers, Known& known) {
        known.clear();
        for (const Carrier& one : carriers) {
            known[one.key] = {one.stanzas_in, one.stanzas_out, one.bytes_in, one.bytes_out};
        }
    };
    keep(reading.streams, streams_);
    keep(reading.links, links_);
    reading.streams.clear();
    reading.links.clear();
    before_ = std::move(reading);
}

}  // namespace sallyport::history
