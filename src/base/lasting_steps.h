// Steps of the chain that fail, as they are told: pending at first, failed when they have failed for a while. What
// settles by itself a moment after a start or a change is no fault, and nothing is said to follow from it. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/chain_step.h"
#include "base/clock.h"

namespace sallyport {

class LastingSteps {
public:
    static constexpr Duration patience = std::chrono::seconds{2};

    /// The steps as they are at `now`, each by its name; those that are not among them any more are forgotten. What is
    /// asked seldom is told late: whoever has one asks every few seconds.
    [[nodiscard]] std::vector<ChainStep> judge(std::vector<ChainStep> steps, TimePoint now);

private:
    std::map<std::string, TimePoint> failing_since_;
};

}  // namespace sallyport
