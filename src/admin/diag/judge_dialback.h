// What the answers of an address to a right key and a wrong one mean (XEP-0220 2.1.2). Pure.
#pragma once

#include "admin/diag/report.h"
#include "admin/diag/tls_probe.h"

namespace sallyport::diag {

/// The first key was right, the second wrong. `door` is an address that others find for `ours`.
void judge_dialback(const Visit& visit, const Door& door, const xmpp::Domain& ours, Report& report);

}  // namespace sallyport::diag
