// Privacy mode deny_list: everybody but those on the list (threat T70).
#include <algorithm>

#include "model/policy/rules/rules.h"

namespace sallyport::policy::rules {

std::optional<Opinion> deny_list(const Contact& contact, const config::Settings& settings) {
    if (settings.privacy_mode != config::PrivacyMode::deny_list) return std::nullopt;
    const auto denied = std::find_if(settings.deny_list.begin(), settings.deny_list.end(),
                                     [&](const config::NamePattern& p) { return p.matches(contact.pair.remote); });
    if (denied == settings.deny_list.end()) return std::nullopt;
    return Opinion{false, contact.pair.remote.text() + " matches " + denied->text() + " on the deny list",
                   "remove it from federation.deny_list to allow it"};
}

}  // namespace sallyport::policy::rules
