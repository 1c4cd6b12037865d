// What every run needs: loop, ledger, TLS, the server's inside and a supply of streams, and the line of JSON at the
// end.
#pragma once

#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "s2s/inside.h"
#include "s2s/options.h"
#include "s2s/source.h"

namespace sallyport::bench {

class Bench {
public:
    explicit Bench(const Options& options);

    const Options options;
    Loop loop;
    Ledger ledger;

    /// Attaches to the inside and waits until it is ready; nothing when the options name none.
    void attach();
    [[nodiscard]] std::unique_ptr<Source> new_source();
    /// Turns the loop until `done` says so; throws when that takes longer than `limit` seconds or the inside fails.
    void run_until(const std::function<bool()>& done, double limit, const char* what);
    /// Opens `count` streams, at most 32 of them at a time, and waits until they are ready.
    void open(std::vector<std::unique_ptr<Source>>& sources, unsigned count);
    /// Waits for what is still under way, as long as something arrives.
    void drain();
    void check_inside() const;
    [[nodiscard]] Inside& inside() { return *inside_; }

private:
    TlsContext source_tls_;
    TlsContext link_tls_;
    std::unique_ptr<Inside> inside_;
    unsigned made_ = 0;
};

/// One line of JSON, members in the order they were given.
class Report {
public:
    Report& add(const std::string& name, double value);
    Report& add(const std::string& name, std::uint64_t value);
    Report& add(const std::string& name, const std::string& value);
    Report& counts(const Ledger& ledger);
    [[nodiscard]] std::string line() const { return "{" + text_.str() + "}"; }

private:
    std::ostringstream& member(const std::string& name);
    std::ostringstream text_;
};

/// CPU and wall time between two moments, of the server and of this process.
class Meter {
public:
    explicit Meter(int peer);
    void stop();
    [[nodiscard]] double seconds() const { return seconds_; }
    [[nodiscard]] double peer_cpu() const { return peer_cpu_; }
    void report(Report& report) const;

private:
    int peer_;
    double seconds_ = 0;
    double peer_cpu_ = 0;
    double own_cpu_ = 0;
    std::uint64_t started_;
};

/// Sends, waits for the last stanza and reports rate, cost, delays and counts.
[[nodiscard]] Report measure_stanzas(Bench& bench, const std::function<void()>& send);
/// "a%.remote.lab" with the number in the place of the mark.
[[nodiscard]] std::string numbered(const std::string& pattern, unsigned number);

Report run_flood(Bench& bench);
Report run_outbound(Bench& bench);
Report run_sessions(Bench& bench);
Report run_idle(Bench& bench);
/// Serves until the process is ended.
void run_relay(const Options& options);

}  // namespace sallyport::bench
