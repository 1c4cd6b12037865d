// A connected byte stream (TCP, optionally TLS), a listener and a dialler, as seams. Real over Asio and OpenSSL in this
// folder; simulated in tests/support. Everything runs on the thread of the loop that made it. io knows bytes, not XMPP.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"
#include "base/result.h"
#include "base/tls_facts.h"
#include "io/loop/loop.h"
#include "io/tls/context.h"

namespace sallyport::io {

/// How a connection ended.
enum class CloseReason {
    peer_closed,  ///< orderly end: FIN, after close_notify where there is TLS
    truncated,    ///< FIN without close_notify
    reset,        ///< RST or another network error
    tls_failed,   ///< handshake or record error; text says why
    local,        ///< we closed
};

/// What a stream tells its owner. Calls come from the loop, never from within a call to the stream.
class StreamOwner {
public:
    virtual ~StreamOwner() = default;
    /// Received plain-text bytes; valid during the call. A call of Stream::start_tls within leaves later bytes unread.
    virtual void on_bytes(std::string_view bytes) = 0;
    /// The handshake begun by start_tls succeeded.
    virtual void on_tls(const TlsFacts& facts) = 0;
    /// pending() has fallen to Stream::low_water after having been above Stream::high_water.
    virtual void on_drained() = 0;
    /// No further call follows. The owner may destroy the stream from here. Beside `local`, a text says what went
    /// wrong while the stream was being closed.
    virtual void on_closed(CloseReason reason, const std::string& text) = 0;
};

/// A connection that has left its loop for another one of this process; closed with its owner if it never arrives.
class MovingStream {
public:
    virtual ~MovingStream() = default;
};

class Stream {
public:
    static constexpr std::size_t high_water = 1 << 20;  ///< bytes queued for sending
    static constexpr std::size_t low_water = 1 << 18;

    virtual ~Stream() = default;
    /// Who is called back. Before it is set, nothing is read and nothing noticed of the peer.
    virtual void set_owner(StreamOwner* owner) = 0;
    /// Queues bytes; they are gathered and sent once per loop turn in full TLS records.
    virtual void write(std::string_view bytes) = 0;
    /// Gives the kernel what is queued, if it takes it now: what is written next begins a segment of its own. Without
    /// TLS only; a request, which changes nothing of what arrives.
    virtual void push() {}
    /// Bytes queued and not yet given to the kernel.
    [[nodiscard]] virtual std::size_t pending() const = 0;
    /// Bytes on the wire or queued that the peer's TCP has not acknowledged (with TLS its ciphertext); 0 when unknown.
    [[nodiscard]] virtual std::size_t in_flight() const = 0;
    /// From now on the stream knows what of its owner's bytes the peer has taken; to be called before the first write.
    /// When such a stream ends, what is not taken is not sent on: it may be sent over another one.
    virtual void follow() = 0;
    /// The owner's bytes so far; those that a closed stream no longer took included.
    [[nodiscard]] virtual std::uint64_t written() const = 0;
    /// After follow(), also when it has ended: how many of them, from the first on, the peer's TCP may have
    /// acknowledged. What lies behind is known not to have arrived whole.
    [[nodiscard]] virtual std::uint64_t taken() const = 0;
    /// Bytes that have been read off the wire, with TLS its ciphertext: what reading costs, be there much to deliver or
    /// little (records of one byte each).
    [[nodiscard]] virtual std::uint64_t received() const = 0;
    /// Stops and resumes reading (back-pressure to the peer).
    virtual void pause(bool paused) = 0;
    /// Begins a TLS handshake as client or server after everything queued so far is sent. As client `name` is the SNI.
    /// Bytes that the peer sent before and that have not been delivered yet belong to the handshake.
    virtual void start_tls(std::shared_ptr<const TlsContext> context, TlsRole role, const std::string& name) = 0;
    /// Sends what is queued, then close_notify (with TLS) and FIN; on_closed(local) follows at the latest after
    /// `linger`.
    virtual void close(Duration linger) = 0;
    /// Closes at once: queued bytes are dropped, RST where possible. on_closed(local) follows from the loop.
    virtual void abort() = 0;
    [[nodiscard]] virtual Endpoint local() const = 0;
    [[nodiscard]] virtual Endpoint remote() const = 0;
    /// RFC 5929 / RFC 9266 channel binding data of type `type` ("tls-exporter", "tls-server-end-point"); empty if none.
    [[nodiscard]] virtual std::string channel_binding(std::string_view type) const = 0;
    /// Takes the connection off its loop with its TLS session and all that is queued; nothing is called back any more.
    /// Not within a call of the owner. Null when it is ending already: then the owner stays, and hears of the end.
    [[nodiscard]] virtual std::unique_ptr<MovingStream> leave() = 0;
};

/// Accepts connections until destroyed.
class Listener {
public:
    virtual ~Listener() = default;
    /// The bound endpoint (the port chosen by the system when 0 was asked for).
    [[nodiscard]] virtual Endpoint endpoint() const = 0;
};

/// A dial under way; destroying it cancels it and the callback never runs.
class Dial {
public:
    virtual ~Dial() = default;
};

using OnAccept = std::function<void(std::unique_ptr<Stream>)>;

/// Who connects on behalf of others. Each connection from these networks begins with a PROXY header, and its stream has
/// the ends that the header names (io/net/proxy_header.h); a header from anywhere else is the stream's first bytes.
struct Proxies {
    std::vector<IpNetwork> networks;
    /// A connection of a proxy was closed before it was a stream; may be empty.
    std::function<void(const Endpoint& proxy, const std::string& why)> on_refused;
};
using OnDialled = std::function<void(Result<std::unique_ptr<Stream>>)>;

class Network {
public:
    virtual ~Network() = default;
    /// Listens with SO_REUSEPORT on TCP, so that every shard can listen on the same endpoint. Errors: "listen-failed".
    [[nodiscard]] virtual Result<std::unique_ptr<Listener>> listen(const Endpoint& at, Proxies proxies,
                                                                   OnAccept on_accept) = 0;
    /// The same without proxies.
    [[nodiscard]] Result<std::unique_ptr<Listener>> listen(const Endpoint& at, OnAccept on_accept) {
        return listen(at, {}, std::move(on_accept));
    }
    /// Connects to `to`, from `source` unless it is null. Errors: "connect-refused", "connect-timed-out",
    /// "connect-unreachable", "connect-failed".
    [[nodiscard]] virtual std::unique_ptr<Dial> dial(const Endpoint& to, const IpAddress* source, Duration timeout,
                                                     OnDialled on_dialled) = 0;
    /// A connection that left another loop goes on here. It must come from a network of the same kind.
    [[nodiscard]] virtual std::unique_ptr<Stream> join(std::unique_ptr<MovingStream> moving) = 0;
};

}  // namespace sallyport::io
