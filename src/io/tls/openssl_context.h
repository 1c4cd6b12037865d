// TlsContext over OpenSSL: one SSL_CTX an identity, made once and shared by all streams and threads. Only for .cpp
// files of io/tls.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "io/tls/context.h"
#include "io/tls/trust.h"

namespace sallyport::io {

/// An identity with its SSL_CTX; `expires` is the end of the certificate's validity.
struct ReadyIdentity {
    std::vector<std::string> domains;
    SslCtxPtr ssl;
    WallTime expires{};
};

/// What contexts made from one TlsSettings share. Immutable but for the cache of minted identities.
class IdentityShelf {
public:
    static Result<std::shared_ptr<const IdentityShelf>> make(TlsSettings settings);

    [[nodiscard]] const TlsSettings& settings() const { return settings_; }
    /// The identity to show for `name` (empty: the fall-back). Errors: "tls-certificate" when there is none to show.
    [[nodiscard]] Result<std::shared_ptr<const ReadyIdentity>> pick(const std::string& name) const;
    /// A context without a certificate, for clients that have none.
    [[nodiscard]] const std::shared_ptr<const ReadyIdentity>& anonymous() const { return anonymous_; }

private:
    [[nodiscard]] Result<std::shared_ptr<const ReadyIdentity>> ready(const Identity* identity) const;
    [[nodiscard]] Result<std::shared_ptr<const ReadyIdentity>> minted(const std::string& name) const;

    TlsSettings settings_;
    StorePtr trust_;
    std::vector<std::shared_ptr<const ReadyIdentity>> identities_;
    std::shared_ptr<const ReadyIdentity> anonymous_;
    mutable std::mutex mutex_;  ///< guards minted_; taken at most once a handshake
    struct Minted {
        std::shared_ptr<const ReadyIdentity> identity;
        std::uint64_t used = 0;  ///< number of the latest use
    };
    mutable std::map<std::string, Minted, std::less<>> minted_;
    mutable std::uint64_t uses_ = 0;
};

class OpensslContext final : public TlsContext {
public:
    OpensslContext(std::shared_ptr<const IdentityShelf> shelf, std::optional<std::string> forced,
                   bool anonymous = false)
        : shelf_{std::move(shelf)}, forced_{std::move(forced)}, anonymous_{anonymous} {}

    [[nodiscard]] std::shared_ptr<const TlsContext> showing(const std::string& name) const override;
    [[nodiscard]] std::shared_ptr<const TlsContext> anonymous() const override;
    [[nodiscard]] Result<CertFacts> own(const std::string& name) const override;
    [[nodiscard]] const TlsSettings& settings() const { return shelf_->settings(); }
    [[nodiscard]] const std::shared_ptr<const IdentityShelf>& shelf() const { return shelf_; }
    /// The identity for a handshake in which the client names `name`.
    [[nodiscard]] Result<std::shared_ptr<const ReadyIdentity>> identity(TlsRole role, const std::string& name) const;

private:
    std::shared_ptr<const IdentityShelf> shelf_;
    std::optional<std::string> forced_;  ///< set: this name counts, whatever SNI says
    bool anonymous_;                     ///< as client: shows no certificate
};

}  // namespace sallyport::io
