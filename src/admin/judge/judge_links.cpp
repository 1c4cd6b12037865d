// Links of the router: which are up, which are down and why, copies of a linked node, stanzas at which links ended.
#include <algorithm>
#include <set>

#include "admin/judge/finding_rows.h"
#include "admin/judge/judges.h"
#include "base/join.h"
#include "proto/link/neighbour.h"

namespace sallyport::admin {

using services::AlarmCode;

namespace {

constexpr auto culprits_told = std::chrono::hours{1};
constexpr std::string_view right_certificates =
    "compare certificates and [link] trust on both nodes: each has to trust the authority that signed the other's "
    "certificate, which has to be in its time and name the other node; then `sallyport reload`, and on a presence node "
    "`sallyport restart router`";
constexpr std::string_view same_secret =
    "set the same secret of this link on both nodes; then, where it was changed, `sallyport reload` on an edge, "
    "`sallyport reload` and `sallyport restart router` on a presence node, or restart the core";

bool is_up(const link::SessionStatus& link) { return link.state == link::LinkState::open; }

bool has_link(const NodeStatus& status, Role role) {
    return std::any_of(status.links.begin(), status.links.end(),
                       [&](const auto& link) { return is_up(link) && link.far_role == role; });
}

bool is_linked(const NodeStatus& status, const std::string& realm) {
    return std::any_of(status.links.begin(), status.links.end(),
                       [&](const auto& link) { return is_up(link) && link.far_realm == realm; });
}

/// Whether the alarm link.down tells of it: of every node that a core dials, and of the last core of the others.
bool is_alarm(const NodeStatus& status, const config::NodeFile& file, const std::string& realm) {
    if (file.role != config::Role::core) return !has_link(status, Role::core);
    return std::any_of(file.link.dial.begin(), file.link.dial.end(),
                       [&](const auto& dial) { return realm_of(dial.name) == realm; });
}

/// Each link of each shard; one a node is told when it is up.
Findings judge_sessions(const NodeStatus& status, const config::NodeFile& file) {
    Findings found;
    std::set<std::string> told;
    for (const link::SessionStatus& link : status.links) {
        if (!is_up(link) && !is_linked(status, link.far_realm)) {
            if (is_alarm(status, file, link.far_realm) || !told.insert("down " + link.far_realm).second) continue;
            found.push_back(say(Says::link_resuming, {{"node", link.far_realm}}));
        } else if (const std::string far = std::string{text(link.far_role)} + " " + link.far_realm;
                   is_up(link) && told.insert(far).second) {
            found.push_back(say(link.bound.empty() ? Says::link_up_idle : Says::link_up,
                                {{"role", std::string{text(link.far_role)}},
                                 {"node", link.far_realm},
                                 {"tls", link.tls_version},
                                 {"domains", joined(link.bound)}}));
        }
    }
    return found;
}

/// What to do about it; empty: what the row says.
std::string cure_of(link::DialCause cause) {
    switch (cause) {
        case link::DialCause::name: return "correct the address in [[link.dial]], or add the name to DNS";
        case link::DialCause::refused:
            return "start that node; if it runs, correct its address, or allow TCP 7400 from the core to it where a "
                   "firewall rejects it";
        case link::DialCause::timed_out:
            return "allow TCP 7400 from the core to it in the firewall, and check that its host is up";
        case link::DialCause::unreachable: return "check the network: no route leads to its address";
        case link::DialCause::certificate: return std::string{right_certificates};
        case link::DialCause::secret: return std::string{same_secret};
        case link::DialCause::other: break;
    }
    return {};
}

/// Of those that each shard tells of: a known node before a stranger, and the one that came first, so that it is the
/// same one at the next look. Null: nobody of late.
const link::Hub::Refused* refused_of_late(const NodeStatus& status) {
    const link::Hub::Refused* found = nullptr;
    for (const link::Hub::Refused& one : status.link_refused) {
        if (status.now - one.since >= link::Hub::Refused::told) continue;
        const bool is_better =
            found == nullptr || (one.proven != found->proven ? one.proven : one.first < found->first);
        if (is_better) found = &one;
    }
    return found;
}

/// An edge or a presence node without a core: it can only wait, but it knows who came and was refused.
Finding judge_no_core(const NodeStatus& status) {
    std::set<std::string> realms;
    for (const link::SessionStatus& link : status.links) realms.insert(link.far_realm);
    services::AlarmWords words;
    if (!realms.empty()) words.text = "the link to " + joined(realms) + " is down";
    std::string detail = realms.empty() ? "no core has dialled this node" : "it waits to be resumed";
    words.cure = "start the core; if it runs, `sallyport check link` there shows why it cannot connect";
    if (const link::Hub::Refused* const last = refused_of_late(status)) {
        // Whose certificate is not accepted has not proved what it is.
        const bool is_stranger = last->cause == link::DialCause::certificate;
        const std::string who = (is_stranger ? "a node at " : "the core at ") + last->address.text();
        detail = last->by_far_side ? "TLS with " + who + " fails: " + last->why : who + " was refused: " + last->why;
        words.cure = cure_of(last->cause);
    }
    return alarm(AlarmCode::link_down, "a core", std::move(detail), std::move(words));
}

/// The dial of a node that is named so that tells why it does not get through; null: none was made.
const link::Hub::DialStatus* failed_dial(const NodeStatus& status, const std::string& name) {
    const auto at = std::find_if(status.dials.begin(), status.dials.end(), [&](const link::Hub::DialStatus& dial) {
        return dial.name == name && !dial.why.empty();
    });
    return at == status.dials.end() ? nullptr : &*at;
}

/// A core: every node that it is to be linked to.
Findings judge_dialled(const NodeStatus& status, const config::NodeFile& file) {
    Findings found;
    for (const auto& dial : file.link.dial) {
        if (!is_linked(status, realm_of(dial.name))) {
            const link::Hub::DialStatus* const failed = failed_dial(status, dial.name);
            found.push_back(failed == nullptr
                                ? alarm(AlarmCode::link_down, dial.name, "not connected")
                                : alarm(AlarmCode::link_down, dial.name, failed->why + " (" + failed->address + ")",
                                        {.cure = cure_of(failed->cause)}));
        }
    }
    std::set<std::string> told;  // each shard dials
    for (const link::Hub::DialStatus& dial : status.dials) {
        if (dial.why.empty() || dial.state == link::DialState::open || !is_linked(status, realm_of(dial.name)))
            continue;
        if (!told.insert(dial.name + " " + dial.address).second) continue;
        const std::string cure = cure_of(dial.cause);
        found.push_back(
            say(Says::link_one_down, {{"node", dial.name}, {"why", dial.why}, {"address", dial.address}}, cure));
    }
    if (std::none_of(file.link.dial.begin(), file.link.dial.end(),
                     [](const auto& dial) { return dial.role == Role::edge; })) {
        found.push_back(say(Says::no_edge_dialled, {{"file", file.path}}));
    }
    return found;
}

}  // namespace

Findings judge_links(const Facts& facts) {
    const auto& [status, file, settings, now] = facts;
    Findings found = judge_sessions(status, file);
    if (file.role == config::Role::core) {
        append(found, judge_dialled(status, file));
    } else if (!has_link(status, Role::core)) {
        found.push_back(judge_no_core(status));
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
