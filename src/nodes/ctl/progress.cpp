// Carriage return and "erase to the end of the line" (ECMA-48 EL).
#include "nodes/ctl/progress.h"

#include <cstdio>
#include <ostream>

namespace sallyport::ctl {

namespace {

std::string mebibytes(std::uint64_t bytes) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f MiB", static_cast<double>(bytes) / (1U << 20U));
    return text;
}

}  // namespace

void Progress::waited(Duration time) {
    if (time < quiet_for) return;
    tell(std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + " s");
}

void Progress::brought(std::uint64_t bytes, std::uint64_t size) {
    if (bytes < size) tell(mebibytes(bytes) + " of " + mebibytes(size));
}

void Progress::clear() {
    if (is_written_) out_ << "\r\x1b[K" << std::flush;
    is_written_ = false;
}

void Progress::tell(const std::string& words) {
    if (!is_shown_) return;
    out_ << '\r' << work_ << ": " << words << "\x1b[K" << std::flush;
    is_written_ = true;
}

}  // namespace sallyport::ctl
