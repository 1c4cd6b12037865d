// An alarm's words come from its row.
#include "admin/judge/finding.h"

#include <iterator>
#include <utility>

#include "services/alarms/alarm_board.h"

namespace sallyport::admin {

Finding alarm(services::AlarmCode code, std::string key, std::string detail) {
    services::Alarm stands;
    stands.code = code;
    stands.key = std::move(key);
    stands.detail = std::move(detail);
    return {stands.row().severity == services::AlarmSeverity::error ? diag::Grade::bad : diag::Grade::warning,
            stands.sentence(),
            stands.cure(),
            code,
            stands.key,
            stands.detail};
}

void append(Findings& all, Findings more) {
    all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

void tell(const Findings& found, diag::Report& report) {
    for (const Finding& finding : found) report.add(finding.grade, finding.text, finding.remedy);
}

}  // namespace sallyport::admin
