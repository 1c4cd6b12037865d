// The rows.
#include "admin/judge/judges.h"

#include <algorithm>

namespace sallyport::admin {

namespace {
using enum services::AlarmCode;
/// A restart of the other node that is over at once is no alarm.
constexpr auto patience_with_links = std::chrono::milliseconds{1500};
}  // namespace

std::span<const JudgeRow> judges() {
    static const std::vector<JudgeRow> rows{
        {Subject::links, judge_links, {{link_down, patience_with_links}, {link_copy}, {link_stanza}}, Depth::brief},
        {Subject::chain, judge_chain, {{chain_failed}}, Depth::brief},
        {Subject::router, judge_router, {{router_restart}}, Depth::brief},
        {Subject::certificates,
         judge_certificates,
         {{certificate_expiring}, {certificate_expiring_soon}, {certificate_expired}, {certificate_not_yet}},
         Depth::brief},
        {Subject::partners, judge_partners, {{peer_certificate_expiring}, {peer_certificate_expired}}},
        {Subject::authority, judge_authority, {{inside_authority}}},
        {Subject::coverage, judge_coverage, {}},
        {Subject::inside, judge_inside, {}},
        {Subject::inside_servers, judge_inside_servers, {{inside_down}}, Depth::brief},
        {Subject::clocks, judge_clocks, {{clock_skew}}, Depth::brief},
        {Subject::own_clock, judge_own_clock, {{clock_wrong}, {clock_jumped}, {clock_unsynchronised}}, Depth::brief},
        {Subject::disk, judge_disk, {{disk_low}, {disk_read_only}}, Depth::brief},
        {Subject::history, judge_history, {{history_store}}, Depth::brief},
        {Subject::resolver, judge_resolver, {{dns_down}}, Depth::brief},
        {Subject::certificate_files, judge_certificate_files, {{certificate_replaced}}, Depth::brief},
        {Subject::held, judge_held, {}},
        {Subject::queues, judge_queues, {}},
        {Subject::settings, judge_settings, {}},
    };
    return rows;
}

bool is_judged(services::AlarmCode code) {
    const auto rows = judges();
    return std::any_of(rows.begin(), rows.end(), [&](const JudgeRow& row) {
        return std::any_of(row.alarms.begin(), row.alarms.end(),
                           [code](const JudgedAlarm& alarm) { return alarm.code == code; });
    });
}

}  // namespace sallyport::admin
