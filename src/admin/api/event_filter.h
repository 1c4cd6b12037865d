// Which entries of the event log somebody wants to see. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/log/node_log.h"

namespace sallyport::admin {

/// What is not set does not restrict.
struct EventFilter {
    LogLevel least_level = LogLevel::trace;
    std::vector<LogModule> modules;  ///< any of these; empty: all
    std::string peer;                ///< a domain, or an address without port
    std::string code;                ///< what the event's name begins with
    WallTime since{}, until = WallTime::max();

    [[nodiscard]] bool passes(const io::LogEvent& event) const;
};

/// The modules that `names` has, with commas between. Errors: "argument-malformed".
[[nodiscard]] Result<std::vector<LogModule>> modules_named(std::string_view names);
/// "2026-11-22T06:00:00Z" (RFC 3339, in UTC), or how long before `now`: "90s", "10m", "2h", "3d". Errors:
/// "argument-malformed".
[[nodiscard]] Result<WallTime> time_of(std::string_view text, WallTime now);
/// `text` names `peer` as a whole: "b.test" is in "a.test:b.test" and in "b.test", not in "sub.b.test".
[[nodiscard]] bool mentions(std::string_view text, std::string_view peer);

}  // namespace sallyport::admin
