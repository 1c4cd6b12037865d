// Provisioning: steps of the chain that failed, here or elsewhere, and the IM&P servers of a core.
#include <algorithm>
#include <map>

#include "admin/judge/finding_rows.h"
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
    const Says says = publisher.code == "axl-unauthorized"  ? Says::axl_user_refused
                      : publisher.code == "axl-tls"         ? Says::axl_tls
                      : publisher.code == "axl-unreachable" ? Says::axl_unreachable
                                                            : Says::axl_failed;
    return say(says, {{"server", publisher.address},
                      {"user", publisher.username},
                      {"why", publisher.reason},
                      {"effect", provision::effect_of(publisher)}});
}

void judge_rows(const provision::PublisherStatus& publisher, Findings& found) {
    std::vector<std::string> missing;
    for (const std::string& row : publisher.wanted) {
        if (!has(publisher.rows, row)) missing.push_back(row);
    }
    if (!missing.empty()) {
        found.push_back(say(Says::axl_rows_missing, {{"server", publisher.address}, {"rows", joined(missing)}}));
        return;
    }
    found.push_back(
        say(publisher.rows.empty() ? Says::axl_complete_empty : Says::axl_complete,
            {{"server", publisher.address}, {"user", publisher.username}, {"rows", joined(publisher.rows)}}));
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
        found.push_back(say(Says::axl_none));
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
