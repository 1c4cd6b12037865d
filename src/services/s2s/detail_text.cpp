// A row an event: how its Detail is put together.
#include "services/s2s/detail_text.h"

#include <algorithm>
#include <cstdio>

#include "proto/s2s/events.h"
#include "proto/xmpp/namespaces.h"

namespace sallyport::s2s {

namespace {

/// Ids are the peer's to choose; the element around one is to stay in sight.
constexpr std::size_t longest_id = 64;

struct Told {
    const Note& note;
    const StreamName& stream;
    const xml::Header* header;

    [[nodiscard]] std::string fact(std::string_view key) const {
        for (const LogFact& fact : note.facts) {
            if (fact.key == key) return fact.value;
        }
        return {};
    }
    [[nodiscard]] std::string coder() const { return "xcoder=" + stream.xcoder + ' '; }
    [[nodiscard]] bool inbound() const { return stream.direction == Direction::inbound; }
    /// `(id, ours:theirs, OUT) `
    [[nodiscard]] std::string about(const std::string& id, const std::string& pair, std::string_view direction) const {
        return '(' + (id.empty() ? "-" : id.substr(0, longest_id)) + ", " + pair + ", " + std::string{direction} + ") ";
    }
};

std::string attribute(std::string_view name, const std::string& value) {
    return value.empty() ? std::string{} : ' ' + std::string{name} + "='" + xml::escaped(value) + '\'';
}

/// `<db:… from= id= to= type=>key…</db:…>`
std::string element(const Told& told, const std::string& name, const std::string& from, const std::string& to) {
    const std::string key = told.fact("key");
    std::string type = told.fact("type");
    type = type.substr(0, type.find(' '));  // "error item-not-found": the condition is a fact of its own on the wire
    const std::string open = '<' + name + attribute("from", from) +
                             attribute("id", told.fact("id").substr(0, longest_id)) + attribute("to", to) +
                             attribute("type", type);
    return key.empty() ? open + "/>" : open + '>' + xml::escaped(key) + "…</" + name + '>';
}
std::string element(const Told& told, const std::string& name) {
    return element(told, name, told.fact("from"), told.fact("to"));
}

std::string opened(const Told& told) {
    return told.header == nullptr ? std::string{} : told.coder() + "onStreamOpen:: " + header_text(*told.header);
}

std::string closed_dialback_only(const Told& told) { return told.coder() + "closing stream used for dialback only"; }

std::string result_sent(const Told& told) { return told.coder() + "sending:: " + element(told, "db:result"); }

std::string result_received(const Told& told) { return told.coder() + "received:: " + element(told, "db:result"); }

std::string result_answered(const Told& told) {
    const std::string pair = told.fact("pair");
    const std::size_t colon = pair.find(':');
    if (colon == std::string::npos) return {};
    return told.coder() + "sending:: " + element(told, "db:result", pair.substr(0, colon), pair.substr(colon + 1));
}

std::string timeout_scheduled(const Told& told) {
    return told.about(told.stream.id, told.fact("pair"), told.inbound() ? "IN" : "OUT") + told.coder() +
           "Scheduling dialback timeout in " + told.fact("seconds") + " secs.";
}

/// The stream whose key is asked about, not the one on which we ask.
std::string asked_for(const Told& told, const std::string& ours, const std::string& theirs) {
    return told.about(told.fact("id"), ours + ':' + theirs, "IN");
}

std::string verify_sent(const Told& told) {
    return asked_for(told, told.fact("from"), told.fact("to")) +
           "DBVerify stream is open. Sending db:verify packet: " + element(told, "db:verify");
}

std::string verify_received(const Told& told) {
    if (told.inbound()) return told.coder() + "received:: " + element(told, "db:verify");
    return asked_for(told, told.fact("to"), told.fact("from")) + "DBVerify Packet Received " +
           element(told, "db:verify");
}

std::string verify_answered(const Told& told) { return told.coder() + "sending:: " + element(told, "db:verify"); }

/// To CONNECTED is told by the driver, which knows the connection.
std::string failed(const Told& told) {
    if (told.fact("to") != "FAILED") return {};
    return "Connection state change: PENDING->FAILED: " + told.fact("pair") + (told.inbound() ? ", IN" : ", OUT");
}

struct Row {
    std::string_view event;
    std::string (*detail)(const Told&);
};
constexpr Row rows[] = {
    {event::stream_opened, opened},
    {event::stream_closed_dialback_only, closed_dialback_only},
    {event::result_sent, result_sent},
    {event::result_received, result_received},
    {event::result_answered, result_answered},
    {event::dialback_timeout_scheduled, timeout_scheduled},
    {event::verify_sent, verify_sent},
    {event::verify_received, verify_received},
    {event::verify_answered, verify_answered},
    {event::state, failed},
};

}  // namespace

std::string stream_reference(std::uint32_t shard, std::uint32_t number) {
    char text[16];
    std::snprintf(text, sizeof text, "%02X%07X", shard & 0xFFU, number & 0xFFFFFFFU);
    return text;
}

std::string header_text(const xml::Header& header) {
    std::string text = '<' + (header.prefix.empty() ? header.name : header.prefix + ':' + header.name);
    for (const xml::Attribute& one : header.attributes) {
        const std::string_view space{one.space};
        text += attribute((space == xmpp::ns::xml ? "xml:" : "") + one.name, one.value);
    }
    text += attribute("xmlns", header.content_space);
    for (const auto& [prefix, space] : header.prefixes) {
        if (!prefix.empty()) text += attribute("xmlns:" + prefix, space);
    }
    return text + "/>";
}

std::string detail_of(const Note& note, const StreamName& stream, const xml::Header* header) {
    const auto* row =
        std::find_if(std::begin(rows), std::end(rows), [&](const Row& one) { return one.event == note.event; });
    return row == std::end(rows) ? std::string{} : row->detail({note, stream, header});
}

std::string detail_of_ready(const StreamName& stream, const xmpp::DomainPair& pair, Method method) {
    return "Connection state change: PENDING->CONNECTED: " + pair.text() +
           (stream.direction == Direction::inbound ? ", IN, " : ", OUT, ") + std::string{text(method)};
}

}  // namespace sallyport::s2s
