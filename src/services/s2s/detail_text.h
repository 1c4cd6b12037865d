// The `Detail` of a log line: the step of a stream in the words that administrators of XCP gateways know and search
// for, with the element that was sent or received as it stands on the wire. What a machine told decides; keys have been
// cut to 8 digits before they get here. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "proto/s2s/action.h"
#include "proto/xml/reader.h"
#include "proto/xmpp/jid.h"

namespace sallyport::s2s {

/// What a stream is called in a `Detail`.
struct StreamName {
    std::string xcoder;     ///< as stream_reference gives it
    std::string id;         ///< of the stream's header; empty: none yet
    xmpp::DomainPair pair;  ///< whom the stream was opened for
    Direction direction = Direction::inbound;
};

/// A short reference that no other stream of this process has for a long time: nine hex digits, two of the shard and
/// seven of a counter.
[[nodiscard]] std::string stream_reference(std::uint32_t shard, std::uint32_t number);
/// The header as one empty element: attributes and the namespaces that it declares.
[[nodiscard]] std::string header_text(const xml::Header& header);
/// Empty when the event has no such text. `header`: what has just been read, of a stream that was opened.
[[nodiscard]] std::string detail_of(const Note& note, const StreamName& stream, const xml::Header* header);
/// Of a pair that is ready.
[[nodiscard]] std::string detail_of_ready(const StreamName& stream, const xmpp::DomainPair& pair, Method method);

}  // namespace sallyport::s2s
