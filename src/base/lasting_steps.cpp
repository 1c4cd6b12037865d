// One time a step.
#include "base/lasting_steps.h"

#include <algorithm>

namespace sallyport {

std::vector<ChainStep> LastingSteps::judge(std::vector<ChainStep> steps, TimePoint now) {
    std::erase_if(failing_since_, [&](const auto& entry) {
        return std::none_of(steps.begin(), steps.end(), [&](const ChainStep& step) {
            return step.step == entry.first && step.state == StepState::failed;
        });
    });
    for (ChainStep& step : steps) {
        if (step.state != StepState::failed) continue;
        const TimePoint since = failing_since_.try_emplace(step.step, now).first->second;
        if (now - since >= patience) continue;
        step.state = StepState::pending;
        step.reason = {"it has just begun or changed, and usually settles within seconds"};
        step.alarm.clear();
    }
    return steps;
}

}  // namespace sallyport
