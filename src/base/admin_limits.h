// Bounds of the admin floor: HTTPS, sessions, tokens, the stream of changes, the audit. Their keys stand in `[limits]`
// of the node's file with those of limits.h (docs/manual/limits.md); no profile lifts them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace sallyport {

struct AdminLimits {
    std::uint64_t connections = 128;  ///< to the admin address
    std::uint64_t connections_per_address = 32;
    std::uint64_t header_bytes = 16384;
    std::uint64_t body_bytes = 1 << 20;
    std::uint64_t header_seconds = 10;  ///< from the first byte of a request to the end of its header
    std::uint64_t body_seconds = 30;
    std::uint64_t accounts = 100;
    std::uint64_t tokens = 100;
    std::uint64_t sessions = 64;
    std::uint64_t sessions_per_account = 8;
    std::uint64_t session_idle_seconds = 1800;
    std::uint64_t session_seconds = 43200;
    std::uint64_t login_failures_per_minute = 10;  ///< of one address, and of one account
    std::uint64_t handovers = 256;                 ///< that were used, and are remembered until they expire
    std::uint64_t pending_logins = 8;              ///< whose password is being hashed
    std::uint64_t change_streams = 32;             ///< GET /api/v1/changes
    std::uint64_t change_streams_per_account = 8;
    std::uint64_t change_stream_bytes = 1 << 20;      ///< that wait for a client that does not read
    std::uint64_t answer_bytes_per_second = 4 << 20;  ///< to one account or token
    std::uint64_t audit_rows = 10000;
};

struct AdminLimitRow {
    std::string_view key;
    std::uint64_t AdminLimits::*member;
    std::string_view unit;
    std::uint64_t least;
    std::string_view help;
};
[[nodiscard]] std::span<const AdminLimitRow> admin_limit_rows();

}  // namespace sallyport
