// Provisioning: steps of the chain that failed, here or elsewhere, and the IM&P servers of a core.
#include <algorithm>
#include <map>

#include "admin/judge/judges.h"
#include "base/join.h"
#include "services/provision/router_step.h"

namespace sallyport::admin {

using diag::Grade;

namespace {

bool has(const std::vector<std::string>& all, const std::string& wanted) {
    return std::find(all.begin(), all.end(), wanted) != all.end();
}

/// Why a publisher could not be provisioned: the code says which kind.
Finding judge_failure(const provision::PublisherStatus& publisher) {
    const std::string who = "the IM&P server " + publisher.address;
    const std::string effect = "; " + provision::effect_of(publisher);
    if (publisher.code == "axl-unauthorized") {
        return {Grade::bad, who + " refuses the user " + publisher.username + " (401)" + effect,
                "`sallyport imp-servers passwd " + publisher.address +
                    "`, which tries the password at once; the user needs AXL API access"};
    }
    if (publisher.code == "axl-tls") {
        return {Grade::bad, who + ": TLS fails: " + publisher.reason + effect,
                "add its CA to [axl] trust in the node's file, or give it a certificate that covers its name"};
    }
    if (publisher.code == "axl-unreachable") {
        return {Grade::bad, who + " cannot be reached: " + publisher.reason + effect,
                "start its AXL service, allow port 8443 from this core, or correct its address"};
    }
    return {Grade::bad, who + ": " + publisher.reason + effect,
            "check its AXL service, then `sallyport imp-servers refresh`"};
}

void judge_rows(const provision::PublisherStatus& publisher, Findings& found) {
    std::vector<std::string> missing;
    for (const std::string& row : publisher.wanted) {
        if (!has(publisher.rows, row)) missing.push_back(row);
    }
    if (!missing.empty()) {
        found.push_back({Grade::bad, "the table xmpps2snodes of " + publisher.address + " lacks " + joined(missing),
                         "`sallyport imp-servers refresh`; the log shows the answer of its AXL service"});
        return;
    }
    found.push_back({Grade::good,
                     publisher.address + " accepts the user " + publisher.username + ", and its table is complete" +
                         (publisher.rows.empty() ? "" : ": " + joined(publisher.rows)),
                     {}});
}

void judge_routers(const provision::PublisherStatus& publisher, const NodeStatus& status, Findings& found) {
    std::map<std::string, std::vector<std::string>> routers;  // one has a link for each shard
    for (const link::SessionStatus& link : status.links) {
        if (link.far_role == Role::presence && link.state == link::LinkState::open) {
            routers.try_emplace(link.far_realm, link.components);
        }
    }
    for (const auto& [realm, loaded] : routers) {
        const auto fault = provision::router_fault("the router of " + realm, publisher.rows, loaded);
        if (fault) found.push_back({Grade::bad, fault->why, fault->remedy});
    }
}

}  // namespace

Findings judge_chain(const Facts& facts) {
    Findings found;
    for (const ChainStep& step : facts.status.chain) {
        const bool is_own = step.node.empty();
        if (step.state != StepState::failed || (is_own && !step.alarm.empty())) continue;
        const auto& [why, remedy] = step.reason;
        const bool is_far_remedy = !is_own && !remedy.empty();
        Finding failed = alarm(services::AlarmCode::chain_failed, step.step, why,
                               {.cure = is_far_remedy ? "on " + step.node + ": " + remedy : remedy});
        if (!is_own) failed.alarm.reset();  // that node raises it
        found.push_back(std::move(failed));
    }
    return found;
}

Findings judge_publishers(const std::vector<provision::PublisherStatus>& publishers, const NodeStatus& status) {
    Findings found;
    if (publishers.empty()) {
        found.push_back({Grade::note, "no IM&P server is configured", "if there is one: `sallyport imp-servers add`"});
    }
    for (const provision::PublisherStatus& publisher : publishers) {
        if (!publisher.code.empty()) {
            found.push_back(judge_failure(publisher));
            continue;
        }
        judge_rows(publisher, found);
        judge_routers(publisher, status, found);
    }
    return found;
}

}  // namespace sallyport::admin
