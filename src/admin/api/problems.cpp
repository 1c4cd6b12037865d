// Findings of the judges, and the alarms that others raised.
#include "admin/api/problems.h"

#include <algorithm>

namespace sallyport::admin {

using diag::Grade;

std::vector<NodeProblem> problems(const Facts& facts) {
    std::vector<NodeProblem> all;
    for (const services::Alarm& alarm : facts.status.alarms) {
        if (is_judged(alarm.code)) continue;
        all.push_back({alarm.severity() == services::AlarmSeverity::error, alarm.sentence(), alarm.cure(), alarm.code,
                       alarm.key, rows_of(alarm)});
    }
    for (const JudgeRow& row : judges()) {
        for (Finding& finding : row.judge(facts)) {
            if (finding.grade < Grade::warning) continue;
            all.push_back({finding.grade == Grade::bad, std::move(finding.text), std::move(finding.remedy),
                           finding.alarm, std::move(finding.key), std::move(finding.rows)});
        }
    }
    std::stable_partition(all.begin(), all.end(), [](const NodeProblem& problem) { return problem.is_error; });
    return all;
}

}  // namespace sallyport::admin
