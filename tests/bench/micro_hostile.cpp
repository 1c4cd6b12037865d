// What a byte costs that somebody chose to be dear: bytes a second over parser, tree, writer, PRECIS, IDNA and JIDs. No
// line should be far below the plain ones of micro_xml, and none should fall as its argument grows (tests/cost holds
// the latter of the same families).
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "proto/xml/reader.h"
#include "proto/xmpp/stanza.h"
#include "support/hostile.h"

namespace sallyport::test {
namespace {

template <typename Row, std::size_t count>
std::vector<std::int64_t> each(const Row (&)[count]) {
    return benchmark::CreateDenseRange(0, static_cast<std::int64_t>(count) - 1, 1);
}

/// Scans, builds and writes a message again and again.
void hostile_xml(benchmark::State& state) {
    const HostileFamily& family = hostile_families[state.range(0)];
    const std::string stanza = family.make(static_cast<std::size_t>(state.range(1)));
    const std::string header{hostile_header};
    state.SetLabel(family.name);
    xml::Reader reader{passed_on_limits};
    reader.feed(header);
    if (reader.next() != xml::Kind::header || reader.next() != xml::Kind::need_more) state.SkipWithError("no header");
    xmpp::StanzaIntake intake;
    for (auto _ : state) {
        reader.feed(stanza);
        xmpp::Stanza out;
        xmpp::StanzaProblem problem;
        if (reader.next() != xml::Kind::element || !intake.read(reader, "en", out, problem) ||
            reader.next() != xml::Kind::need_more) {
            state.SkipWithError("refused");
            return;
        }
        benchmark::DoNotOptimize(out.bytes.data());
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(stanza.size()));
}
BENCHMARK(hostile_xml)->ArgsProduct({each(hostile_families), {16000, 250000}});

void parse_address(benchmark::State& state, const std::string& address, const char* piece) {
    state.SetLabel(piece);
    for (auto _ : state) benchmark::DoNotOptimize(xmpp::Jid::parse(address));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(address.size()));
}

void hostile_local_part(benchmark::State& state) {
    const char* piece = hostile_address_pieces[state.range(0)];
    parse_address(state, filled_with(piece, static_cast<std::size_t>(state.range(1))) + "@b.test", piece);
}
BENCHMARK(hostile_local_part)->ArgsProduct({each(hostile_address_pieces), {250, 1000}});

/// With the character at its end that some rules look for anywhere.
void hostile_resource(benchmark::State& state) {
    const char* piece = hostile_address_pieces[state.range(0)];
    parse_address(state, "a@b.test/" + filled_with(piece, static_cast<std::size_t>(state.range(1))) + "\u30AB", piece);
}
BENCHMARK(hostile_resource)->ArgsProduct({each(hostile_address_pieces), {250, 1000}});

void hostile_domain(benchmark::State& state) {
    const char* piece = hostile_domain_pieces[state.range(0)];
    const std::string domain = filled_with(piece, static_cast<std::size_t>(state.range(1)));
    state.SetLabel(piece);
    for (auto _ : state) benchmark::DoNotOptimize(xmpp::Domain::parse(domain));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(domain.size()));
}
BENCHMARK(hostile_domain)->ArgsProduct({each(hostile_domain_pieces), {100, 1000}});

}  // namespace
}  // namespace sallyport::test
