// Nothing passes while federation is off.
#include "model/policy/rules/rules.h"

namespace sallyport::policy::rules {

std::optional<Opinion> federation_off(const Contact&, const config::Settings& settings) {
    if (settings.enabled) return std::nullopt;
    return Opinion{false, "federation is off", "switch it on with federation.enabled"};
}

}  // namespace sallyport::policy::rules
