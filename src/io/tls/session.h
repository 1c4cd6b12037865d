// One TLS connection over some wire: handshake, records, facts, channel bindings. Never blocks: the wire gives what has
// arrived and takes what is to be sent.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/tls_facts.h"
#include "io/tls/context.h"

struct ssl_ctx_st;

namespace sallyport::io {

/// The transport below a session.
class TlsWire {
public:
    virtual ~TlsWire() = default;
    /// Up to `room` received bytes; 0 when there are none now (or ever: the end of the wire is the caller's knowledge).
    virtual std::size_t receive(char* into, std::size_t room) = 0;
    /// Takes bytes to be sent; called within handshake(), read(), write() and shut_down().
    virtual void transmit(std::string_view bytes) = 0;
};

enum class TlsState {
    handshaking,
    open,
    closed,  ///< the peer's close_notify has come
    failed,  ///< failure() says why
};

class TlsSession {
public:
    /// `name` is the SNI of a client. Errors: as IdentityShelf::pick, "tls-context".
    [[nodiscard]] static Result<std::unique_ptr<TlsSession>> make(std::shared_ptr<const TlsContext> context,
                                                                  TlsRole role, const std::string& name, TlsWire& wire);
    ~TlsSession();
    TlsSession(const TlsSession&) = delete;
    TlsSession& operator=(const TlsSession&) = delete;

    /// Goes on over another wire (its connection moves to another loop).
    void rewire(TlsWire& wire);
    [[nodiscard]] TlsState state() const;
    /// For people: why the state is `failed`.
    [[nodiscard]] const std::string& failure() const;
    /// Goes on with the handshake as far as the wire allows.
    TlsState handshake();
    /// Decrypts into `into`, as many records as fit and have arrived; 0: nothing now, see state(). A peer that sends
    /// handshake messages without end (KeyUpdates, say) fails the session.
    [[nodiscard]] std::size_t read(char* into, std::size_t room);
    /// Encrypts all of `bytes` in full records. False when the session has failed.
    [[nodiscard]] bool write(std::string_view bytes);
    /// Sends close_notify.
    void shut_down();
    /// Received bytes wait inside although the wire may be silent.
    [[nodiscard]] bool has_buffered() const;
    /// What the handshake found out. Releases the peer's chain: call it once.
    [[nodiscard]] TlsFacts take_facts();
    [[nodiscard]] std::string channel_binding(std::string_view type) const;

    /// Hooks verification, SNI and ALPN into a context that sessions will use.
    static void install_callbacks(ssl_ctx_st* ssl);

private:
    struct State;
    struct Callbacks;
    explicit TlsSession(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace sallyport::io
