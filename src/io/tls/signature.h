// Signatures with the key of a certificate, over text of our own that no TLS handshake signs: each has a context, which
// stands before the text as in RFC 8446 4.4.3.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/tls_facts.h"

namespace sallyport::io {

/// 64 spaces, the context, a zero byte, the text: no signature of TLS 1.2 or 1.3 is one of these, nor are those of two
/// contexts the same.
[[nodiscard]] std::string signed_text(std::string_view context, std::string_view text);

/// The signature over signed_text() with the first private key of `key_pem`: Ed25519, ECDSA or RSA-PSS, the latter two
/// with SHA-256. Errors: "tls-key".
[[nodiscard]] Result<std::string> sign(std::string_view key_pem, std::string_view context, std::string_view text);

/// What the first certificate of `chain_pem` says, judged against the anchors of `trust_pem`, if its key has made the
/// signature. The caller looks at chain_valid and at the names. Errors: "tls-certificate", "tls-trust",
/// "signature-wrong".
[[nodiscard]] Result<CertFacts> verify(std::string_view chain_pem, std::string_view trust_pem, std::string_view context,
                                       std::string_view text, std::string_view signature);

}  // namespace sallyport::io
