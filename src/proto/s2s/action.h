// What a stream machine asks its driver to do. The driver carries them out in order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "proto/s2s/rules.h"
#include "proto/xmpp/errors.h"
#include "proto/xmpp/failure.h"
#include "proto/xmpp/jid.h"

namespace sallyport::s2s {

/// Write these bytes.
struct Send {
    std::string bytes;
};
/// Begin the TLS handshake; as client the SNI and reference identity is `name` (A-label), as server the identity to
/// show.
struct StartTls {
    std::string name;
};
/// Forget the XML stream: a new Reader; bytes that are left over belong to nobody.
struct RestartXml {};
/// Inbound: ask the authoritative server of pair.remote. Answer with Inbound::on_verified.
struct Verify {
    xmpp::DomainPair pair;
    std::string stream_id;
    std::string key;
};
/// A pair may carry stanzas from now on. On an inbound stream the limits after authentication apply from here.
struct PairReady {
    xmpp::DomainPair pair;
    Method method = Method::none;
};
/// Outbound: the pair cannot be used on this stream: return what waits for it. Inbound: a verification failed.
struct PairFailed {
    xmpp::DomainPair pair;
    xmpp::Failure failure;
    bool judged =
        false;  ///< outbound: the peer has judged our key, or has had its time to; false: the stream has ended
};
/// Outbound: the authoritative server's answer to a verify request, correlated on this very stream.
struct Verified {
    xmpp::DomainPair pair;  ///< local: the receiving domain (ours); remote: the originating domain
    std::string stream_id;
    enum class Outcome { valid, invalid, error } outcome = Outcome::error;
    std::string text;
    /// When outcome is error: what Inbound::on_verified takes (XEP-0220 2.5).
    xmpp::StanzaCondition condition = xmpp::StanzaCondition::remote_server_timeout;
    bool answered = false;  ///< by the server; false: the stream ended, or time did
};
/// The peer acknowledged `count` more stanzas (XEP-0198).
struct Acknowledged {
    std::uint64_t count = 0;
};
/// Should its connection break, the stream can be resumed for `max` (XEP-0198 section 5), by this id.
struct Resumable {
    std::string id;
    Duration max{0};
};
/// Inbound: the peer asks to go on with an earlier stream. Answer with Inbound::resume or Inbound::refuse_resumption;
/// until then nothing more is read.
struct Resume {
    std::string id;
};
/// Outbound: a pair has proved itself, and stanzas wait still: the stream is about to be resumed, or made resumable.
struct Proved {};
/// Outbound: the peer goes on with the earlier stream. Of what was not acknowledged there it has had `count` stanzas;
/// the others are to be sent again, in their order, before anything else.
struct Resumed {
    std::uint64_t count = 0;
};
/// Outbound: it does not. Where it said so, it has had `count` of them; what it does not have is sent as if it were
/// new.
struct NotResumed {
    std::uint64_t count = 0;
};
/// The peer cannot take stanzas longer than this, or closes idle streams (XEP-0478). 0: not said.
struct PeerLimits {
    std::uint64_t max_bytes = 0;
    std::uint64_t idle_seconds = 0;
};
/// Send the error, then the closing tag; then close the connection as soon as closed() is true (the machine waits for
/// the peer's closing tag, five seconds at most; go on feeding it). The header that must stand before an error is a
/// Send that the machine gives first. With `silent` nothing at all is written: no stream is open in our direction, or
/// TLS is being negotiated (RFC 6120 5.4.3.2).
struct Close {
    std::optional<xmpp::StreamError> error;
    std::string why;  ///< for log and status
    bool silent = false;
};
/// A fact for the log. Keys are cut to 8 digits before they get here.
struct Note {
    LogLevel level = LogLevel::info;
    std::string_view event;
    std::vector<LogFact> facts;
    std::optional<xmpp::Failure> failure{};  ///< what was refused or failed, when that is what the note says
};

using Action = std::variant<Send, StartTls, RestartXml, Verify, PairReady, PairFailed, Verified, Acknowledged,
                            Resumable, Resume, Proved, Resumed, NotResumed, PeerLimits, Close, Note>;
using Actions = std::vector<Action>;

}  // namespace sallyport::s2s
