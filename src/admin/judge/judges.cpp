// The rows.
#include "admin/judge/judges.h"

#include <algorithm>

namespace sallyport::admin {

namespace {
using enum services::AlarmCode;
}

std::span<const JudgeRow> judges() {
    static const std::vector<JudgeRow> rows{
        {"links", judge_links, {link_down, link_copy, link_stanza}},
        {"chain", judge_chain, {}},
        {"router", judge_router, {router_restart}},
        {"certificates",
         judge_certificates,
         {certificate_expiring, certificate_expiring_soon, certificate_expired, certificate_not_yet}},
        {"partners", judge_partners, {peer_certificate_expiring, peer_certificate_expired}},
        {"authority", judge_authority, {inside_authority}},
        {"coverage", judge_coverage, {}},
        {"inside", judge_inside, {}},
        {"clocks", judge_clocks, {clock_skew}},
        {"held", judge_held, {}},
        {"queues", judge_queues, {}},
        {"settings", judge_settings, {}},
    };
    return rows;
}

bool is_judged(services::AlarmCode code) {
    const auto rows = judges();
    return std::any_of(rows.begin(), rows.end(), [&](const JudgeRow& row) {
        return std::find(row.alarms.begin(), row.alarms.end(), code) != row.alarms.end();
    });
}

Findings judge_all(const Facts& facts) {
    Findings all;
    for (const JudgeRow& row : judges()) append(all, row.judge(facts));
    return all;
}

}  // namespace sallyport::admin
