// What a byte costs that somebody chose to be dear: bytes a second over parser, tree, writer, PRECIS, IDNA and JIDs. No
// line should be far below the plain ones of micro_xml, and none should fall as its argument grows (tests/cost holds
// the latter).
#include <benchmark/benchmark.h>

#include "base/limits.h"
#include "proto/xml/reader.h"
#include "proto/xmpp/stanza.h"

namespace sallyport {
namespace {

std::string repeated(const std::string& text, std::size_t bytes) {
    std::string out;
    while (out.size() + text.size() <= bytes) out += text;
    return out;
}

std::string declarations(std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string n = std::to_string(i);
        out.append(" xmlns:p").append(n).append("='urn:").append(n).append("'");
    }
    return out;
}

std::string nested_declarations(std::size_t depth, const std::string& content) {
    std::string begins, ends;
    for (std::size_t i = 0; i < depth; ++i) {
        begins.append("<x").append(declarations(32)).append(">");
        ends += "</x>";
    }
    return begins + content + ends;
}

std::string attributes_of_many_prefixes() {
    std::string out = "<y";
    for (std::size_t i = 0; i < 128; ++i) out.append(" p0:a").append(std::to_string(i)).append("=''");
    return out + "/>";
}

/// Scans, builds and writes a message of about `bytes` bytes again and again.
void take(benchmark::State& state, const std::string& attributes, const std::string& content) {
    const std::string header = "<s:stream xmlns='jabber:server' xmlns:s='http://etherx.jabber.org/streams'>";
    const std::string stanza = "<message to='B@b.test' from='a@a.test'" + attributes + ">" + content + "</message>";
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

void hostile_xml(benchmark::State& state, const char* kind) {
    const auto bytes = static_cast<std::size_t>(state.range(0));
    const std::string what = kind;
    if (what == "text") return take(state, {}, repeated("&gt;>\u00E4\r'", bytes));
    if (what == "siblings") return take(state, {}, repeated("<x/>", bytes));
    if (what == "one_namespace") {
        return take(state, " xmlns:a='" + std::string(bytes / 2, 'u') + "'", repeated("<a:x/>", bytes / 2));
    }
    if (what == "alternating") {
        const std::string u(bytes / 4, 'u');
        return take(state, " xmlns:a='" + u + "' xmlns:b='" + u + "b'", repeated("<a:x><b:x/></a:x>", bytes / 2));
    }
    if (what == "equal_names") {
        const std::string u(bytes / 4, 'u');
        return take(state, " xmlns:a='" + u + "1' xmlns:b='" + u + "2'", repeated("<x a:y='' b:y=''/>", bytes / 2));
    }
    if (what == "many_prefixes") {
        const std::string content = repeated(attributes_of_many_prefixes(), bytes);
        return take(state, {}, nested_declarations(60, content));
    }
    take(state, {}, repeated("<x" + declarations(32) + "/>", bytes));
}
BENCHMARK_CAPTURE(hostile_xml, text, "text")->Arg(16000)->Arg(250000);
BENCHMARK_CAPTURE(hostile_xml, siblings, "siblings")->Arg(16000)->Arg(250000);
BENCHMARK_CAPTURE(hostile_xml, one_namespace, "one_namespace")->Arg(16000)->Arg(250000);
BENCHMARK_CAPTURE(hostile_xml, alternating, "alternating")->Arg(16000)->Arg(250000);
BENCHMARK_CAPTURE(hostile_xml, equal_names, "equal_names")->Arg(16000)->Arg(250000);
BENCHMARK_CAPTURE(hostile_xml, many_prefixes, "many_prefixes")->Arg(16000)->Arg(250000);
BENCHMARK_CAPTURE(hostile_xml, declarations, "declarations")->Arg(16000)->Arg(250000);

void hostile_address(benchmark::State& state, const char* piece, bool local) {
    const std::string part = repeated(piece, static_cast<std::size_t>(state.range(0))) + (local ? "" : "\u30AB");
    const std::string address = local ? part + "@b.test" : "a@b.test/" + part;
    for (auto _ : state) benchmark::DoNotOptimize(xmpp::Jid::parse(address));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(address.size()));
}
BENCHMARK_CAPTURE(hostile_address, kana_dots, "\u30FB", true)->Arg(250)->Arg(1000);
BENCHMARK_CAPTURE(hostile_address, kana_dots_allowed, "\u30FB", false)->Arg(250)->Arg(1000);
BENCHMARK_CAPTURE(hostile_address, arabic_digits, "\u0661", false)->Arg(250)->Arg(1000);
BENCHMARK_CAPTURE(hostile_address, joiners, "\u0915\u094D\u200D", false)->Arg(250)->Arg(1000);
BENCHMARK_CAPTURE(hostile_address, hebrew, "\u05D0", true)->Arg(250)->Arg(1000);
BENCHMARK_CAPTURE(hostile_address, marks, "\u0301\u0323", false)->Arg(250)->Arg(1000);
BENCHMARK_CAPTURE(hostile_address, wide, "\uFF21", true)->Arg(250)->Arg(1000);

void hostile_domain(benchmark::State& state, const char* piece) {
    const std::string domain = repeated(piece, static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) benchmark::DoNotOptimize(xmpp::Domain::parse(domain));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(domain.size()));
}
BENCHMARK_CAPTURE(hostile_domain, kana_dots, "\u30AB\u30FB")->Arg(100)->Arg(1000);
BENCHMARK_CAPTURE(hostile_domain, labels, "\u30AB.")->Arg(100)->Arg(1000);
BENCHMARK_CAPTURE(hostile_domain, encoded, "xn--mgba3gch31f.")->Arg(100)->Arg(1000);
BENCHMARK_CAPTURE(hostile_domain, marks, "\u0301\u0323")->Arg(100)->Arg(1000);

}  // namespace
}  // namespace sallyport
