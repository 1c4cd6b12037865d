// The way of one stanza through a node, walked with the code and the state of the live path but without sending: every
// step, the first that stops it, where that is set, the remedy, and whose part it is.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>

#include "admin/api/node_control.h"
#include "admin/diag/dns_survey.h"
#include "model/policy/policy.h"

namespace sallyport::admin {

/// A recipient of ours makes it inbound; everything else is judged as something that we would send.
[[nodiscard]] policy::Contact contact_of(NodeControl& node, const xmpp::Domain& from, const xmpp::Domain& to);

/// The live path would ask DNS now: an edge without a stream, static route or queue for the domain, and no rule against
/// it.
[[nodiscard]] bool asks_dns(NodeControl& node, const NodeStatus& status, const policy::Contact& contact);

/// localpart@domain where `to` is an address of a domain with users here; else empty.
[[nodiscard]] std::string account_asked(NodeControl& node, const std::string& to);

struct JourneyInput {
    NodeControl& node;
    const NodeStatus& status;
    policy::Contact contact;
    std::string from, to;                          ///< as asked
    std::optional<xmpp::StanzaError> refusal{};    ///< NodeControl::refusal of a message between them
    std::optional<diag::Survey> survey{};          ///< absent: DNS was not asked
    bool dns_silent = false;                       ///< it was asked and did not answer in time
    std::optional<Result<io::UserRow>> account{};  ///< of `to`; absent: account_asked() names none
};

/// "passes", "blocked_by", "change", "part", "verdict_id", "steps" and whom it is about.
[[nodiscard]] boost::json::object walk(const JourneyInput& input);

}  // namespace sallyport::admin
