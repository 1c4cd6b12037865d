// `nodes`: the three nodes of one desk, what is wrong with each, and where its pages are.
#include <boost/json.hpp>

#include "admin/api/desk_nodes.h"
#include "admin/api/status_json.h"
#include "admin/api/verb_parts.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

/// In one word: of a node that cannot be heard nothing is known but what it said last.
std::string_view state_of_node(const DeskNode& node) {
    if (!node.is_linked) return "unreachable";
    if (!node.is_heard) return "unknown";
    if (node.findings.empty()) return "good";
    return node.findings.front().is_error ? "bad" : "warning";
}

json::object json_of_node(const DeskNode& node) {
    json::array findings;
    for (const link::NodeFinding& finding : node.findings) {
        json::object one{
            {"severity", finding.is_error ? "error" : "warning"}, {"text", finding.text}, {"remedy", finding.remedy}};
        add_rows(one, {finding.code, finding.remedy_code, finding.values});
        findings.push_back(std::move(one));
    }
    return {{"name", node.name},
            {"role", view(text(node.role))},
            {"self", node.is_self},
            {"state", view(state_of_node(node))},
            {"version", node.version.empty() ? json::value{} : json::value(node.version)},
            {"pages", node.pages.empty() ? json::value{} : json::value(node.pages)},
            {"handover", node.hands_over},
            {"findings", std::move(findings)},
            {"more", node.more}};
}

void run_nodes_list(const SharedCall& call) {
    DeskNodes* desk = call->node().desk_nodes();
    if (desk == nullptr) return call->fail({"nodes-none", "this node has just started; try again"});
    call->node().brief_status([call](const NodeStatus& status) {
        DeskNodes* here = call->node().desk_nodes();
        if (here == nullptr) return call->fail({"nodes-none", "this node is stopping"});
        json::array rows;
        for (const DeskNode& node : here->list(status)) rows.push_back(json_of_node(node));
        call->succeed(json::object{{"nodes", std::move(rows)}});
    });
}

constexpr Verb nodes_rows[] = {
    {"nodes.list",
     "this node and those it works with: state, findings, where their pages are",
     {},
     run_nodes_list,
     "{nodes:[{name:text role:text self:flag state:text version:text? pages:text? handover:flag findings:[Told] "
     "more:count}]}",
     print_nodes,
     Access::read,
     reads},
};

}  // namespace

std::span<const Verb> nodes_verbs() { return nodes_rows; }

}  // namespace sallyport::admin
