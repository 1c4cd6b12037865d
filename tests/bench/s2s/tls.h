// TLS contexts of the load generator: TLS 1.3, a certificate on each side, no resumption, the peer's certificate asked
// for but not judged (the cost of judging it here would only slow the generator down).
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace sallyport::bench {

struct FreeContext {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeContext>;

struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using TlsSession = std::unique_ptr<SSL, FreeSsl>;

enum class TlsRole { client, server };

/// `read_ahead`: bytes read at once, for the one connection that carries everything; 0 keeps idle streams small.
[[nodiscard]] TlsContext make_context(TlsRole role, const std::string& certificate, const std::string& key,
                                      std::size_t read_ahead);

}  // namespace sallyport::bench
