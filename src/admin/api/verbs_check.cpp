// `check` runs a diagnosis of admin/diag; `reload` reads files again.
#include <boost/json.hpp>

#include "admin/api/check_run.h"
#include "admin/api/status_json.h"
#include "admin/api/verb_parts.h"
#include "admin/diag/checks/checks.h"
#include "base/join.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

json::object json_of(const diag::Report& report) {
    json::array findings;
    for (const diag::Finding& finding : report.findings) {
        json::object one{
            {"grade", diag::text(finding.grade)}, {"text", finding.text}, {"remedy", text_or_null(finding.remedy)}};
        add_rows(one, finding.rows);
        findings.push_back(std::move(one));
    }
    json::object facts;
    for (const auto& [name, value] : report.facts) facts[name] = value;
    return {{"check", report.check},
            {"domain", report.domain},
            {"verdict", diag::text(report.verdict())},
            {"facts", std::move(facts)},
            {"findings", std::move(findings)}};
}

void run_check(const SharedCall& call, diag::StartCheck start) {
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
    call->keep(start(std::move(context), *domain, on_report));
}

void run_check_dns(const SharedCall& call) { run_check(call, diag::start_dns); }
void run_check_tls(const SharedCall& call) { run_check(call, diag::start_tls); }

void run_reload(const SharedCall& call) {
    std::string complaints;
    for (const std::string& complaint : call->node().reload()) append_item(complaints, complaint, "\n");
    if (!complaints.empty()) return call->fail({"reload-failed", complaints});
    json::array changes;
    for (const config::FileChange& change : call->node().reload_changes()) {
        const std::string_view effect = config::text(change.effect);
        changes.push_back(
            json::object{{"key", change.key}, {"effect", json::string_view{effect.data(), effect.size()}}});
    }
    call->succeed(json::object{{"reloaded", true}, {"changes", std::move(changes)}});
}

constexpr Argument dns_args[] = {place("domain", Form::text, "the domain to check")};
constexpr Argument tls_args[] = {place("domain", Form::text, "the domain to check"),
                                 option("from", Form::text, "which of our domains asks; default: the first")};

constexpr Verb check_rows[] = {
    {"check.dns", "checks the DNS records of a domain", dns_args, run_check_dns, "Report", print_check, Access::operate,
     acts, Answers::yes_or_no},
    {"check.tls", "connects to a domain and checks its TLS and certificate", tls_args, run_check_tls, "Report",
     print_check, Access::operate, acts, Answers::yes_or_no},
    {"reload",
     "reloads certificates and the node's file; lists what changed and what needs a restart",
     {},
     run_reload,
     "{reloaded:flag changes:[FileChange]}",
     print_reload,
     Access::operate},
};

}  // namespace

std::span<const Verb> check_verbs() { return check_rows; }

}  // namespace sallyport::admin
