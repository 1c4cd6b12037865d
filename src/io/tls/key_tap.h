// The secrets of TLS sessions, for a capture that an operator asked to hold them. OpenSSL forms them in each handshake;
// without a tap they go no further and are cleansed (docs/decisions/0012-captures-with-secrets.md).
#pragma once

#include <functional>
#include <string_view>

namespace sallyport::io {

/// One at a time in a process; a second one takes over.
class TlsKeyTap {
public:
    /// `on_line` gets a line of a key log, in the form of NSS, on whatever thread the handshake runs.
    using OnLine = std::function<void(std::string_view line)>;
    explicit TlsKeyTap(OnLine on_line);
    /// No line comes afterwards.
    ~TlsKeyTap();
    TlsKeyTap(const TlsKeyTap&) = delete;
    TlsKeyTap& operator=(const TlsKeyTap&) = delete;
};

/// Of this module: what OpenSSL says of a session's secrets.
void tell_key_tap(std::string_view line);

}  // namespace sallyport::io
