// What an authenticated stream takes while nothing happens on it.
#include "s2s/bench.h"
#include "s2s/process.h"

namespace sallyport::bench {
namespace {

// Opened before the first reading, so that what a server sets up once is not counted as a stream's.
constexpr unsigned first_streams = 8;

void wait(Bench& bench, double seconds) {
    const std::uint64_t end = now_ns() + static_cast<std::uint64_t>(seconds * 1e9);
    bench.run_until([end] { return now_ns() >= end; }, seconds + 10, "the clock");
}

}  // namespace

Report run_idle(Bench& bench) {
    bench.attach();
    std::vector<std::unique_ptr<Source>> sources;
    bench.open(sources, first_streams);
    wait(bench, bench.options.settle);
    const std::uint64_t before = resident_kb(bench.options.peer);
    Meter opening{bench.options.peer};
    bench.open(sources, bench.options.streams);
    opening.stop();
    wait(bench, bench.options.settle);
    const std::uint64_t after = resident_kb(bench.options.peer);
    Meter idling{bench.options.peer};
    wait(bench, bench.options.settle);
    idling.stop();
    std::uint64_t open = 0;
    for (const auto& source : sources) open += source->ready() ? 1 : 0;
    const auto streams = static_cast<double>(bench.options.streams);
    const double grown = static_cast<double>(after) - static_cast<double>(before);
    Report report;
    report.add("kb_per_stream", grown / streams).add("rss_before_kb", before).add("rss_after_kb", after);
    report.add("opened_per_s", streams / opening.seconds());
    report.add("idle_cpu_percent", 100 * idling.peer_cpu() / idling.seconds());
    report.add("streams_closed", sources.size() - open);
    return report;
}

}  // namespace sallyport::bench
