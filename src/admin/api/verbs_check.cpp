// `check` runs a diagnosis of admin/diag; `reload` reads files again.
#include <boost/json.hpp>

#include "admin/api/check_run.h"
#include "admin/api/verb_handlers.h"
#include "admin/diag/checks/checks.h"

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

void run_check(const SharedCall& call, std::string_view name) {
    const auto domain = call->domain("domain");
    if (!domain) return;
    NodeControl& node = call->node();
    diag::CheckContext context = check_context(node, *domain);
    if (call->has("from")) {
        const auto from = call->domain("from");
        if (!from) return;
        context.local = *from;
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
