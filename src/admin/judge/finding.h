// What a judge found out about this node: the one value of which status, checks and alarms are views.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "admin/diag/report.h"
#include "services/alarms/alarm_codes.h"

namespace sallyport::admin {

struct Finding {
    diag::Grade grade = diag::Grade::note;
    std::string text;
    std::string remedy;                             ///< empty: nothing to be done
    std::optional<services::AlarmCode> alarm = {};  ///< it is also an alarm of this code
    std::string key = {}, detail = {};              ///< of the alarm
};
using Findings = std::vector<Finding>;

/// A finding that is also an alarm; text, remedy and grade are those of the alarm's row.
[[nodiscard]] Finding alarm(services::AlarmCode code, std::string key, std::string detail);
/// `more` behind `all`.
void append(Findings& all, Findings more);
/// Adds what was found to a check's report.
void tell(const Findings& found, diag::Report& report);

}  // namespace sallyport::admin
