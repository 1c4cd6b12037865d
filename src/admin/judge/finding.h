// What a judge found out about this node: the one value of which status, checks and alarms are views.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "admin/diag/report.h"
#include "services/alarms/alarm_board.h"

namespace sallyport::admin {

struct Finding {
    diag::Grade grade = diag::Grade::note;
    std::string text;
    std::string remedy;                             ///< empty: nothing to be done
    std::optional<services::AlarmCode> alarm = {};  ///< it is also an alarm of this code
    std::string key = {}, detail = {};              ///< of the alarm
    services::AlarmWords words = {};                ///< of it, where they are not those of its row
    diag::FromRows rows = {};
};
using Findings = std::vector<Finding>;

/// A finding that is also an alarm; text, remedy and grade are the alarm's: its own words, or those of its row.
[[nodiscard]] Finding alarm(services::AlarmCode code, std::string key, std::string detail,
                            services::AlarmWords words = {});
/// Where an alarm has its words from.
[[nodiscard]] diag::FromRows rows_of(const services::Alarm& alarm);
/// The same as the alarm in `standing` says it, if that differs in nothing but its detail: for an amount that moves a
/// little with each look, which is no news, and is one amount wherever it is told.
[[nodiscard]] Finding steadied(Finding finding, const std::vector<services::Alarm>& standing);
/// `more` behind `all`.
void append(Findings& all, Findings more);
/// Adds what was found to a check's report.
void tell(const Findings& found, diag::Report& report);

}  // namespace sallyport::admin
