// Whether every domain of ours has somebody inside who serves it, and whether he can be reached.
#include <algorithm>
#include <map>
#include <set>

#include "admin/judge/finding_rows.h"
#include "admin/judge/judges.h"
#include "admin/judge/remedies.h"

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

Findings judge_inside_servers(const Facts& facts) {
    // Each pair of domains is tried by itself: what worked for one since says that the server is there.
    std::map<std::string, WallTime> worked;
    for (const s2s::DestinationStatus& to : facts.status.destinations) {
        WallTime& latest = worked[to.pair.remote.text()];
        latest = std::max(latest, to.last_success);
    }
    Findings found;
    std::set<std::string> told;
    for (const s2s::DestinationStatus& to : facts.status.destinations) {
        const std::string& domain = to.pair.remote.text();
        const bool is_inside = inside_server(facts.file, to.pair.remote) != nullptr;
        if (!is_inside || !is_failing(to) || to.last_failure < worked[domain] || !told.insert(domain).second) continue;
        const xmpp::Failure failure = to.failure.value_or(xmpp::Failure{});
        found.push_back(alarm(services::AlarmCode::inside_down, domain, failure.why,
                              {.cure = remedy_of(facts.file, facts.settings, failure, domain).remedy}));
    }
    return found;
}

}  // namespace sallyport::admin
