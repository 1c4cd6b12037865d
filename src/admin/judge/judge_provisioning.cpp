// Provisioning: steps of the chain that failed, here or elsewhere, and the IM&P servers of a core.
#include <algorithm>

#include "admin/judge/finding_rows.h"
#include "admin/judge/judges.h"
#include "base/join.h"

namespace sallyport::admin {

using diag::Grade;

namespace {

bool has(const std::vector<std::string>& all, const std::string& wanted) {
    return std::find(all.begin(), all.end(), wanted) != all.end();
}

void judge_rows(const provision::PublisherStatus& publisher, Findings& found) {
    std::vector<std::string> missing;
    for (const std::string& row : publisher.wanted) {
        if (!has(publisher.rows, row)) missing.push_back(row);
    }
    if (!missing.empty()) {
        found.push_back(say(Says::axl_rows_missing, {{"server", publisher.address}, {"rows", joined(missing)}}));
        return;
    }
    found.push_back(
        say(publisher.rows.empty() ? Says::axl_complete_empty : Says::axl_complete,
            {{"server", publisher.address}, {"user", publisher.username}, {"rows", joined(publisher.rows)}}));
}

}  // namespace

/// Of a step of another node that node's alarm tells, which stands on our board too: in the same words, as grave as
/// there.
Findings judge_chain(const Facts& facts) {
    Findings found;
    for (const ChainStep& step : facts.status.chain) {
        if (step.state != StepState::failed || !step.node.empty() || !step.alarm.empty()) continue;
        found.push_back(
            alarm(services::AlarmCode::chain_failed, step.step, step.reason.why, {.cure = step.reason.remedy}));
    }
    return found;
}

Findings judge_publishers(const std::vector<provision::PublisherStatus>& publishers) {
    Findings found;
    if (publishers.empty()) {
        found.push_back(say(Says::axl_none));
    }
    for (const provision::PublisherStatus& publisher : publishers) {
        if (publisher.code.empty()) {
            judge_rows(publisher, found);
            continue;
        }
        provision::PublisherFault fault = provision::fault_of(publisher);
        found.push_back(alarm(fault.code, publisher.address, std::move(fault.detail), std::move(fault.words)));
    }
    return found;
}

}  // namespace sallyport::admin
