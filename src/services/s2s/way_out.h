// A stream on which stanzas leave, as the pool sees it: one that we opened, or with XEP-0288 one that the peer did.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "proto/xmpp/errors.h"
#include "proto/xmpp/jid.h"
#include "proto/xmpp/stanza.h"

namespace sallyport::s2s {

/// How a stream that was of use came to its end.
struct Ending {
    enum class By {
        peer,     ///< it ended the stream, or broke the protocol, or its connection
        ours,     ///< settings, an operator, rest, the end of the process
        silence,  ///< no sign of life
    };
    By by = By::peer;
    bool in_order = false;  ///< both sides have closed, and nothing broke: what the peer's TCP took has been read
    bool broken = false;    ///< by a reset, which may be anybody's
    std::optional<xmpp::StreamError> said;  ///< by the peer

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

/// What a stanza is to the stream that carries it.
enum class Use {
    traffic,
    sign_of_life,  ///< asked for by ourselves: a stream with nothing else rests
};

class WayOut {
public:
    virtual ~WayOut() = default;
    /// Of its header.
    [[nodiscard]] virtual const xmpp::DomainPair& pair() const = 0;
    /// Open, and below the high-water mark of its connection.
    [[nodiscard]] virtual bool has_room() const = 0;
    virtual void send(const xmpp::Stanza& stanza, Use use) = 0;
    /// What is sent will be acknowledged (XEP-0198), or counts as such when the peer declines.
    [[nodiscard]] virtual bool counting() const = 0;
    /// Asks for a sign of life in the stream itself. False: XEP-0199 has to do.
    [[nodiscard]] virtual bool probe() = 0;
    /// As in io::Stream; 0 without a connection.
    [[nodiscard]] virtual std::uint64_t written() const = 0;
    [[nodiscard]] virtual std::uint64_t taken() const = 0;
    /// The peer is taking what was written.
    virtual void progressed() = 0;
    /// When the peer last said anything.
    [[nodiscard]] virtual TimePoint heard() const = 0;
    /// What the peer says is left lying for our own reasons: its silence means nothing. Not where it says more than it
    /// may, or does not take what we answer: that is its own doing.
    [[nodiscard]] virtual bool left_unread() const = 0;
    /// Closes a stream whose peer gives no sign of life.
    virtual void presume_dead() = 0;
    [[nodiscard]] virtual const Ending& ending() const = 0;
};

}  // namespace sallyport::s2s
