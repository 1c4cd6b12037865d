// What a survey of DNS means for federation, in findings. Pure.
#pragma once

#include <span>

#include "admin/diag/check_rows.h"
#include "admin/diag/dns_survey.h"
#include "admin/diag/report.h"

namespace sallyport::diag {

/// What we know of ourselves.
struct OwnSide {
    std::span<const IpNetwork> allowed;  ///< reserved networks that DNS may lead to
    std::span<const Endpoint> own;       ///< our listeners
    bool is_ours = false;                ///< the domain is one of ours: its records have to lead here
    bool has_route = false;              ///< a static route replaces DNS for it
};

/// Why the plan of a survey is to connect nowhere.
[[nodiscard]] Finding no_server(const Survey& survey, ThisTime this_time = {});

void judge_dns(const Survey& survey, const OwnSide& us, Report& report);

}  // namespace sallyport::diag
