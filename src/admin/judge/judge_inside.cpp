// Whether every domain of ours has somebody inside who serves it, and whether he can be reached.
#include <algorithm>
#include <map>
#include <optional>
#include <string>

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

std::map<std::string, InsidePairs> inside_pairs(const NodeStatus& status, const config::NodeFile& file) {
    std::map<std::string, InsidePairs> all;
    for (const s2s::DestinationStatus& to : status.destinations) {
        if (inside_server(file, to.pair.remote) == nullptr) continue;
        InsidePairs& pairs = all[to.pair.remote.text()];
        if (to.phase == s2s::PairPhase::ready) pairs.is_up = true;
        if (is_failing(to) && (pairs.failed == nullptr || pairs.failed->failed_at < to.failed_at)) pairs.failed = &to;
        if (!to.worked_at || to.worked_at < pairs.worked_at) continue;
        pairs.worked_at = to.worked_at;
        pairs.worked = &to;
    }
    return all;
}

Findings judge_inside_servers(const Facts& facts) {
    Findings found;
    for (const auto& [domain, pairs] : inside_pairs(facts.status, facts.file)) {
        const s2s::DestinationStatus* const failed = pairs.failed;
        // Each pair is tried by itself: what works for one, or did since, says that the server is there, whomever it
        // refuses.
        if (failed == nullptr || pairs.is_up || failed->failed_at < pairs.worked_at) continue;
        const xmpp::Failure failure = failed->failure.value_or(xmpp::Failure{});
        found.push_back(alarm(services::AlarmCode::inside_down, domain, failure.why,
                              {.cure = remedy_of(facts.file, facts.settings, failure, domain).remedy}));
    }
    return found;
}

}  // namespace sallyport::admin
