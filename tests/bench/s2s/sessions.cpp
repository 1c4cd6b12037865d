// Complete sessions: TCP, stream, STARTTLS, TLS 1.3, EXTERNAL, one stanza, close; some at a time.
#include <stdexcept>

#include "s2s/bench.h"

namespace sallyport::bench {
namespace {

class Sessions {
public:
    explicit Sessions(Bench& bench) : bench_{bench} {}

    /// Keeps `streams` sessions going for `seconds`, or until the last is over when `seconds` is 0.
    void run(double seconds) {
        const bool finishing = seconds == 0;
        const std::uint64_t end = now_ns() + static_cast<std::uint64_t>((finishing ? 20 : seconds) * 1e9);
        while (now_ns() < end && !(finishing && open_.empty())) {
            while (!finishing && open_.size() < bench_.options.streams) {
                open_.push_back({bench_.new_source(), now_ns(), false});
            }
            bench_.loop.turn(20);
            bench_.check_inside();
            advance();
        }
    }

    [[nodiscard]] std::uint64_t completed() const { return completed_; }
    [[nodiscard]] std::uint64_t failed() const { return failed_; }
    [[nodiscard]] const std::string& failure() const { return failure_; }
    [[nodiscard]] Histogram& durations() { return durations_; }

private:
    struct Session {
        std::unique_ptr<Source> source;
        std::uint64_t started = 0;
        bool spoken = false;
    };

    void advance() {
        const std::uint64_t now = now_ns();
        for (std::size_t i = 0; i < open_.size();) {
            Session& session = open_[i];
            if (session.source->ready() && !session.spoken) {
                session.spoken = true;
                session.source->send(1, now);
                session.source->finish();
            }
            if (!session.source->over()) {
                ++i;
                continue;
            }
            if (session.source->failure().empty()) {
                ++completed_;
                durations_.add(now - session.started);
            } else {
                ++failed_;
                failure_ = session.source->failure();
            }
            std::swap(session, open_.back());
            open_.pop_back();
        }
    }

    Bench& bench_;
    std::vector<Session> open_;
    std::uint64_t completed_ = 0;
    std::uint64_t failed_ = 0;
    std::string failure_;
    Histogram durations_;
};

}  // namespace

Report run_sessions(Bench& bench) {
    bench.attach();
    Sessions sessions{bench};
    sessions.run(bench.options.warm_up);
    sessions.durations().clear();
    const std::uint64_t before = sessions.completed();
    Meter meter{bench.options.peer};
    sessions.run(bench.options.seconds);
    meter.stop();
    const auto completed = static_cast<double>(sessions.completed() - before);
    const double median = sessions.durations().milliseconds(0.5);
    const double slow = sessions.durations().milliseconds(0.99);
    sessions.run(0);
    bench.drain();
    if (sessions.completed() == 0) throw std::runtime_error{"no session succeeded: " + sessions.failure()};
    Report report;
    report.add("sessions_per_s", completed / meter.seconds());
    report.add("peer_ms_per_session", completed > 0 ? meter.peer_cpu() * 1e3 / completed : 0);
    report.add("p50_ms", median).add("p99_ms", slow).add("failed", sessions.failed());
    meter.report(report);
    report.counts(bench.ledger);
    return report;
}

}  // namespace sallyport::bench
