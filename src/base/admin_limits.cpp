// The table of the admin floor's limits.
#include "base/admin_limits.h"

namespace sallyport {

namespace {

using L = AdminLimits;

constexpr AdminLimitRow rows[] = {
    {"admin_connections", &L::connections, "connections", 4, "connections to the admin address"},
    {"admin_connections_per_address", &L::connections_per_address, "connections", 2, "of those, of one remote address"},
    {"admin_header_bytes", &L::header_bytes, "bytes", 4096, "header of a request to the admin address"},
    {"admin_body_bytes", &L::body_bytes, "bytes", 65536, "body of a request to the admin address"},
    {"admin_header_seconds", &L::header_seconds, "seconds", 1, "until the header of a request is complete"},
    {"admin_body_seconds", &L::body_seconds, "seconds", 1, "until the body of a request is complete"},
    {"admin_accounts", &L::accounts, "accounts", 1, "people who may log in"},
    {"admin_tokens", &L::tokens, "tokens", 1, "tokens of scripts"},
    {"admin_sessions", &L::sessions, "sessions", 2, "sessions of people who are logged in"},
    {"admin_sessions_per_account", &L::sessions_per_account, "sessions", 1, "of those, of one account"},
    {"admin_session_idle_seconds", &L::session_idle_seconds, "seconds", 60, "after which a session that rests ends"},
    {"admin_session_seconds", &L::session_seconds, "seconds", 300, "after which every session ends"},
    {"admin_login_failures_per_minute", &L::login_failures_per_minute, "attempts", 1,
     "refused logins and tokens of one remote address, and of one account"},
    {"admin_pending_logins", &L::pending_logins, "logins", 1, "whose password is being hashed"},
    {"admin_change_streams", &L::change_streams, "streams", 1, "clients that follow /api/v1/changes"},
    {"admin_change_streams_per_account", &L::change_streams_per_account, "streams", 1, "of those, of one account"},
    {"admin_change_stream_bytes", &L::change_stream_bytes, "bytes", 65536,
     "changes that wait for a client that does not read"},
    {"admin_audit_rows", &L::audit_rows, "rows", 100, "lines of the audit that are kept"},
};

}  // namespace

std::span<const AdminLimitRow> admin_limit_rows() { return rows; }

}  // namespace sallyport
