// What happens on the way to an answer, in plain words: the events of `peers ping`.
#include <boost/json.hpp>
#include <optional>
#include <ostream>

#include "admin/print/print.h"
#include "admin/print/table.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

/// An event and what it means; {fact} is one of its facts. Of several rows of one event the first counts whose facts
/// are all there.
struct Milestone {
    std::string_view event, words;
};
constexpr Milestone milestones[] = {
    {"s2s.outbound.connecting", "opening a stream for {pair}"},
    {"s2s.outbound.sharing", "asking for {pair} on the stream of {with}"},
    {"dns.lookup.started", "looking up the servers of {host}"},
    {"dns.lookup.done", "DNS answered for {host}: {method}, {status}"},
    {"tcp.connected", "connected to {remote}"},
    {"tcp.failed", "no connection to {remote}: {why}"},
    {"tcp.address.refused", "{address} is not permitted: {why}"},
    {"s2s.tls", "TLS is established: {version}, {cipher}; certificate: {certificate}"},
    {"s2s.tls", "TLS is established: {version}, {cipher}"},
    {"s2s.tls.failed", "TLS failed: {why}"},
    {"s2s.sasl.sent", "asking the peer to authenticate us by certificate"},
    {"s2s.sasl.success", "authenticated by certificate"},
    {"s2s.sasl.failure", "authentication by certificate failed: {condition}"},
    {"s2s.result.sent", "sent our dialback key to {to}"},
    {"s2s.result.received", "the peer answered our dialback key: {type}"},
    {"s2s.result.received", "the peer sent its dialback key"},
    {"s2s.result.answered", "we answered the peer's dialback key: {type}"},
    {"s2s.verify.sent", "asking the server of {to} about the peer's dialback key"},
    {"s2s.verify.received", "the server of {from} answered about the peer's dialback key: {type}"},
    {"s2s.verify.received", "the server of {from} asks about our dialback key"},
    {"s2s.verify.answered", "we answered about our dialback key: {type}"},
    {"s2s.dialback.timeout", "no answer about {pair} in time"},
    {"s2s.pair.ready", "{pair} is authenticated: {method}, {tls}"},
    {"s2s.target.failed", "{host} failed at {step}: {why}; next: {next}"},
    {"s2s.outbound.failed", "failed at {step}: {why}"},
    {"s2s.outbound.refused", "our own policy refuses it: {why}"},
    {"s2s.refused", "refused: {why}"},
    {"s2s.stream.error-received", "the peer closed the stream: {condition}"},
    {"s2s.stream.closed", "a stream is closed: {why}"},
};

/// `words` with its facts; nothing when one of them is not there.
std::optional<std::string> filled(std::string_view words, const json::value& facts) {
    std::string text;
    for (std::size_t begin = words.find('{'); begin != std::string_view::npos; begin = words.find('{')) {
        const std::size_t end = words.find('}', begin);
        const std::string fact = text_of(facts, words.substr(begin + 1, end - begin - 1));
        if (fact.empty()) return std::nullopt;
        text += words.substr(0, begin);
        text += fact;
        words.remove_prefix(end + 1);
    }
    return text + std::string{words};
}

std::optional<std::string> words_of(const json::value& event) {
    const std::string name = text_of(event, "event");
    const json::value* facts = member(event, "facts");
    for (const Milestone& row : milestones) {
        if (row.event != name) continue;
        if (auto words = filled(row.words, facts == nullptr ? json::value{} : *facts)) return words;
    }
    return std::nullopt;
}

}  // namespace

void print_milestone(const json::value& event, std::ostream& out) {
    const std::string level = text_of(event, "level");
    if (const auto words = words_of(event)) {
        write_hanging(out, "  ", *words);
        out.flush();
    } else if (level == "warn" || level == "error") {  // a fault that has no words here is not kept from anybody
        print_event(event, out);
    }
}

}  // namespace sallyport::admin
