// What a visit to another server means for federation, in findings. Pure.
#pragma once

#include <chrono>

#include "admin/diag/report.h"
#include "admin/diag/tls_probe.h"
#include "proto/s2s/rules.h"

namespace sallyport::diag {

/// The certificates of peers are looked at with this horizon, everywhere.
inline constexpr auto peer_expires_soon = std::chrono::hours{24 * 14};

/// `policy`: what streams with `domain` must look like; `now`: for certificates about to expire.
void judge_tls(const Visit& visit, const xmpp::Domain& domain, const s2s::StreamPolicy& policy, WallTime now,
               Report& report);

}  // namespace sallyport::diag
