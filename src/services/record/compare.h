// A failed handshake as the difference from a good one: what was said otherwise, what came in addition, what never
// came. Pure. Facts that differ each time (stream ids, ports of ours, times) are not compared.
#pragma once

#include <string>
#include <vector>

#include "services/record/handshake.h"

namespace sallyport::record {

struct Difference {
    enum class Kind {
        changed,  ///< the step came both times, with another value
        added,    ///< only this time
        missing,  ///< only the good time
    } kind = Kind::changed;
    std::string step, fact;  ///< the fact is empty when the whole step is meant
    std::string before, now;
    Duration at{0};  ///< in the handshake that has the step
};

/// In the order of the steps. `now` is the one to explain.
[[nodiscard]] std::vector<Difference> differences(const Handshake& before, const Handshake& now);

}  // namespace sallyport::record
