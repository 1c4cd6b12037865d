// `check` runs a diagnosis of admin/diag; `reload` reads files again.
#include <algorithm>
#include <boost/json.hpp>

#include "admin/api/verb_handlers.h"
#include "admin/diag/checks/checks.h"
#include "model/policy/policy.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

json::object json_of(const diag::Report& report) {
    json::array findings;
    for (const diag::Finding& finding : report.findings) {
        findings.push_back(
            json::object{{"grade", diag::text(finding.grade)},
                         {"text", finding.text},
                         {"remedy", finding.remedy.empty() ? json::value{} : json::value(finding.remedy)}});
    }
    json::object facts;
    for (const auto& [name, value] : report.facts) facts[name] = value;
    return {{"check", report.check},
            {"domain", report.domain},
            {"verdict", diag::text(report.verdict())},
            {"facts", std::move(facts)},
            {"findings", std::move(findings)}};
}

std::vector<Endpoint> public_listeners(const config::NodeFile& file) {
    std::vector<Endpoint> listeners = file.s2s.listen;
    listeners.insert(listeners.end(), file.s2s.direct_tls_listen.begin(), file.s2s.direct_tls_listen.end());
    return listeners;
}

/// Where an inside server of this core is; empty for every other domain.
std::vector<route::Target> inside_targets(const config::NodeFile& file, const xmpp::Domain& domain) {
    for (const config::InsideServer& server : file.inside.servers) {
        if (std::find(server.domains.begin(), server.domains.end(), domain) == server.domains.end()) continue;
        return {route::Target{server.address.host, server.address.port, false, true}};
    }
    return {};
}

void run_check(const SharedCall& call, std::string_view name) {
    const auto domain = call->domain("domain");
    if (!domain) return;
    NodeControl& node = call->node();
    diag::CheckContext context{node.loop(), node.network(), node.resolver(), node.client_tls(),
                               node.direct_client_tls()};
    context.settings = node.settings().snapshot();
    context.allowed = node.file().s2s.allow_networks;
    context.own = public_listeners(node.file());
    context.configured = inside_targets(node.file(), *domain);
    context.limits = node.file().limits;
    context.sources = node.file().s2s.source_addresses;
    if (call->has("from")) {
        const auto from = call->domain("from");
        if (!from) return;
        context.local = *from;
    } else {
        context.local = policy::EdgeRules{context.settings}.default_domain();
    }
    const std::weak_ptr<Call> waiting = call;
    const auto on_report = [waiting](const diag::Report& report) {
        if (const auto caller = waiting.lock()) caller->succeed(json_of(report));
    };
    call->keep(diag::find_check(name)->start(std::move(context), *domain, on_report));
}

}  // namespace

void run_check_dns(const SharedCall& call) { run_check(call, "dns"); }
void run_check_tls(const SharedCall& call) { run_check(call, "tls"); }

void run_reload(const SharedCall& call) {
    std::string complaints;
    for (const std::string& complaint : call->node().reload())
        complaints += (complaints.empty() ? "" : "\n") + complaint;
    if (!complaints.empty()) return call->fail({"reload-failed", complaints});
    call->succeed(json::object{{"reloaded", true}});
}

}  // namespace sallyport::admin
