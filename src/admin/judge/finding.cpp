// An alarm's words are its own, or come from its row.
#include "admin/judge/finding.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sallyport::admin {

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
            stands.words};
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
    for (const Finding& finding : found) report.add(finding.grade, finding.text, finding.remedy);
}

}  // namespace sallyport::admin
