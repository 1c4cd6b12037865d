// How a connection on which stanzas leave came to its end, and which stanza is to blame: one rule for servers and
// components (docs/decisions/0017-what-a-stream-held.md).
#pragma once

#include <optional>
#include <string>

#include "proto/xmpp/errors.h"

namespace sallyport::routing {

/// How a connection that was of use came to its end.
struct Ending {
    enum class By {
        peer,     ///< it ended the stream, or broke the protocol, or its connection
        ours,     ///< settings, an operator, rest, the end of the process
        silence,  ///< no sign of life
    };
    By by = By::peer;
    bool in_order = false;  ///< both sides have closed, and nothing broke: what the peer's TCP took has been read
    bool broken = false;    ///< by a reset, which may be anybody's
    std::optional<xmpp::StreamError> said{};  ///< by the peer

    /// How surely it was something that we sent. Nobody is blamed when the peer has said why and it was nothing of
    /// ours: it goes down, moves, has not the means, or has closed for reasons of its own.
    enum class Blame {
        none,
        doubtful,  ///< by a reset, which may be the network's; by trouble inside the peer, which a stanza may have
                   ///< caused
        full,
    };
    [[nodiscard]] Blame blame() const;
};

/// A stanza with so much blame is not sent again: the peer has ended two connections at it.
inline constexpr unsigned most_blame = 4;
/// The blame of a stanza of which the peer had a part when its connection ended, `before` included; at most most_blame.
/// Of endings in doubt it takes four.
[[nodiscard]] unsigned blamed(unsigned before, const Ending& ending);
/// The peer's own words; else `otherwise`, how the connection ended.
[[nodiscard]] std::string words_of(const Ending& ending, const std::string& otherwise);
/// For the sender of a stanza that the peer may or may not have read. `why`: with words_of().
[[nodiscard]] xmpp::StanzaError in_doubt(const Ending& ending, std::string why);
/// For the sender of a stanza with most_blame: policy-violation, or not-acceptable where the peer named another cause.
[[nodiscard]] xmpp::StanzaError not_accepted(const Ending& ending, std::string why);

}  // namespace sallyport::routing
