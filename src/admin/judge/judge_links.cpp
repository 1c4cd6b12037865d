// Links of the router: which are up, which are down and why, copies of a linked node, stanzas at which links ended.
#include <algorithm>
#include <set>

#include "admin/judge/judges.h"
#include "base/join.h"
#include "proto/link/neighbour.h"

namespace sallyport::admin {

using diag::Grade;
using services::AlarmCode;

namespace {

constexpr auto culprits_told = std::chrono::hours{1};

bool is_up(const link::SessionStatus& link) { return link.state == link::LinkState::open; }

bool has_link(const NodeStatus& status, Role role) {
    return std::any_of(status.links.begin(), status.links.end(),
                       [&](const auto& link) { return is_up(link) && link.far_role == role; });
}

bool is_linked(const NodeStatus& status, const std::string& realm) {
    return std::any_of(status.links.begin(), status.links.end(),
                       [&](const auto& link) { return is_up(link) && link.far_realm == realm; });
}

/// Each link of each shard; one a node is told when it is up.
Findings judge_sessions(const NodeStatus& status) {
    Findings found;
    std::set<std::string> told;
    for (const link::SessionStatus& link : status.links) {
        if (!is_up(link) && !is_linked(status, link.far_realm)) {
            if (!told.insert("down " + link.far_realm).second) continue;
            found.push_back({Grade::warning, "the link to " + link.far_realm + " is down and waits to be resumed",
                             "check the far node and the network"});
        } else if (const std::string far = std::string{text(link.far_role)} + " " + link.far_realm;
                   is_up(link) && told.insert(far).second) {
            found.push_back({Grade::good,
                             "the link to the " + far + " is up (" + link.tls_version + ", serves " +
                                 (link.bound.empty() ? "nothing" : joined(link.bound)) + ")",
                             {}});
        }
    }
    return found;
}

/// Why no dial of a node that is named so gets through.
std::string why_down(const NodeStatus& status, const std::string& name) {
    for (const link::Hub::DialStatus& dial : status.dials) {
        if (dial.name == name && !dial.why.empty()) return dial.why + " (" + dial.address + ")";
    }
    return "not connected";
}

/// A core: every node that it is to be linked to.
Findings judge_dialled(const NodeStatus& status, const config::NodeFile& file) {
    Findings found;
    for (const auto& dial : file.link.dial) {
        if (!is_linked(status, realm_of(dial.name))) {
            found.push_back(alarm(AlarmCode::link_down, dial.name, why_down(status, dial.name)));
        }
    }
    std::set<std::string> told;  // each shard dials
    for (const link::Hub::DialStatus& dial : status.dials) {
        if (dial.why.empty() || dial.state == link::DialState::open || !is_linked(status, realm_of(dial.name)))
            continue;
        if (!told.insert(dial.name + " " + dial.address).second) continue;
        found.push_back({Grade::warning,
                         "one of the links to " + dial.name + " is down: " + dial.why + " (" + dial.address + ")",
                         "check that addresses, certificates and the secret of the link agree on both nodes"});
    }
    if (std::none_of(file.link.dial.begin(), file.link.dial.end(),
                     [](const auto& dial) { return dial.role == Role::edge; })) {
        found.push_back({Grade::bad, "this core dials no edge", "name the edges in [[link.dial]] of " + file.path});
    }
    return found;
}

}  // namespace

Findings judge_links(const Facts& facts) {
    const auto& [status, file, settings, now] = facts;
    Findings found = judge_sessions(status);
    if (file.role == config::Role::core) {
        append(found, judge_dialled(status, file));
    } else if (!has_link(status, Role::core)) {
        found.push_back(alarm(AlarmCode::link_down, "a core", "no core has dialled this node"));
    }
    for (const link::Copy& copy : status.link_copies) {
        if (status.now - copy.since > copies_told) continue;
        // How often is no news.
        found.push_back(alarm(AlarmCode::link_copy, copy.far_realm,
                              "one at " + copy.remote.address.text() + " is turned away" +
                                  (copy.linked ? "; the one at " + copy.linked->address.text() + " is linked" : "")));
    }
    for (const link::Culprit& culprit : status.link_culprits) {
        if (status.now - culprit.since > culprits_told) continue;
        found.push_back(alarm(AlarmCode::link_stanza, culprit.far_realm,
                              "from " + culprit.from + " to " + culprit.to + ": " + culprit.why));
    }
    return found;
}

}  // namespace sallyport::admin
