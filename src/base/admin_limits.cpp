// The table of the admin floor's limits.
#include "base/admin_limits.h"

namespace sallyport {

namespace {

using L = AdminLimits;

constexpr AdminLimitRow rows[] = {
    {"admin_connections", &L::connections, "connections", 4, "connections to the admin address"},
    {"admin_connections_per_address", &L::connections_per_address, "connections", 2,
     "connections to the admin address from one remote address"},
    {"admin_header_bytes", &L::header_bytes, "bytes", 4096, "header of a request to the admin address"},
    {"admin_body_bytes", &L::body_bytes, "bytes", 65536, "body of a request to the admin address"},
    {"admin_header_seconds", &L::header_seconds, "seconds", 1, "time for the header of a request"},
    {"admin_body_seconds", &L::body_seconds, "seconds", 1, "time for the body of a request"},
    {"admin_accounts", &L::accounts, "accounts", 1, "accounts of the admin address"},
    {"admin_tokens", &L::tokens, "tokens", 1, "tokens of scripts"},
    {"admin_sessions", &L::sessions, "sessions", 2, "sessions of administrators"},
    {"admin_sessions_per_account", &L::sessions_per_account, "sessions", 1, "sessions of one account"},
    {"admin_session_idle_seconds", &L::session_idle_seconds, "seconds", 60, "idle time after which a session ends"},
    {"admin_session_seconds", &L::session_seconds, "seconds", 300, "time after which any session ends"},
    {"admin_login_failures_per_minute", &L::login_failures_per_minute, "attempts", 1,
     "failed sign-ins and tokens of one remote address, and of one account"},
    {"admin_handovers", &L::handovers, "hand-overs", 16, "used hand-overs that are remembered until they expire"},
    {"admin_pending_logins", &L::pending_logins, "logins", 1, "sign-ins whose password is being hashed"},
    {"admin_change_streams", &L::change_streams, "streams", 1, "clients that follow /api/v1/changes"},
    {"admin_change_streams_per_account", &L::change_streams_per_account, "streams", 1,
     "clients of one account that follow /api/v1/changes"},
    {"admin_change_stream_bytes", &L::change_stream_bytes, "bytes", 65536, "changes waiting for a slow client"},
    {"admin_answer_bytes_per_second", &L::answer_bytes_per_second, "bytes", 262144,
     "bytes of answers to one account or token per second; eight times that at once"},
    {"admin_audit_rows", &L::audit_rows, "rows", 100, "entries kept in the audit"},
};

}  // namespace

std::span<const AdminLimitRow> admin_limit_rows() { return rows; }

}  // namespace sallyport
