// The router of a presence node: what it works with, and whether other domains can be reached.
#include "admin/judge/judges.h"

namespace sallyport::admin {

using diag::Grade;

Findings judge_router(const Facts& facts) {
    if (!facts.status.router) return {};
    const RouterStatus& router = *facts.status.router;
    Findings found;
    if (!router.obstacle.empty()) {
        found.push_back(
            {Grade::bad, "other domains cannot be reached: " + router.obstacle.why, router.obstacle.remedy});
    }
    if (!router.table_trouble.empty()) {
        found.push_back({Grade::bad, "the table xmpps2snodes cannot be read: " + router.table_trouble,
                         "repair presence.db in the data folder; the router keeps what it has loaded"});
    }
    for (const std::string& what : router.pending) {
        found.push_back(alarm(services::AlarmCode::router_restart, what, "changed since the router started"));
    }
    return found;
}

}  // namespace sallyport::admin
