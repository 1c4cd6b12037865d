// Gathering reports.
#include "admin/api/check_run.h"
#include "admin/api/status_json.h"

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "io/loop/random.h"
#include "model/policy/policy.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

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

}  // namespace

diag::CheckContext check_context(NodeControl& node, const xmpp::Domain& domain) {
    diag::CheckContext context{node.loop(), node.network(), node.resolver(), node.client_tls(),
                               node.direct_client_tls()};
    context.settings = node.settings().snapshot();
    context.allowed = node.file().s2s.allow_networks;
    context.own = public_listeners(node.file());
    context.configured = inside_targets(node.file(), domain);
    context.limits = node.file().limits;
    context.sources = node.file().s2s.source_addresses;
    context.local = first_own_domain(node);
    context.fresh_id = io::fresh_id;
    return context;
}

xmpp::Domain first_own_domain(NodeControl& node) {
    return policy::EdgeRules{node.settings().snapshot()}.default_domain();
}

CheckRun::CheckRun(const std::shared_ptr<Call>& call, std::string name, std::string domain)
    : call_{call}, name_{std::move(name)}, domain_{std::move(domain)} {}

void CheckRun::add(diag::Report report) { reports_.push_back(std::move(report)); }

diag::OnReport CheckRun::expect() {
    ++missing_;
    return [weak = weak_from_this(), waiting = true](const diag::Report& report) mutable {
        const auto self = weak.lock();
        if (!self || !waiting) return;
        waiting = false;
        if (!report.findings.empty() || !report.facts.empty()) self->reports_.push_back(report);
        --self->missing_;
        self->answer_if_complete();
    };
}

void CheckRun::started() {
    started_ = true;
    answer_if_complete();
}

void CheckRun::answer_if_complete() {
    const auto call = call_.lock();
    if (!started_ || missing_ > 0 || answered_ || !call || call->finished()) return;
    answered_ = true;
    json::array findings;
    json::object facts;
    diag::Grade worst = diag::Grade::good;
    const bool several = reports_.size() > 1;
    // The gravest first: that is where to begin.
    std::vector<std::pair<const diag::Report*, const diag::Finding*>> all;
    std::set<std::string_view> told;  // two checks may ask one judge
    for (const diag::Report& report : reports_) {
        worst = std::max(worst, report.verdict());
        for (const diag::Finding& finding : report.findings) {
            if (told.insert(finding.text).second) all.emplace_back(&report, &finding);
        }
        for (const auto& [name, value] : report.facts) {
            facts[several ? report.check + " " + report.domain + " " + name : name] = value;
        }
    }
    if (several) {
        std::stable_sort(all.begin(), all.end(),
                         [](const auto& one, const auto& other) { return one.second->grade > other.second->grade; });
    }
    for (const auto& [report, finding] : all) {
        json::object one{{"check", report->check},
                         {"grade", view(diag::text(finding->grade))},
                         {"text", finding->text},
                         {"remedy", text_or_null(finding->remedy)}};
        add_rows(one, finding->rows);
        findings.push_back(std::move(one));
    }
    call->succeed(json::object{{"check", name_},
                               {"domain", domain_},
                               {"verdict", view(diag::text(worst))},
                               {"facts", std::move(facts)},
                               {"findings", std::move(findings)}});
}

}  // namespace sallyport::admin
