// One log record as one line, in the form of Expressway's event log or as JSON. Pure; threat T81: whatever a peer put
// into a value, the line stays one line of valid UTF-8 whose keys are ours.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"

namespace sallyport::io {

/// Bytes of one value before escaping: `Detail` holds an element as it stands on the wire.
[[nodiscard]] constexpr std::size_t longest_log_value(std::string_view key) { return key == "Detail" ? 1024 : 256; }

/// What stands in front of every line.
struct LogOrigin {
    std::string host;
    std::string program;  ///< e.g. "sallyport-edge"
    int process = 0;
};

/// The name that lines carry, e.g. "developer.xcp.federation" for s2s.
[[nodiscard]] std::string_view printed_module(LogModule module);
/// `value` capped at `longest` bytes, invalid UTF-8 replaced by U+FFFD, quotes and backslashes escaped, control
/// characters (C0, DEL, C1) and U+2028, U+2029 as \uXXXX: fit to stand between quotes in either form.
[[nodiscard]] std::string escape_log_value(std::string_view value, std::size_t longest = longest_log_value({}));
/// `2026-11-22T06:00:00.123456Z`
[[nodiscard]] std::string log_time(WallTime time);

/// `<time> <host> <program>[<pid>]: UTCTime="…" Module="…" Level="INFO " CodeLocation="…" Event="…" key="value" …`
[[nodiscard]] std::string text_line(const LogOrigin& origin, WallTime time, const LogRecord& record);
/// The module as the event log names it: "XMPPFederation" for s2s; others as they are printed.
[[nodiscard]] std::string_view event_module(LogModule module);
/// RFC 5424: facility daemon, MSGID the event, the facts as MSG; at most 2048 bytes, which every receiver takes (6.1).
[[nodiscard]] std::string syslog_line(const LogOrigin& origin, WallTime time, const LogRecord& record);
/// The same keys as one JSON object.
[[nodiscard]] std::string json_line(const LogOrigin& origin, WallTime time, const LogRecord& record);

}  // namespace sallyport::io
