// No federation with ourselves: RFC 6120 10.5 (loops), threat T14.
#include <algorithm>

#include "model/policy/rules/rules.h"

namespace sallyport::policy::rules {

std::optional<Opinion> self(const Contact& contact, const config::Settings& settings) {
    const xmpp::Domain& local = contact.pair.local;
    const xmpp::Domain& remote = contact.pair.remote;
    if (local == remote) return Opinion{false, remote.text() + " cannot federate with itself"};
    const auto ours = std::find_if(settings.domains.begin(), settings.domains.end(),
                                   [&](const config::NamePattern& pattern) { return pattern.matches(remote); });
    if (ours == settings.domains.end()) return std::nullopt;
    return Opinion{false, remote.text() + " is one of our own domains (" + ours->text() + ")",
                   "remove it from federation.domains if it is not yours"};
}

}  // namespace sallyport::policy::rules
