// bench_s2s: the federation's side of a benchmark, and the inside behind the server under test, in one thread. It
// prints one line of JSON, or a sentence on standard error and exit status 1.
#include <csignal>
#include <exception>
#include <iostream>
#include <stdexcept>

#include "s2s/bench.h"

namespace {

sallyport::bench::Report run(sallyport::bench::Bench& bench) {
    if (bench.options.run == "flood") return sallyport::bench::run_flood(bench);
    if (bench.options.run == "outbound") return sallyport::bench::run_outbound(bench);
    if (bench.options.run == "sessions") return sallyport::bench::run_sessions(bench);
    if (bench.options.run == "idle") return sallyport::bench::run_idle(bench);
    throw std::runtime_error{"no such run: " + bench.options.run};
}

}  // namespace

int main(int count, char** words) {
    std::signal(SIGPIPE, SIG_IGN);
    try {
        const sallyport::bench::Options options = sallyport::bench::parse_options(count, words);
        if (options.run == "relay") return sallyport::bench::run_relay(options), 0;
        sallyport::bench::Bench bench{options};
        std::cout << run(bench).line() << std::endl;
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "bench_s2s: " << error.what() << std::endl;
        return 1;
    }
}
