// TLS configuration as immutable shared values: which identity to show, which anchors to trust, what to ask of the
// peer. A reload makes new contexts; streams that hold old ones are not touched. Simulated in tests/support.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/tls_facts.h"

namespace sallyport::io {

enum class TlsRole { client, server };

/// Opaque to everybody but io/net and io/tls; others use the functions below.
class TlsContext {
public:
    virtual ~TlsContext() = default;
    /// See with_identity().
    [[nodiscard]] virtual std::shared_ptr<const TlsContext> showing(const std::string& name) const = 0;
    /// See without_identity().
    [[nodiscard]] virtual std::shared_ptr<const TlsContext> anonymous() const = 0;
    /// See own_certificate().
    [[nodiscard]] virtual Result<CertFacts> own(const std::string& name) const = 0;
};

/// One certificate with its key. `domains` are exact names or "*.domain" (one left-most label).
struct TlsIdentity {
    std::vector<std::string> domains;
    std::string certificate_file;  ///< PEM, chain after the leaf
    std::string key_file;          ///< PEM; may be the same file
};

/// What to build a context from. TLS 1.2 and 1.3, AEAD and (EC)DHE only, no compression, no renegotiation, no tickets
/// that outlive a context (RFC 7590, RFC 9325; threats T19, T20, T23).
struct TlsSettings {
    std::vector<TlsIdentity> identities;  ///< first that covers the name wins; the first is the fall-back
    std::string trust_file;               ///< PEM bundle of anchors; empty: nothing is trusted
    bool tls13_only = false;
    bool require_peer = false;      ///< handshake fails without a valid peer certificate (router link)
    bool request_peer = true;       ///< as server: ask for a certificate, judge it, go on either way
    std::vector<std::string> alpn;  ///< as client: offered; as server: accepted, others refused when any is offered
    /// Server side: mints a certificate and key (PEM, both in one string) for a name that no identity covers; used by
    /// the core's inside listener. Client side: minted for `name` given to client_identity. Null: none.
    std::function<Result<std::string>(const std::string& name)> mint;
};

/// Errors: "tls-certificate", "tls-key", "tls-key-mismatch", "tls-trust"; the text names the file.
[[nodiscard]] Result<std::shared_ptr<const TlsContext>> make_tls_context(TlsSettings settings);

/// A context like `base` whose own certificate is the one that covers (or is minted for) `name`, whatever SNI says.
[[nodiscard]] std::shared_ptr<const TlsContext> with_identity(const std::shared_ptr<const TlsContext>& base,
                                                              const std::string& name);

/// For clients: a context like `base` that shows no certificate.
[[nodiscard]] std::shared_ptr<const TlsContext> without_identity(const std::shared_ptr<const TlsContext>& base);

/// The facts of the certificate that the context would show for `name`; for status and `check tls`.
[[nodiscard]] Result<CertFacts> own_certificate(const TlsContext& context, const std::string& name);

}  // namespace sallyport::io
