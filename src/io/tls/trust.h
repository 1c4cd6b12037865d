// Anchors of trust and identities from PEM. Only for .cpp files of io/tls.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "io/tls/context.h"
#include "io/tls/openssl.h"

namespace sallyport::io {

/// A store with every certificate of `pem` as anchor; an empty text trusts nothing. Errors: "tls-trust".
[[nodiscard]] Result<StorePtr> trust_store(std::string_view pem);
/// Reads and checks a certificate with its key; errors name the file: "tls-certificate", "tls-key", "tls-key-mismatch".
[[nodiscard]] Result<Identity> load_identity(const TlsIdentity& described);
/// The same from PEM text, `origin` says whence in errors.
[[nodiscard]] Result<Identity> parse_identity(std::string_view certificates, std::string_view key,
                                              const std::string& origin, const std::string& key_origin);

}  // namespace sallyport::io
