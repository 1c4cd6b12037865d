// The checks of the world, one file each. The rows of the verbs `check …` say what each is for.
#pragma once

#include "admin/diag/check.h"
#include "admin/diag/check_rows.h"

namespace sallyport::diag {

/// Reports from the loop, not from within a callback of the check: whoever is told may end it.
inline void report_later(io::Loop& loop, const Report& report, const OnReport& on_report) {
    loop.defer([report, on_report] { on_report(report); });
}

// dns.cpp
[[nodiscard]] std::shared_ptr<void> start_dns(CheckContext context, const xmpp::Domain& domain, OnReport on_report);
// tls.cpp
[[nodiscard]] std::shared_ptr<void> start_tls(CheckContext context, const xmpp::Domain& domain, OnReport on_report);
// dialback.cpp
[[nodiscard]] std::shared_ptr<void> start_dialback(CheckContext context, const xmpp::Domain& domain,
                                                   OnReport on_report);

}  // namespace sallyport::diag
