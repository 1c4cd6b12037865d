// OpenSSL's algorithms as TLS here needs them, and no others (docs/decisions/0009). Only for .cpp files of io/tls.
#pragma once

#include <openssl/types.h>

namespace sallyport::io {

/// A library context whose one provider shows of OpenSSL's default provider only what TLS 1.2 and 1.3 can use. Null,
/// the default context, where the operator's OpenSSL is set up with another provider (FIPS): that choice is theirs.
/// Lives as long as the process.
[[nodiscard]] OSSL_LIB_CTX* tls_library();

}  // namespace sallyport::io
