// Status values as JSON, in the form that scripts see. Times are RFC 3339 in UTC; ages and delays are seconds.
#pragma once

#include <boost/json.hpp>
#include <string>

#include "admin/api/node_control.h"
#include "admin/api/peer_rows.h"
#include "admin/api/problems.h"

namespace sallyport::admin {

/// null for a time that was never set.
[[nodiscard]] boost::json::value json_time(WallTime time);
/// null for a text that is empty.
[[nodiscard]] boost::json::value text_or_null(const std::string& text);
[[nodiscard]] inline boost::json::string_view view(std::string_view text) { return {text.data(), text.size()}; }
[[nodiscard]] double seconds(Duration duration);
/// null for a moment that was never set.
[[nodiscard]] boost::json::value json_age(TimePoint since, TimePoint now);
[[nodiscard]] boost::json::array json_endpoints(const std::vector<Endpoint>& endpoints);

[[nodiscard]] boost::json::object json_of(const PeerRow& row);
[[nodiscard]] boost::json::object json_of(const s2s::StreamStatus& stream, TimePoint now);
[[nodiscard]] boost::json::object json_of(const s2s::DestinationStatus& destination);
[[nodiscard]] boost::json::object json_of(const DescribedPeer& peer);
[[nodiscard]] boost::json::object json_of(const link::SessionStatus& link, TimePoint now);
[[nodiscard]] boost::json::object json_of(const link::Hub::DialStatus& dial);
[[nodiscard]] boost::json::object json_of(const OwnCertificate& certificate, WallTime now);
[[nodiscard]] boost::json::object json_of(const NodeProblem& problem);
[[nodiscard]] boost::json::object json_of(const ChainStep& step);
[[nodiscard]] boost::json::object json_of(const services::Alarm& alarm);
[[nodiscard]] boost::json::object json_of(const io::LogEvent& event);
/// Puts to a finding which rows its words are from: "code", "remedy_code", "values".
void add_rows(boost::json::object& object, const diag::FromRows& rows);
/// The whole answer of `status`.
[[nodiscard]] boost::json::object describe_status(NodeControl& node, const NodeStatus& status);

/// As in the setting: "tls_required".
[[nodiscard]] std::string_view security_mode_word(s2s::SecurityMode mode);
/// JSON text of ours as a value.
[[nodiscard]] boost::json::value json_value(const std::string& text);

}  // namespace sallyport::admin
