// The router of a presence node: what it works with, and whether other domains can be reached.
#include <algorithm>

#include "admin/judge/finding_rows.h"
#include "admin/judge/judges.h"

namespace sallyport::admin {

namespace {

/// Something is a failed step, and told as such.
bool has_failed_step(const NodeStatus& status) {
    return std::any_of(status.chain.begin(), status.chain.end(),
                       [](const ChainStep& step) { return step.state == StepState::failed && step.alarm.empty(); });
}

}  // namespace

Findings judge_router(const Facts& facts) {
    if (!facts.status.router) return {};
    const RouterStatus& router = *facts.status.router;
    bool told = has_failed_step(facts.status);
    Findings found;
    if (!router.obstacle.empty() && !router.obstacle_is_step && !told) {
        told = true;
        found.push_back(say(Says::router_obstacle, {{"why", router.obstacle.why}}, router.obstacle.remedy));
    }
    if (!router.table_trouble.empty()) {
        found.push_back(say(Says::router_table, {{"why", router.table_trouble}}));
    }
    for (const std::string& what : router.pending) {
        // Rows that are not loaded are the obstacle or the failed step, with the same remedy.
        if (what == RouterStatus::table && told) continue;
        found.push_back(alarm(services::AlarmCode::router_restart, what, "changed since the router started"));
    }
    return found;
}

}  // namespace sallyport::admin
