// Readiness of a descriptor, as io/net and io/dns need it. The descriptor stays the caller's.
#pragma once

#include <functional>

namespace sallyport::io {

/// One-shot interest in a descriptor: each want_*() gives one call. Destroying it ends all interest; a callback may
/// destroy its own Readiness. Destroy it before closing the descriptor.
class Readiness {
public:
    virtual ~Readiness() = default;
    /// Calls `on_readable` once when reading would not block (also at end of stream and on errors).
    virtual void want_read() = 0;
    /// Calls `on_writable` once when writing would not block (also on errors).
    virtual void want_write() = 0;
};

struct ReadinessCallbacks {
    std::function<void()> on_readable;
    std::function<void()> on_writable;
};

}  // namespace sallyport::io
