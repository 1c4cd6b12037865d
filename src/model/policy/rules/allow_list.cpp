// Privacy mode allow_list: nobody but those on the list, and the domains that have a static route (threat T70).
#include <algorithm>

#include "model/policy/rules/rules.h"

namespace sallyport::policy::rules {

std::optional<Opinion> allow_list(const Contact& contact, const config::Settings& settings) {
    if (settings.privacy_mode != config::PrivacyMode::allow_list) return std::nullopt;
    const xmpp::Domain& remote = contact.pair.remote;
    const auto allowed = std::find_if(settings.allow_list.begin(), settings.allow_list.end(),
                                      [&](const config::NamePattern& p) { return p.matches(remote); });
    if (allowed != settings.allow_list.end()) {
        return Opinion{true, remote.text() + " matches " + allowed->text() + " on the allow list"};
    }
    const bool routed = settings.use_static_routes &&
                        std::any_of(settings.static_routes.begin(), settings.static_routes.end(),
                                    [&](const config::StaticRoute& route) { return route.domain == remote; });
    if (routed) return Opinion{true, remote.text() + " has a static route, which allows it"};
    return Opinion{false, remote.text() + " is not on the allow list", "add it to federation.allow_list"};
}

}  // namespace sallyport::policy::rules
