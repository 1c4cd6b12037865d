// The one that is loaded, not the one that was there at build time.
#include "io/tls/library_version.h"

#include <openssl/crypto.h>

namespace sallyport::io {

std::string tls_library_version() { return OpenSSL_version(OPENSSL_VERSION); }

}  // namespace sallyport::io
