// One function a step.
#include "nodes/presence/presence_chain.h"

#include <algorithm>

namespace sallyport::nodes {

namespace {

std::string joined(const std::vector<std::string>& words) {
    std::string all;
    for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
    return all;
}

admin::ChainStep link_step(const admin::NodeStatus& status) {
    std::vector<std::string> cores;
    for (const auto& link : status.links) {
        const bool is_new = std::find(cores.begin(), cores.end(), link.far_realm) == cores.end();
        if (link.state == "open" && is_new) cores.push_back(link.far_realm);
    }
    if (!cores.empty()) return {"joined to a core", "in force", joined(cores)};
    return {"joined to a core", "pending",
            "no core is connected; it dials this node, and its status says why it cannot"};
}

/// A row says that federation is on at that edge, and that a core has heard of it.
admin::ChainStep told_step(const std::vector<std::string>& rows, bool refused_logins) {
    const std::string step = "told by a core where messages to other domains go";
    if (!rows.empty()) return {step, "in force", "xmpps2snodes has " + joined(rows)};
    if (refused_logins) {
        return {step, "failed",
                "internal users are unreachable because no core could tell: a login to the AXL service was refused "
                "with 401 in the last minute; `sallyport imp-servers passwd` on the core gives it the right password, "
                "`sallyport axl-users add` here a new one"};
    }
    return {step, "off",
            "xmpps2snodes is empty: no edge federates, or no core could write the row; the core's `sallyport status` "
            "says which"};
}

admin::ChainStep loaded_step(const admin::RouterStatus& router, const std::vector<std::string>& rows) {
    const std::string step = "loaded by the router";
    const bool all = std::all_of(rows.begin(), rows.end(), [&](const std::string& row) {
        return std::find(router.loaded.begin(), router.loaded.end(), row) != router.loaded.end();
    });
    if (rows.empty() && router.loaded.empty()) return {step, "off", "there is nothing to load"};
    if (all && router.pending.empty()) return {step, "in force", joined(router.loaded)};
    const std::string why =
        router.obstacle.empty() ? "waits for a restart of the router: " + joined(router.pending) : router.obstacle;
    return {step, all ? "pending" : "failed", why + "; `sallyport restart router` loads it"};
}

admin::ChainStep way_step(const admin::RouterStatus& router) {
    const std::string step = "a way to the edges";
    if (!router.gateways.empty()) return {step, "in force", joined(router.gateways)};
    if (router.loaded.empty()) return {step, "off", "no S2S component is loaded"};
    return {step, "failed", router.obstacle.empty() ? "no link leads to a loaded S2S component" : router.obstacle};
}

}  // namespace

std::vector<admin::ChainStep> presence_chain(const admin::NodeStatus& status, const std::vector<std::string>& rows,
                                             bool refused_logins) {
    if (!status.router) return {};
    return {link_step(status), told_step(rows, refused_logins), loaded_step(*status.router, rows),
            way_step(*status.router)};
}

}  // namespace sallyport::nodes
