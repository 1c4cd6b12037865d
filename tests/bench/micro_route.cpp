// What it costs to know where a stanza goes: once a stanza the shard that owns the pair; where the pair differs from
// the one before, also the operator's policy and the destination. Settings as of a busy edge: a thousand names on the
// allow list, a hundred exceptions.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <unordered_map>

#include "base/hash.h"
#include "model/policy/policy.h"
#include "services/routing/shard.h"

namespace sallyport {
namespace {

std::string partner(std::size_t number) { return "partner" + std::to_string(number) + ".example"; }

config::Snapshot busy_edge() {
    auto settings = std::make_shared<config::Settings>();
    settings->enabled = true;
    settings->privacy_mode = config::PrivacyMode::allow_list;
    settings->dialback_secret = "s3cr3tf0rd14lb4ck";
    settings->domains = {*config::NamePattern::parse("corp.example"),
                         *config::NamePattern::parse("rooms.corp.example")};
    for (std::size_t n = 0; n < 1000; ++n) settings->allow_list.push_back(*config::NamePattern::parse(partner(n)));
    for (std::size_t n = 0; n < 100; ++n) {
        config::PeerException exception;
        exception.domain = *config::NamePattern::parse(partner(n * 10));
        settings->peers.push_back(exception);
    }
    return settings;
}

void owner_of_a_pair(benchmark::State& state) {
    const std::string local = "corp.example";
    const std::string remote = partner(500);
    for (auto _ : state) benchmark::DoNotOptimize(routing::owner(local, remote, 8));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(owner_of_a_pair);

void policy_of_a_pair(benchmark::State& state) {
    const policy::EdgeRules rules{busy_edge()};
    const xmpp::DomainPair pair{*xmpp::Domain::parse("corp.example"), *xmpp::Domain::parse(partner(500))};
    for (auto _ : state) benchmark::DoNotOptimize(rules.admits(pair, s2s::Direction::outbound));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(policy_of_a_pair);

struct KeyedHash {
    SipKey key{1, 2};
    std::size_t operator()(const xmpp::DomainPair& pair) const {
        return sip_hash(key, pair.local.text()) * 31 + sip_hash(key, pair.remote.text());
    }
};

/// Names parsed, policy asked, destination found among as many as the argument says: a stanza for another pair than the
/// one before.
void route_to_another_pair(benchmark::State& state) {
    const policy::EdgeRules rules{busy_edge()};
    const auto partners = static_cast<std::size_t>(state.range(0));
    std::unordered_map<xmpp::DomainPair, int, KeyedHash> destinations;
    std::vector<std::string> names;
    for (std::size_t n = 0; n < partners; ++n) {
        names.push_back(partner(n));
        destinations[{*xmpp::Domain::parse("corp.example"), *xmpp::Domain::parse(names.back())}] = 0;
    }
    std::size_t next = 0;
    for (auto _ : state) {
        const std::string& remote = names[next++ % partners];
        benchmark::DoNotOptimize(routing::owner("corp.example", remote, 8));
        const xmpp::DomainPair pair{*xmpp::Domain::parse("corp.example"), *xmpp::Domain::parse(remote)};
        const s2s::Admission admission = rules.admits(pair, s2s::Direction::outbound);
        benchmark::DoNotOptimize(admission);
        benchmark::DoNotOptimize(destinations.find(pair));
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(route_to_another_pair)->Arg(10)->Arg(1000);

}  // namespace
}  // namespace sallyport
