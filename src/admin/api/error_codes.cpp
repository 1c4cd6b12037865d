// The table of codes. tests/unit/admin asks for a row of every code that an answer has.
#include "admin/api/error_codes.h"

#include <algorithm>

namespace sallyport::admin {

namespace {

constexpr unsigned bad_request = 400, unproven = 401, forbidden = 403, absent = 404, method = 405, conflict = 409,
                   stale = 412, media = 415, elsewhere = 421, too_often = 429, unable = 503;

constexpr ErrorCode rows[] = {
    // The request
    {"argument-malformed", bad_request, {}, true},
    {"argument-missing", bad_request, {}, true},
    {"argument-unknown", bad_request, {}, true},
    {"json-malformed", bad_request},
    {"query-malformed", bad_request},
    {"request-malformed", bad_request, {}, true},
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
    {"handover-account", forbidden},
    {"handover-audience", forbidden},
    {"handover-busy", unable},
    {"handover-clock", forbidden},
    {"handover-code", forbidden},
    {"handover-direction", forbidden},
    {"handover-expired", forbidden},
    {"handover-issuer", forbidden},
    {"handover-key", conflict},
    {"handover-malformed", bad_request},
    {"handover-node", absent},
    {"handover-off", conflict},
    {"handover-origin", forbidden},
    {"handover-replayed", forbidden},
    {"handover-signature", forbidden},
    {"session-none", absent},

    // Accounts, tokens and sessions
    {"access-none", conflict},
    {"account-exists", conflict},
    {"account-malformed", bad_request},
    {"account-other", bad_request},
    {"account-password", bad_request, "password"},
    {"account-unknown", absent},
    {"password-refused", bad_request, "current"},
    {"limit-accounts", conflict},
    {"limit-tokens", conflict},
    {"session-unknown", absent},
    {"token-exists", conflict},
    {"token-malformed", bad_request},
    {"token-unknown", absent},

    // Settings and lists
    {"domain-malformed", bad_request},
    {"federation-node-status", bad_request},
    {"name-malformed", bad_request, "name"},
    {"name-unknown", absent},
    {"revision-missing", bad_request},
    {"revision-stale", stale},
    {"setting-elsewhere", conflict},
    {"setting-type", bad_request},
    {"setting-unknown", absent},
    {"setting-value", bad_request},

    // Peers, handshakes, alarms
    {"alarm-unknown", absent},
    {"events-busy", unable},
    {"handshake-none-failed", bad_request},
    {"handshake-unknown", absent},
    {"history-busy", unable},
    {"nodes-none", unable},
    {"peer-unknown", absent},
    {"ping-elsewhere", conflict},
    {"ping-no-answer", conflict},
    {"ping-refused", conflict},
    {"reload-failed", conflict},
    {"verdict-unknown", absent},

    // Users, AXL and provisioning
    {"client-changed", conflict},
    {"client-malformed", bad_request, "jid"},
    {"client-unknown", absent},
    {"cp-id-malformed", bad_request},
    {"publisher-exists", conflict},
    {"publisher-full", conflict},
    {"publisher-malformed", bad_request},
    {"publisher-unknown", absent},
    {"seal-broken", conflict},
    {"seal-failed", conflict},
    {"seal-key", conflict},
    {"sql-refused", bad_request, "statement"},
    {"user-domain", bad_request},
    {"user-exists", conflict},
    {"user-malformed", bad_request},
    {"user-password", bad_request, "password"},
    {"user-unknown", absent},
    {"users-busy", unable},
    {"users-none", conflict},

    // Captures and diagnostic logs
    {"archive-failed", conflict},
    {"capture-address", bad_request, "host"},
    {"capture-bound", bad_request},
    {"capture-disk", conflict},
    {"capture-exists", conflict, "name"},
    {"capture-failed", conflict},
    {"capture-file", conflict},
    {"capture-filter", conflict},
    {"capture-full", conflict},
    {"capture-interface", bad_request, "interface"},
    {"capture-none", conflict},
    {"capture-permission", conflict},
    {"capture-port", bad_request, "port"},
    {"capture-running", conflict},
    {"diag-bound", bad_request},
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
    {"store-no-such-name", bad_request, "statement"},
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
