// Numbers of capture files: in the byte order of the host that writes them, which their first field tells readers.
#pragma once

#include <cstring>
#include <string>

namespace sallyport::io {

/// Appends the bytes of `number`.
template <typename Number>
void put(std::string& out, Number number) {
    char bytes[sizeof number];
    std::memcpy(bytes, &number, sizeof number);
    out.append(bytes, sizeof number);
}

}  // namespace sallyport::io
