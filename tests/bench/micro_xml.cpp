// What XML costs: reading streams of 322-byte messages in feeds of 16 KiB, taking stanzas in, preparing addresses.
#include <benchmark/benchmark.h>

#include "base/limits.h"
#include "proto/xml/reader.h"
#include "proto/xmpp/stanza.h"
#include "proto/xmpp/stream_header.h"

namespace sallyport {
namespace {

constexpr std::size_t stanza_size = 322;
constexpr std::size_t feed_size = 16384;

std::string message() {
    std::string out =
        "<message to='juliet@capulet.example' from='romeo@montague.example/orchard' type='chat' id='m0001'><body>";
    const std::string_view end = "</body></message>";
    while (out.size() < stanza_size - end.size()) out += "But soft, what light through yonder window breaks? ";
    out.resize(stanza_size - end.size());
    out += end;
    return out;
}

std::string stream_of(const std::string& stanza) {
    std::string out;
    while (out.size() < 64 * feed_size) out += stanza;
    return out;
}

/// Feeds the stream round and round, `piece` bytes at a time; `each` is called with the reader at each stanza.
template <typename Each>
void read(benchmark::State& state, const std::string& stanza, Each each, std::size_t piece = feed_size) {
    const std::string header = xmpp::write(xmpp::StreamHeader{});
    const std::string stream = stream_of(stanza);
    xml::Reader reader{Limits{}.after_auth};
    reader.feed(header);
    if (reader.next() != xml::Kind::header || reader.next() != xml::Kind::need_more) state.SkipWithError("no header");
    std::int64_t stanzas = 0;
    for (auto _ : state) {
        for (std::size_t at = 0; at < stream.size(); at += piece) {
            reader.feed(std::string_view{stream}.substr(at, piece));
            for (xml::Kind kind = reader.next(); kind != xml::Kind::need_more; kind = reader.next()) {
                if (kind == xml::Kind::problem) {
                    state.SkipWithError(reader.explanation().c_str());
                    return;
                }
                each(reader);
                ++stanzas;
            }
        }
    }
    state.SetItemsProcessed(stanzas);
    state.SetBytesProcessed(stanzas * static_cast<std::int64_t>(stanza.size()));
}

void read_messages(benchmark::State& state) {
    read(state, message(), [](const xml::Reader& reader) { benchmark::DoNotOptimize(reader.slice().data()); });
}
BENCHMARK(read_messages);

/// Each token of a large stanza in pieces of one byte: the cost of a byte must not grow with the token (threat T56).
void read_byte_by_byte(benchmark::State& state) {
    const auto size = static_cast<std::size_t>(state.range(0));
    const std::string name(size / 4, 'n');
    const std::string stanza = "<" + name + " a='" + std::string(15000, 'v') + "'>" + std::string(size / 4, 't') +
                               "<![CDATA[" + std::string(size / 4, 'c') + "]]></" + name + std::string(100, ' ') + ">";
    read(
        state, stanza, [](const xml::Reader& reader) { benchmark::DoNotOptimize(reader.slice().data()); }, 1);
}
BENCHMARK(read_byte_by_byte)->Arg(1000)->Arg(60000)->Arg(240000);

void take_in(benchmark::State& state, const std::string& stanza, std::string_view lang) {
    xmpp::StanzaIntake intake;
    read(state, stanza, [&](const xml::Reader& reader) {
        xmpp::Stanza out;
        xmpp::StanzaProblem problem;
        if (!intake.read(reader, lang, out, problem)) state.SkipWithError("refused");
        benchmark::DoNotOptimize(out.bytes.data());
    });
}
void take_in_messages(benchmark::State& state) { take_in(state, message(), {}); }
BENCHMARK(take_in_messages);

void take_in_messages_with_language_added(benchmark::State& state) { take_in(state, message(), "en"); }
BENCHMARK(take_in_messages_with_language_added);

void rewrite_messages(benchmark::State& state) {
    std::string stanza = message();
    stanza.replace(stanza.find("juliet"), 1, "J");
    take_in(state, stanza, {});
}
BENCHMARK(rewrite_messages);

void build_trees(benchmark::State& state) {
    read(state, message(), [](const xml::Reader& reader) { benchmark::DoNotOptimize(reader.tree()); });
}
BENCHMARK(build_trees);

void parse_jid(benchmark::State& state, std::string_view address) {
    for (auto _ : state) benchmark::DoNotOptimize(xmpp::Jid::parse(address));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(parse_jid, ascii, "romeo@montague.example/orchard");
BENCHMARK_CAPTURE(parse_jid, unicode, "J\u00FCrgen@b\u00FCcher.example/\u265A");

void split_canonical(benchmark::State& state) {
    const std::string_view address = "romeo@montague.example/orchard";
    for (auto _ : state) {
        std::string_view domain;
        benchmark::DoNotOptimize(xmpp::split_canonical(address, domain));
        benchmark::DoNotOptimize(domain.data());
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(split_canonical);

}  // namespace
}  // namespace sallyport
