// Channel binding data of an established session. Only for .cpp files of io/tls.
#pragma once

#include <string>
#include <string_view>

#include "io/tls/context.h"
#include "io/tls/openssl.h"

namespace sallyport::io {

/// "tls-exporter" (RFC 9266) or "tls-server-end-point" (RFC 5929 4); empty when the session has none.
[[nodiscard]] std::string channel_binding(SSL* ssl, TlsRole role, std::string_view type);

}  // namespace sallyport::io
