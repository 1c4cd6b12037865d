// A stream on which stanzas leave, as the pool sees it: one that we opened, or with XEP-0288 one that the peer did.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "proto/xmpp/jid.h"
#include "proto/xmpp/stanza.h"
#include "services/routing/ending.h"

namespace sallyport::s2s {

using routing::Ending;

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
