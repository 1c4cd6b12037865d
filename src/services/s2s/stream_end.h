// The end of a stream, of either direction: whose doing it is, the last word (RFC 6120 4.4), whether what the peer says
// before its own still counts, and how it came out.
#pragma once

#include <optional>
#include <string>

#include "io/net/stream.h"
#include "proto/s2s/action.h"
#include "services/s2s/way_out.h"

namespace sallyport::s2s {

/// The node stops: it waits for nothing that a peer may still send.
[[nodiscard]] bool is_of_a_stop(const Close& close);

class StreamEnd {
public:
    /// Whose doing it is, should the machine close while this lives.
    class As {
    public:
        As(StreamEnd& end, Ending::By by) : end_{end} { end_.closes_as_ = by; }
        ~As() { end_.closes_as_ = Ending::By::peer; }
        As(const As&) = delete;
        As& operator=(const As&) = delete;

    private:
        StreamEnd& end_;
    };

    /// The last word: error and closing tag. Where `more` may come before the peer's own closing tag, the connection
    /// stays for it; else it goes after `linger`. `of_peer`: the error with which the peer has ended the stream.
    void say(io::Stream& stream, const Close& close, const std::optional<xmpp::StreamError>& of_peer, bool more,
             Duration linger);
    /// The peer has said its own last word, or does not: the connection that stayed for it goes.
    void heard_out(io::Stream& stream, Duration linger);
    /// The connection is gone.
    void closed(io::CloseReason reason, const std::string& text);
    /// The peer gives no sign of life.
    void presume_dead() { ending_.by = Ending::By::silence; }
    /// We have said the last word.
    [[nodiscard]] bool said() const { return said_; }
    [[nodiscard]] const Ending& ending() const { return ending_; }
    /// Nobody has said why, and nothing was heard.
    [[nodiscard]] bool silent() const { return ending_.broken || ending_.by == Ending::By::silence; }

private:
    Ending::By closes_as_ = Ending::By::peer;
    bool said_ = false;
    bool stays_ = false;
    Ending ending_;
};

}  // namespace sallyport::s2s
