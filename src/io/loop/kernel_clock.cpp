// Asks without setting anything: no mode is named, so no right is needed.
#include "io/loop/kernel_clock.h"

#include <sys/timex.h>

namespace sallyport::io {

std::optional<bool> clock_synchronised() {
    timex question{};
    const int state = adjtimex(&question);
    if (state < 0) return std::nullopt;
    return state != TIME_ERROR && (question.status & STA_UNSYNC) == 0;
}

}  // namespace sallyport::io
