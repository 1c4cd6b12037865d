// Only the domains and aliases of the list federate.
#include <algorithm>

#include "model/policy/rules/rules.h"

namespace sallyport::policy::rules {

std::optional<Opinion> not_local(const Contact& contact, const config::Settings& settings) {
    const bool ours = std::any_of(settings.domains.begin(), settings.domains.end(),
                                  [&](const config::NamePattern& p) { return p.matches(contact.pair.local); });
    if (ours) return std::nullopt;
    return Opinion{false, contact.pair.local.text() + " is not one of our domains", "add it to federation.domains"};
}

}  // namespace sallyport::policy::rules
