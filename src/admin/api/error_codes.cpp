// The table of codes. tests/unit/admin asks for a row of every code that an answer has.
#include "admin/api/error_codes.h"

#include <algorithm>

namespace sallyport::admin {

namespace {

constexpr unsigned malformed = 400, unproven = 401, forbidden = 403, absent = 404, method = 405, conflict = 409,
                   stale = 412, media = 415, elsewhere = 421, too_often = 429, unable = 503;

constexpr ErrorCode rows[] = {
    // The request
    {"argument-malformed", malformed, {}, true},
    {"argument-missing", malformed, {}, true},
    {"argument-unknown", malformed, {}, true},
    {"json-malformed", malformed},
    {"query-malformed", malformed},
    {"request-malformed", malformed, {}, true},
    {"host-unknown", elsewhere},
    {"method-unknown", method},
    {"path-unknown", absent},
    {"type-unknown", media},
    {"verb-unknown", absent, {}, true},
    {"role-wrong", conflict},
    {"verb-role", conflict},
    {"limit-answers", too_often},
    {"limit-streams", unable},

    // Who asks
    {"code-needed", unproven, "code"},
    {"login-busy", unable},
    {"login-needed", unproven},
    {"login-refused", unproven, "code"},
    {"login-throttled", too_often},
    {"token-refused", unproven},
    {"accounts-none", forbidden},
    {"csrf-refused", forbidden},
    {"origin-refused", forbidden},
    {"role-insufficient", forbidden},
    {"session-none", absent},

    // Accounts, tokens and sessions
    {"access-none", conflict},
    {"account-exists", conflict},
    {"account-malformed", malformed},
    {"account-other", malformed},
    {"account-password", malformed, "password"},
    {"account-unknown", absent},
    {"password-refused", malformed, "current"},
    {"limit-accounts", conflict},
    {"limit-tokens", conflict},
    {"session-unknown", absent},
    {"token-exists", conflict},
    {"token-malformed", malformed},
    {"token-unknown", absent},

    // Settings and lists
    {"domain-malformed", malformed},
    {"federation-node-status", malformed},
    {"name-malformed", malformed, "name"},
    {"name-unknown", absent},
    {"revision-missing", malformed},
    {"revision-stale", stale},
    {"setting-elsewhere", conflict},
    {"setting-type", malformed},
    {"setting-unknown", absent},
    {"setting-value", malformed},

    // Peers, handshakes, alarms
    {"alarm-unknown", absent},
    {"events-busy", unable},
    {"handshake-none-failed", malformed},
    {"handshake-unknown", absent},
    {"peer-unknown", absent},
    {"ping-elsewhere", conflict},
    {"ping-no-answer", conflict},
    {"ping-refused", conflict},
    {"reload-failed", conflict},
    {"verdict-unknown", absent},

    // Users, AXL and provisioning
    {"cp-id-malformed", malformed},
    {"publisher-exists", conflict},
    {"publisher-full", conflict},
    {"publisher-malformed", malformed},
    {"publisher-unknown", absent},
    {"seal-broken", conflict},
    {"seal-failed", conflict},
    {"seal-key", conflict},
    {"sql-refused", malformed, "statement"},
    {"user-domain", malformed},
    {"user-exists", conflict},
    {"user-malformed", malformed},
    {"user-password", malformed, "password"},
    {"user-unknown", absent},
    {"users-busy", unable},
    {"users-none", conflict},

    // Captures and diagnostic logs
    {"archive-failed", conflict},
    {"capture-address", malformed, "host"},
    {"capture-bound", malformed},
    {"capture-disk", conflict},
    {"capture-exists", conflict, "name"},
    {"capture-failed", conflict},
    {"capture-file", conflict},
    {"capture-filter", conflict},
    {"capture-full", conflict},
    {"capture-interface", malformed, "interface"},
    {"capture-none", conflict},
    {"capture-permission", conflict},
    {"capture-port", malformed, "port"},
    {"capture-running", conflict},
    {"diag-bound", malformed},
    {"diag-collecting", conflict},
    {"diag-disk", conflict},
    {"diag-none", conflict},
    {"diag-running", conflict},
    {"shelf-failed", unable},
    {"shelf-full", conflict},

    // Databases
    {"store-busy", unable},
    {"store-conflict", conflict},
    {"store-corrupt", unable},
    {"store-failed", unable},
    {"store-full", unable},
    {"store-locked", unable},
    {"store-missing", unable},
    {"store-newer", unable},
    {"store-no-such-name", malformed, "statement"},
    {"store-unreadable", unable},
    {"store-unwritable", unable},
};

}  // namespace

std::span<const ErrorCode> error_codes() { return rows; }

const ErrorCode* find_error_code(std::string_view code) {
    const auto* const at = std::ranges::find(rows, code, &ErrorCode::code);
    return at == std::end(rows) ? nullptr : at;
}

unsigned http_status(std::string_view code) {
    const ErrorCode* const row = find_error_code(code);
    return row == nullptr ? conflict : row->status;
}

}  // namespace sallyport::admin
