// Recorded handshakes and refusals as JSON: the same for the CLI, scripts and the file for a partner.
#pragma once

#include <boost/json/object.hpp>

#include "services/record/compare.h"
#include "services/record/handshake.h"
#include "services/record/verdicts.h"

namespace sallyport::admin {

/// Without the steps.
[[nodiscard]] boost::json::object summary_of(const record::Handshake& handshake);
/// With them.
[[nodiscard]] boost::json::object json_of(const record::Handshake& handshake);
/// What a partner may see: without addresses of ours.
[[nodiscard]] boost::json::object exported(const record::Handshake& handshake);
[[nodiscard]] boost::json::object json_of(const record::Difference& difference);
[[nodiscard]] boost::json::object json_of(const record::Verdict& verdict);

}  // namespace sallyport::admin
