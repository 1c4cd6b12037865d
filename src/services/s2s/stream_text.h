// What the drivers of both directions have in common: is this a stanza, how TLS is shown. How streams end is in
// stream_end.h.
#pragma once

#include <string>
#include <string_view>

#include "io/loop/loop.h"
#include "io/net/stream.h"
#include "proto/s2s/action.h"
#include "proto/xml/reader.h"
#include "services/s2s/context.h"

namespace sallyport::s2s {

/// So many bytes may wait for a peer that does not read; beyond it nothing more is read of it (threat T61). Stanzas
/// stop at half of it, the rest is answers.
inline constexpr std::size_t most_unread = 2 * io::Stream::high_water;

/// The reader's current element is a message, presence or iq of the content namespace.
[[nodiscard]] bool is_stanza(const xml::Reader& reader);
[[nodiscard]] std::string_view close_text(io::CloseReason reason);
/// A machine's facts with the driver's own, each key once: what the machine said stays. `detail` comes first, if there
/// is one.
[[nodiscard]] std::vector<LogFact> told(const Note& note, const std::string& detail, std::vector<LogFact> own);
/// The reader's explanation; of a limit also its key, among those `before` or after authentication.
[[nodiscard]] std::string explained(const xml::Reader& reader, bool before);
/// What a note gives as its reason; empty when it gives none.
[[nodiscard]] std::string reason_in(const Note& note);
/// When to look at the peer's certificate again: a second after its end, in steps, for the clock may be set; `never`
/// when there is nothing to look for.
[[nodiscard]] TimePoint next_certificate_check(const TlsFacts* tls, const io::Loop& loop);
/// The certificate was good and its time is over.
[[nodiscard]] bool certificate_over(const TlsFacts* tls, const io::Loop& loop);
void describe_tls(const TlsFacts* tls, const xmpp::Domain& peer, StreamStatus& status);

}  // namespace sallyport::s2s
