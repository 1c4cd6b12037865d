// What the drivers of both directions have in common: is this a stanza, how a stream ends on the wire, how TLS is shown.
#pragma once

#include <string_view>

#include "io/net/stream.h"
#include "proto/s2s/action.h"
#include "proto/xml/reader.h"
#include "services/s2s/context.h"

namespace sallyport::s2s {

/// The reader's current element is a message, presence or iq of the content namespace.
[[nodiscard]] bool is_stanza(const xml::Reader& reader);
/// Writes the error, the closing tag, and closes the connection (RFC 6120 4.4).
void finish_stream(io::Stream& stream, const Close& close, Duration linger);
[[nodiscard]] std::string_view close_text(io::CloseReason reason);
/// A machine's facts with the driver's own, each key once: what the machine said stays.
[[nodiscard]] std::vector<LogFact> told(const Note& note, std::vector<LogFact> own);
void describe_tls(const TlsFacts* tls, const xmpp::Domain& peer, StreamStatus& status);

}  // namespace sallyport::s2s
