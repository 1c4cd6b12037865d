// Stanzas on authenticated streams: as flow control permits, within a window, or at a fixed rate.
#include <algorithm>
#include <stdexcept>

#include "s2s/bench.h"

namespace sallyport::bench {
namespace {

class Flood {
public:
    explicit Flood(Bench& bench) : bench_{bench} { bench_.open(sources_, bench_.options.streams); }

    /// Sends for `seconds`.
    void run(double seconds) {
        const std::uint64_t end = now_ns() + static_cast<std::uint64_t>(seconds * 1e9);
        rate_started_ = now_ns();
        rate_sent_ = 0;
        for (std::uint64_t now = now_ns(); now < end; now = now_ns()) {
            const bool more = bench_.options.rate != 0 ? send_at_rate(now) : send_all(now);
            // A fixed rate is kept by looking at the clock all the time: this core has nothing else to do.
            bench_.loop.turn(more || bench_.options.rate != 0 ? 0 : 20);
            bench_.check_inside();
        }
    }

    void check() const {
        for (const auto& source : sources_) {
            if (source->over()) throw std::runtime_error{"a stream failed: " + source->failure()};
        }
    }

private:
    /// Stanzas that the window still admits.
    [[nodiscard]] std::uint64_t room() const {
        const Options& options = bench_.options;
        if (options.window == 0) return options.batch;
        const std::uint64_t outstanding = bench_.ledger.outstanding();
        return outstanding >= options.window ? 0 : options.window - outstanding;
    }

    /// One batch on each stream that takes it; true when another could follow at once.
    bool send_all(std::uint64_t now) {
        bool more = false;
        for (std::size_t i = 0; i < sources_.size() && room() > 0; ++i) {
            Source& source = *sources_[turn_++ % sources_.size()];
            if (!source.writable()) continue;
            source.send(static_cast<unsigned>(std::min<std::uint64_t>(room(), bench_.options.batch)), now);
            more = more || source.writable();
        }
        return more && room() > 0;
    }

    /// What is due by now, one stanza a record, the streams in turn.
    bool send_at_rate(std::uint64_t now) {
        const auto due =
            static_cast<std::uint64_t>(static_cast<double>(now - rate_started_) / 1e9 * bench_.options.rate);
        for (; rate_sent_ < due; ++rate_sent_) sources_[rate_sent_ % sources_.size()]->send(1, now);
        return false;
    }

    Bench& bench_;
    std::vector<std::unique_ptr<Source>> sources_;
    std::size_t turn_ = 0;
    std::uint64_t rate_started_ = 0;
    std::uint64_t rate_sent_ = 0;
};

}  // namespace

Report measure_stanzas(Bench& bench, const std::function<void()>& send) {
    bench.ledger.delays().clear();
    const std::uint64_t before = bench.ledger.received();
    // Until the last has arrived: a server that reads faster than it delivers is not ready before its queues are empty.
    Meter meter{bench.options.peer};
    send();
    bench.drain();
    meter.stop();
    const auto received = static_cast<double>(bench.ledger.received() - before);
    const Histogram& delays = bench.ledger.delays();
    Report report;
    report.add("stanzas_per_s", received / meter.seconds());
    report.add("peer_us_per_stanza", received > 0 ? meter.peer_cpu() * 1e6 / received : 0);
    report.add("p50_ms", delays.milliseconds(0.5)).add("p99_ms", delays.milliseconds(0.99));
    meter.report(report);
    report.counts(bench.ledger);
    return report;
}

Report run_flood(Bench& bench) {
    bench.attach();
    Flood flood{bench};
    flood.run(bench.options.warm_up);
    bench.drain();
    Report report = measure_stanzas(bench, [&] { flood.run(bench.options.seconds); });
    flood.check();
    return report;
}

}  // namespace sallyport::bench
