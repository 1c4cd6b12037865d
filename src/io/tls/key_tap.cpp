// A process-wide slot: contexts are made in many places and live longer than any capture.
#include "io/tls/key_tap.h"

#include <atomic>
#include <memory>
#include <mutex>

namespace sallyport::io {

namespace {

std::atomic<bool> stands{false};
std::mutex mutex;  ///< guards on_line and is held while it runs, so that a tap that is gone is never called
std::unique_ptr<TlsKeyTap::OnLine> on_line;

}  // namespace

TlsKeyTap::TlsKeyTap(OnLine listener) {
    const std::lock_guard hold{mutex};
    on_line = std::make_unique<OnLine>(std::move(listener));
    stands.store(true, std::memory_order_release);
}

TlsKeyTap::~TlsKeyTap() {
    const std::lock_guard hold{mutex};
    stands.store(false, std::memory_order_release);
    on_line.reset();
}

void tell_key_tap(std::string_view line) {
    if (!stands.load(std::memory_order_acquire)) return;
    const std::lock_guard hold{mutex};
    if (on_line) (*on_line)(line);
}

}  // namespace sallyport::io
