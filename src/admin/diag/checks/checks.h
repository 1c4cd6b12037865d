// The checks, one file each, and their table.
#pragma once

#include <span>

#include "admin/diag/check.h"

namespace sallyport::diag {

[[nodiscard]] std::span<const Check> checks();
/// Null when there is none.
[[nodiscard]] const Check* find_check(std::string_view name);

// dns.cpp
[[nodiscard]] std::shared_ptr<void> start_dns(CheckContext context, const xmpp::Domain& domain, OnReport on_report);
// tls.cpp
[[nodiscard]] std::shared_ptr<void> start_tls(CheckContext context, const xmpp::Domain& domain, OnReport on_report);
// dialback.cpp
[[nodiscard]] std::shared_ptr<void> start_dialback(CheckContext context, const xmpp::Domain& domain,
                                                   OnReport on_report);

}  // namespace sallyport::diag
