// Provisioning: steps of the chain that failed, here or elsewhere, and the IM&P servers of a core.
#include <algorithm>
#include <set>

#include "admin/judge/judges.h"
#include "base/join.h"

namespace sallyport::admin {

using diag::Grade;

namespace {

bool has(const std::vector<std::string>& all, const std::string& wanted) {
    return std::find(all.begin(), all.end(), wanted) != all.end();
}

/// Why a publisher could not be provisioned: the code says which kind.
Finding judge_failure(const provision::PublisherStatus& publisher) {
    const std::string who = "the IM&P server " + publisher.address;
    if (publisher.code == "axl-unauthorized") {
        return {Grade::bad,
                who + " refuses the user " + publisher.username + " (401): messages flow in one direction only",
                "`sallyport imp-servers passwd " + publisher.address +
                    "`, which tries the password at once; the user needs AXL API access"};
    }
    if (publisher.code == "axl-tls") {
        return {Grade::bad, who + ": TLS fails: " + publisher.reason,
                "add its CA to [axl] trust in the node's file, or give it a certificate that covers its name"};
    }
    if (publisher.code == "axl-unreachable") {
        return {Grade::bad, who + " cannot be reached: " + publisher.reason,
                "start its AXL service, allow port 8443 from this core, or correct its address"};
    }
    return {Grade::bad, who + ": " + publisher.reason, "check its AXL service, then `sallyport imp-servers refresh`"};
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
    std::set<std::string> told;  // a router has a link for each shard
    for (const std::string& row : publisher.rows) {
        for (const link::SessionStatus& link : status.links) {
            if (link.far_role != "presence" || link.state != link::LinkState::open || has(link.components, row))
                continue;
            if (!told.insert(link.far_realm + " " + row).second) continue;
            found.push_back(
                {Grade::bad,
                 "the router of " + link.far_realm + " has not loaded " + row +
                     ": it returns messages to other domains",
                 "`sallyport restart router` on that node; `sallyport check all` there finds other causes"});
        }
    }
}

}  // namespace

Findings judge_chain(const Facts& facts) {
    Findings found;
    for (const ChainStep& step : facts.status.chain) {
        if (step.state != StepState::failed || step.is_judged) continue;
        const auto& [why, remedy] = step.reason;
        found.push_back({Grade::bad, step.step + ": " + why,
                         remedy.empty() ? "see the provisioning chain in `sallyport status`" : remedy});
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
