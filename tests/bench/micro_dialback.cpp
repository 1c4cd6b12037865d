// What one dialback key costs (XEP-0185 section 2): an authoritative server computes one for every db:verify it
// answers.
#include <benchmark/benchmark.h>

#include <string>

#include "proto/s2s/dialback.h"

namespace sallyport::s2s {
namespace {

void dialback_key_of_one_stream(benchmark::State& state) {
    const std::string secret = "s3cr3tf0rd14lb4ck";
    const std::string stream_id = "D60000229F";
    for (auto _ : state) {
        std::string key = dialback_key(secret, "xmpp.example.com", "example.org", stream_id);
        benchmark::DoNotOptimize(key);
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(dialback_key_of_one_stream);

}  // namespace
}  // namespace sallyport::s2s
