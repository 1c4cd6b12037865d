// The header with which a proxy in front of a listener begins each connection, to say on whose behalf it connects:
// HAProxy's PROXY protocol, version 1 (text) and 2 (binary). Read byte by byte off the socket, never further than the
// header goes: what follows belongs to the stream.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/endpoint.h"
#include "base/result.h"

namespace sallyport::io {

/// The two ends of a connection, as its owner is to see them.
struct Ends {
    Endpoint local, remote;
    auto operator<=>(const Ends&) const = default;
};

class ProxyHeader {
public:
    static constexpr std::size_t longest_line = 107;   ///< version 1, section 2.1, with its CRLF
    static constexpr std::size_t longest_body = 2048;  ///< version 2: addresses and what else a proxy tells

    /// Bytes that belong to the header and have not come; 0: it is whole.
    [[nodiscard]] std::size_t wanted() const { return wanted_; }
    /// As many bytes as were wanted, or fewer. Errors: "proxy-malformed".
    [[nodiscard]] Result<void> read(std::string_view bytes);
    /// Of a whole header: whom the proxy speaks for. None: for itself, or for somebody without an IP address.
    [[nodiscard]] const std::optional<Ends>& ends() const { return ends_; }

private:
    [[nodiscard]] Result<void> read_line();
    [[nodiscard]] Result<void> read_prefix();
    [[nodiscard]] Result<void> read_body();

    std::string bytes_;
    std::size_t wanted_ = 12;  ///< as long as the signature of version 2, shorter than any line of version 1
    std::optional<Ends> ends_;
};

}  // namespace sallyport::io
