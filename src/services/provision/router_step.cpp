// Which of the wanted rows are missing, and what follows from it.
#include "services/provision/router_step.h"

#include <algorithm>

#include "base/join.h"

namespace sallyport::provision {

std::optional<Reason> router_fault(const std::string& router, const std::vector<std::string>& wanted,
                                   const std::vector<std::string>& loaded) {
    std::vector<std::string> missing;
    for (const std::string& id : wanted) {
        if (std::find(loaded.begin(), loaded.end(), id) == loaded.end()) missing.push_back(id);
    }
    if (missing.empty()) return std::nullopt;
    return Reason{router + " has not loaded " + joined(missing) +
                      (loaded.empty() ? ": " + std::string{one_way} : "; it works with " + joined(loaded)),
                  "`sallyport restart router` on that node; `sallyport check all` there finds other causes"};
}

ChainStep router_step(const std::string& node, const std::vector<std::string>& wanted,
                      const std::optional<std::vector<std::string>>& loaded) {
    const std::string step = step_name(StepKind::loaded_by, node);
    if (wanted.empty()) return {step, StepState::off, {"no edge federates"}};
    if (!loaded) return {step, StepState::pending, {"the router link to it is down"}};
    auto fault = router_fault("its router", wanted, *loaded);
    if (!fault) return {step, StepState::in_force, {}};
    return {step, StepState::failed, std::move(*fault)};
}

}  // namespace sallyport::provision
