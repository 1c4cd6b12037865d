// Whether every domain of ours has somebody inside who serves it.
#include <algorithm>

#include "admin/judge/finding_rows.h"
#include "admin/judge/judges.h"

namespace sallyport::admin {

namespace {

bool is_served(const config::NamePattern& pattern, const Facts& facts) {
    const auto& inside = facts.file.inside.servers;
    if (std::any_of(inside.begin(), inside.end(), [&](const config::InsideServer& server) {
            return std::any_of(server.domains.begin(), server.domains.end(),
                               [&](const xmpp::Domain& domain) { return pattern.matches(domain); });
        })) {
        return true;
    }
    const auto& components = facts.file.components.allowed;
    if (std::any_of(components.begin(), components.end(),
                    [&](const config::ComponentEntry& entry) { return pattern.matches(entry.domain); })) {
        return true;
    }
    return std::any_of(facts.status.links.begin(), facts.status.links.end(), [&](const link::SessionStatus& link) {
        return std::any_of(link.bound.begin(), link.bound.end(), [&](const std::string& name) {
            const auto domain = xmpp::Domain::parse(name);
            return domain && pattern.matches(*domain);
        });
    });
}

}  // namespace

Findings judge_inside(const Facts& facts) {
    Findings found;
    if (facts.file.role != config::Role::core) return found;
    for (const config::NamePattern& pattern : facts.settings.domains) {
        if (is_served(pattern, facts)) continue;
        found.push_back(say(Says::domain_unserved, {{"domain", pattern.text()}, {"file", facts.file.path}}));
    }
    return found;
}

}  // namespace sallyport::admin
