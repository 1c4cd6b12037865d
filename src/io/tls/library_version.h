// Which TLS library this is, for people who compare nodes.
#pragma once

#include <string>

namespace sallyport::io {

[[nodiscard]] std::string tls_library_version();

}  // namespace sallyport::io
