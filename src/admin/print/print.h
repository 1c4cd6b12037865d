// Answers of nodes for people: one function a form of answer. The row of a verb names its own.
#pragma once

#include <boost/json/fwd.hpp>
#include <iosfwd>
#include <string_view>

namespace sallyport::admin {

/// One entry of the event log.
void print_event(const boost::json::value& event, std::ostream& out);
// print_milestones.cpp
/// The same in plain words; what is only a detail is left out.
void print_milestone(const boost::json::value& event, std::ostream& out);
/// JSON with a line a member, safe for a terminal.
void print_json(const boost::json::value& value, std::ostream& out);
/// Tables and sentences, as one verb has them.
using Print = void (*)(const boost::json::value& result, std::ostream& out);
// print_status.cpp
void print_status(const boost::json::value& result, std::ostream& out);
// print_nodes.cpp
void print_nodes(const boost::json::value& result, std::ostream& out);
// print_diagnosis.cpp
void print_metrics(const boost::json::value& result, std::ostream& out);
// print_handshakes.cpp
void print_handshakes(const boost::json::value& result, std::ostream& out);
void print_handshake(const boost::json::value& result, std::ostream& out);
void print_handshake_diff(const boost::json::value& result, std::ostream& out);
void print_export(const boost::json::value& result, std::ostream& out);
// print_history.cpp
void print_figures(const boost::json::value& result, std::ostream& out);
// print_alarms.cpp
void print_acknowledged(const boost::json::value& result, std::ostream& out);
void print_alarms(const boost::json::value& result, std::ostream& out);
/// The chain of steps in `status`.
void print_chain(const boost::json::array& chain, std::ostream& out);
// print_presence.cpp
/// The part of `status` that only a presence node has.
void print_router(const boost::json::value& status, std::ostream& out);
void print_notifications(const boost::json::value& result, std::ostream& out);
void print_restarted(const boost::json::value& result, std::ostream& out);
// print_axl.cpp
void print_sql(const boost::json::value& result, std::ostream& out);
void print_axl_users(const boost::json::value& result, std::ostream& out);
void print_done(const boost::json::value& result, std::ostream& out);
void print_imp_servers(const boost::json::value& result, std::ostream& out);
void print_imp_tried(const boost::json::value& result, std::ostream& out);
void print_imp_removed(const boost::json::value& result, std::ostream& out);
// print_peers.cpp
void print_peers(const boost::json::value& result, std::ostream& out);
void print_peer(const boost::json::value& result, std::ostream& out);
void print_ping(const boost::json::value& result, std::ostream& out);
void print_close(const boost::json::value& result, std::ostream& out);
void print_trace(const boost::json::value& result, std::ostream& out);
// print_settings.cpp
void print_settings(const boost::json::value& result, std::ostream& out);
void print_changed(const boost::json::value& result, std::ostream& out);
void print_history(const boost::json::value& result, std::ostream& out);
void print_routes(const boost::json::value& result, std::ostream& out);
void print_list(const boost::json::value& result, std::ostream& out);
// print_diagnosis.cpp
void print_events(const boost::json::value& result, std::ostream& out);
void print_level(const boost::json::value& result, std::ostream& out);
void print_why(const boost::json::value& result, std::ostream& out);
void print_check(const boost::json::value& result, std::ostream& out);
void print_values(const boost::json::value& result, std::ostream& out);
void print_reload(const boost::json::value& result, std::ostream& out);
void print_words(const boost::json::value& result, std::ostream& out);
// print_captures.cpp
void print_captures(const boost::json::value& result, std::ostream& out);
void print_capture(const boost::json::value& result, std::ostream& out);
void print_brought(const boost::json::value& result, std::ostream& out);
void print_removed(const boost::json::value& result, std::ostream& out);
void print_diagnoses(const boost::json::value& result, std::ostream& out);
void print_diagnosis_state(const boost::json::value& result, std::ostream& out);
void print_collected(const boost::json::value& result, std::ostream& out);
// print_users.cpp
void print_users(const boost::json::value& result, std::ostream& out);
void print_user(const boost::json::value& result, std::ostream& out);
void print_requests(const boost::json::value& result, std::ostream& out);
void print_forgotten(const boost::json::value& result, std::ostream& out);
void print_user_done(const boost::json::value& result, std::ostream& out);
// print_clients.cpp
void print_clients(const boost::json::value& result, std::ostream& out);
void print_refused_logins(const boost::json::value& result, std::ostream& out);
// print_admins.cpp
void print_admins(const boost::json::value& result, std::ostream& out);
void print_totp(const boost::json::value& result, std::ostream& out);
void print_tokens(const boost::json::value& result, std::ostream& out);
void print_token(const boost::json::value& result, std::ostream& out);
void print_sessions(const boost::json::value& result, std::ostream& out);
void print_session_closed(const boost::json::value& result, std::ostream& out);
void print_audit(const boost::json::value& result, std::ostream& out);

}  // namespace sallyport::admin
