// An alarm's words are its own, or come from its row.
#include "admin/judge/finding.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "admin/judge/finding_rows.h"

namespace sallyport::admin {

diag::FromRows rows_of(const services::Alarm& alarm) {
    if (alarm.code == services::AlarmCode::far_alarm && !alarm.words.node.empty() && !alarm.detail.empty()) {
        return say(Says::far_alarm, {{"node", alarm.words.node}, {"detail", alarm.detail}}).rows;
    }
    const std::string name{alarm.row().name};
    return {alarm.words.text.empty() ? name : std::string{},
            alarm.words.cure.empty() ? name : std::string{},
            {{"key", alarm.key}, {"detail", alarm.detail}}};
}

Finding alarm(services::AlarmCode code, std::string key, std::string detail, services::AlarmWords words) {
    services::Alarm stands;
    stands.code = code;
    stands.key = std::move(key);
    stands.detail = std::move(detail);
    stands.words = std::move(words);
    return {stands.severity() == services::AlarmSeverity::error ? diag::Grade::bad : diag::Grade::warning,
            stands.sentence(),
            stands.cure(),
            code,
            stands.key,
            stands.detail,
            stands.words,
            rows_of(stands)};
}

Finding steadied(Finding finding, const std::vector<services::Alarm>& standing) {
    const auto known = std::find_if(standing.begin(), standing.end(), [&](const services::Alarm& alarm) {
        return alarm.code == finding.alarm && alarm.key == finding.key && alarm.words == finding.words;
    });
    if (known == standing.end()) return finding;
    finding.detail = known->detail;
    finding.text = known->sentence();
    return finding;
}

void append(Findings& all, Findings more) {
    all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

void tell(const Findings& found, diag::Report& report) {
    for (const Finding& finding : found) {
        report.findings.push_back({finding.grade, finding.text, finding.remedy, finding.rows});
    }
}

}  // namespace sallyport::admin
