// The checks of the world, one file each. The rows of the verbs `check …` say what each is for.
#pragma once

#include "admin/diag/check.h"

namespace sallyport::diag {

// dns.cpp
[[nodiscard]] std::shared_ptr<void> start_dns(CheckContext context, const xmpp::Domain& domain, OnReport on_report);
// tls.cpp
[[nodiscard]] std::shared_ptr<void> start_tls(CheckContext context, const xmpp::Domain& domain, OnReport on_report);
// dialback.cpp
[[nodiscard]] std::shared_ptr<void> start_dialback(CheckContext context, const xmpp::Domain& domain,
                                                   OnReport on_report);

}  // namespace sallyport::diag
