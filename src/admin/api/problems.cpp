// Findings of the judges, and the alarms that others raised.
#include "admin/api/problems.h"

#include <algorithm>

namespace sallyport::admin {

using diag::Grade;

namespace {

/// An alarm of a linked node about a step that this node shows as failed.
bool is_step(const services::Alarm& alarm, const std::vector<ChainStep>& chain) {
    return alarm.code == services::AlarmCode::far_alarm &&
           std::any_of(chain.begin(), chain.end(), [&](const ChainStep& step) {
               return step.state == StepState::failed && !step.node.empty() && !step.alarm.empty() &&
                      alarm.key == services::far_alarm_key(step.node, step.alarm);
           });
}

}  // namespace

std::vector<NodeProblem> problems(const Facts& facts) {
    std::vector<NodeProblem> all;
    for (const services::Alarm& alarm : facts.status.alarms) {
        if (is_judged(alarm.code) || is_step(alarm, facts.status.chain)) continue;
        all.push_back({alarm.severity() == services::AlarmSeverity::error, alarm.sentence(), alarm.cure(),
                       Subject::alarms, alarm.code, alarm.key, rows_of(alarm)});
    }
    for (const JudgeRow& row : judges()) {
        for (Finding& finding : row.judge(facts)) {
            if (finding.grade < Grade::warning) continue;
            all.push_back({finding.grade == Grade::bad, std::move(finding.text), std::move(finding.remedy), row.subject,
                           finding.alarm, std::move(finding.key), std::move(finding.rows)});
        }
    }
    std::stable_partition(all.begin(), all.end(), [](const NodeProblem& problem) { return problem.is_error; });
    return all;
}

}  // namespace sallyport::admin
