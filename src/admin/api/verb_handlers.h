// The handlers of the table of verbs, a file a group. Only verbs*.cpp include it.
#pragma once

#include "admin/api/call.h"

namespace sallyport::admin {

using SharedCall = std::shared_ptr<Call>;

// verbs_status.cpp
void run_status(const SharedCall& call);
void run_alarms(const SharedCall& call);
void run_alarms_ack(const SharedCall& call);
// verbs_peers.cpp
void run_peers_list(const SharedCall& call);
void run_peers_show(const SharedCall& call);
void run_peers_ping(const SharedCall& call);
void run_peers_close(const SharedCall& call);
// verbs_config.cpp
void run_config_get(const SharedCall& call);
void run_config_set(const SharedCall& call);
void run_config_history(const SharedCall& call);
// verbs_routes.cpp
void run_routes_list(const SharedCall& call);
void run_routes_add(const SharedCall& call);
void run_routes_remove(const SharedCall& call);
// verbs_lists.cpp
void run_allow_list(const SharedCall& call);
void run_allow_add(const SharedCall& call);
void run_allow_remove(const SharedCall& call);
void run_deny_list(const SharedCall& call);
void run_deny_add(const SharedCall& call);
void run_deny_remove(const SharedCall& call);
// verbs_events.cpp
void run_events(const SharedCall& call);
void run_log_levels(const SharedCall& call);
void run_log_level(const SharedCall& call);
// verbs_why.cpp
void run_why(const SharedCall& call);
/// Of run_why: the argument is a verdict's id.
void explain_verdict(const SharedCall& call);
// verbs_handshakes.cpp
void run_handshakes_list(const SharedCall& call);
void run_handshakes_show(const SharedCall& call);
void run_handshakes_diff(const SharedCall& call);
void run_handshakes_export(const SharedCall& call);
// verbs_metrics.cpp
void run_metrics(const SharedCall& call);
// verbs_check.cpp
void run_check_certs(const SharedCall& call);
void run_check_dialback(const SharedCall& call);
void run_check_axl(const SharedCall& call);
void run_check_link(const SharedCall& call);
void run_check_all(const SharedCall& call);
void run_check_dns(const SharedCall& call);
void run_check_tls(const SharedCall& call);
void run_reload(const SharedCall& call);
// verbs_presence.cpp
void run_notifications(const SharedCall& call);
void run_restart_router(const SharedCall& call);
// verbs_axl.cpp
void run_run_sql(const SharedCall& call);
void run_axl_users_list(const SharedCall& call);
void run_axl_users_add(const SharedCall& call);
void run_axl_users_passwd(const SharedCall& call);
void run_axl_users_remove(const SharedCall& call);
// verbs_imp.cpp
void run_imp_servers_list(const SharedCall& call);
void run_imp_servers_add(const SharedCall& call);
void run_imp_servers_remove(const SharedCall& call);
void run_imp_servers_refresh(const SharedCall& call);
void run_imp_servers_passwd(const SharedCall& call);
// verbs_users.cpp
void run_users_list(const SharedCall& call);
void run_users_show(const SharedCall& call);
void run_users_add(const SharedCall& call);
void run_users_passwd(const SharedCall& call);
void run_users_remove(const SharedCall& call);
void run_users_requests(const SharedCall& call);
void run_users_forget_requests(const SharedCall& call);
// verbs_admins.cpp
void run_admins_list(const SharedCall& call);
void run_admins_add(const SharedCall& call);
void run_admins_passwd(const SharedCall& call);
void run_admins_role(const SharedCall& call);
void run_admins_totp(const SharedCall& call);
void run_admins_remove(const SharedCall& call);
void run_account_passwd(const SharedCall& call);
void run_tokens_list(const SharedCall& call);
void run_tokens_add(const SharedCall& call);
void run_tokens_remove(const SharedCall& call);
void run_sessions_list(const SharedCall& call);
void run_sessions_close(const SharedCall& call);
void run_audit(const SharedCall& call);
// verbs_capture.cpp
void run_capture_list(const SharedCall& call);
void run_capture_start(const SharedCall& call);
void run_capture_stop(const SharedCall& call);
void run_capture_get(const SharedCall& call);
void run_capture_remove(const SharedCall& call);
void run_utils_network(const SharedCall& call);
// verbs_diag.cpp
void run_diag_list(const SharedCall& call);
void run_diag_start(const SharedCall& call);
void run_diag_marker(const SharedCall& call);
void run_diag_stop(const SharedCall& call);
void run_diag_collect(const SharedCall& call);
void run_diag_get(const SharedCall& call);
void run_diag_remove(const SharedCall& call);

}  // namespace sallyport::admin
