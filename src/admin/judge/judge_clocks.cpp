// Clocks of linked nodes, by the clock of this host. Its own: judge_host.cpp.
#include <cstdio>
#include <map>

#include "admin/judge/finding_rows.h"
#include "admin/judge/judges.h"

namespace sallyport::admin {

namespace {

/// Realm -> how far its clock is ahead, by the worst of its links; nothing of those that have not told.
std::map<std::string, Duration> clock_skews(const NodeStatus& status) {
    std::map<std::string, Duration> worst;
    for (const link::SessionStatus& link : status.links) {
        if (!link.clock_skew) continue;
        Duration& skew = worst.try_emplace(link.far_realm, *link.clock_skew).first->second;
        if (std::chrono::abs(*link.clock_skew) > std::chrono::abs(skew)) skew = *link.clock_skew;
    }
    return worst;
}

}  // namespace

Findings judge_clocks(const Facts& facts) {
    const Duration most = std::chrono::seconds{facts.file.limits.clock_skew_seconds};
    Findings found;
    for (const auto& [realm, skew] : clock_skews(facts.status)) {
        char amount[32];
        std::snprintf(amount, sizeof amount, "%.1f", std::abs(std::chrono::duration<double>{skew}.count()));
        const bool is_behind = skew < Duration{0};
        if (std::chrono::abs(skew) > most) {
            found.push_back(steadied(alarm(services::AlarmCode::clock_skew, realm,
                                           std::string{"it is "} + amount + (is_behind ? " s behind" : " s ahead")),
                                     facts.status.alarms));
        } else {
            found.push_back(
                say(is_behind ? Says::clock_behind : Says::clock_ahead, {{"node", realm}, {"seconds", amount}}));
        }
    }
    return found;
}

}  // namespace sallyport::admin
