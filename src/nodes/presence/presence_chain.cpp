// One function a step.
#include "nodes/presence/presence_chain.h"

#include <algorithm>

#include "base/join.h"

namespace sallyport::nodes {

namespace {

ChainStep link_step(const admin::NodeStatus& status) {
    std::vector<std::string> cores;
    for (const auto& link : status.links) {
        const bool is_new = std::find(cores.begin(), cores.end(), link.far_realm) == cores.end();
        if (link.state == link::LinkState::open && is_new) cores.push_back(link.far_realm);
    }
    const std::string step = step_name(StepKind::joined);
    if (!cores.empty()) return {step, StepState::in_force, {joined(cores)}};
    return {step,
            StepState::pending,
            {"no core is connected; the core dials this node, and `sallyport status` there shows why it cannot"}};
}

/// A row says that federation is on at that edge, and that a core has heard of it.
ChainStep told_step(const std::vector<std::string>& rows, const admin::RouterStatus& router, bool refused_logins) {
    const std::string step = step_name(StepKind::told);
    if (!rows.empty()) return {step, StepState::in_force, {"xmpps2snodes has " + joined(rows)}};
    if (refused_logins) {
        return {step,
                StepState::failed,
                {(router.loaded.empty() ? std::string{one_way} + ": " : std::string{}) +
                     "no core could tell where messages to other domains go, a login to the AXL service was refused "
                     "with 401 in the last minute",
                 "set the right password with `sallyport imp-servers passwd` on the core, "
                 "or a new one with `sallyport axl-users passwd` here"}};
    }
    return {step,
            StepState::off,
            {"xmpps2snodes is empty: no edge federates, or no core could write the row; `sallyport status` on the core "
             "shows which"}};
}

ChainStep loaded_step(const admin::RouterStatus& router, const std::vector<std::string>& rows) {
    const std::string step = step_name(StepKind::loaded);
    std::vector<std::string> missing;
    for (const std::string& row : rows) {
        const bool is_loaded = std::find(router.loaded.begin(), router.loaded.end(), row) != router.loaded.end();
        if (!is_loaded) missing.push_back(row);
    }
    if (rows.empty() && router.loaded.empty()) return {step, StepState::off, {"there is nothing to load"}};
    const std::string remedy = "`sallyport restart router`";
    if (missing.empty()) {
        if (router.pending.empty()) return {step, StepState::in_force, {joined(router.loaded)}};
        return {
            step, StepState::pending, {"takes effect when the router is restarted: " + joined(router.pending), remedy}};
    }
    // It has nothing, so everything is returned; or some, and the rest works.
    if (router.loaded.empty() && !router.obstacle.empty()) return {step, StepState::failed, router.obstacle};
    return {step, StepState::failed, {"the router has not loaded " + joined(missing), remedy}};
}

/// Without any link that is the fault, and another alarm tells of it.
ChainStep way_step(const admin::RouterStatus& router, bool is_linked) {
    const std::string step = step_name(StepKind::way);
    if (!router.gateways.empty()) return {step, StepState::in_force, {joined(router.gateways)}};
    if (router.loaded.empty()) return {step, StepState::off, {"no S2S component is loaded"}};
    const Reason no_link{"no link leads to a loaded S2S component"};
    return {step, StepState::failed, router.obstacle.empty() ? no_link : router.obstacle,
            is_linked ? std::string{} : services::alarm_name(services::AlarmCode::link_down, "a core")};
}

}  // namespace

std::vector<ChainStep> presence_chain(const admin::NodeStatus& status, const std::vector<std::string>& rows,
                                      bool refused_logins) {
    if (!status.router) return {};
    const ChainStep linked = link_step(status);
    return {linked, told_step(rows, *status.router, refused_logins), loaded_step(*status.router, rows),
            way_step(*status.router, linked.state == StepState::in_force)};
}

}  // namespace sallyport::nodes
