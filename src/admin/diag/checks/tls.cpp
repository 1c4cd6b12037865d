// `check tls D`: finds the server of a domain as the live path would, visits it, and judges what it shows.
#include "admin/diag/checks/checks.h"
#include "admin/diag/dns_survey.h"
#include "admin/diag/judge_dns.h"
#include "admin/diag/judge_tls.h"
#include "admin/diag/tls_probe.h"
#include "model/policy/policy.h"
#include "model/policy/static_route.h"

namespace sallyport::diag {

namespace {

class TlsCheck {
public:
    TlsCheck(CheckContext context, xmpp::Domain domain, OnReport on_report)
        : context_{std::move(context)},
          domain_{std::move(domain)},
          on_report_{std::move(on_report)},
          survey_{context_.resolver, domain_, targets(), context_.limits.srv_targets,
                  [this](const Survey& survey) { surveyed(survey); }} {
        timer_ = context_.loop.timer([this] { expired(); });
        report_.check = "tls";
        report_.domain = domain_.text();
    }

    void start() {
        timer_->arm(context_.loop.now() + context_.timeout);
        survey_.start();
    }

private:
    /// Inside servers and static routes come before DNS.
    [[nodiscard]] std::vector<route::Target> targets() const {
        if (!context_.configured.empty()) return context_.configured;
        const auto first = [](std::uint64_t) { return std::uint64_t{0}; };
        return policy::static_route(*context_.settings, domain_, first).targets;
    }

    void surveyed(const Survey& survey) {
        if (survey.plan.next == route::SrvPlan::Next::nothing) {
            report_.add(no_server(survey, {.remedy = Seen::check_dns}));
            return finish();
        }
        probe_ = std::make_unique<TlsProbe>(context_.loop, context_.network, visit_settings(), doors(survey),
                                            [this](const Visit& visit) { visited(visit); });
        probe_->start();
    }

    [[nodiscard]] VisitSettings visit_settings() const {
        const auto as_local = [&](const std::shared_ptr<const io::TlsContext>& tls) {
            return context_.local.empty() ? tls : io::with_identity(tls, context_.local.ascii());
        };
        return {{context_.local, domain_},
                as_local(context_.client_tls),
                as_local(context_.direct_client_tls),
                context_.limits,
                context_.sources};
    }

    /// Addresses that may be connected to; the others are findings.
    std::vector<Door> doors(const Survey& survey) {
        std::vector<Door> found;
        for (const SurveyedHost& host : survey.hosts) {
            for (const IpAddress& address : host.addresses()) {
                const Endpoint at{address, host.target.port};
                if (found.size() >= context_.limits.addresses) return found;
                if (host.target.configured || route::may_connect(address, at.port, context_.allowed, context_.own)) {
                    found.push_back({host.target.host, at, host.target.direct_tls});
                } else {
                    report_.add(seen(Seen::not_permitted,
                                     {{"address", at.text()}, {"host", host.target.host}, {"domain", domain_.text()}}));
                }
            }
        }
        return found;
    }

    void visited(const Visit& visit) {
        const s2s::StreamPolicy policy = policy::EdgeRules{context_.settings}.policy(domain_);
        judge_tls(visit, domain_, policy, context_.loop.wall(), report_);
        if (!visit.door && context_.configured.empty() && !targets().empty()) {
            report_.add(seen(Seen::route_dead, {{"domain", domain_.text()}}));
        }
        finish();
    }

    void expired() {
        if (probe_) return probe_->give_up();
        report_.add(seen(Seen::dns_silent));
        finish();
    }

    void finish() {
        timer_->disarm();
        report_later(context_.loop, report_, on_report_);
    }

    CheckContext context_;
    xmpp::Domain domain_;
    OnReport on_report_;
    Report report_;
    std::unique_ptr<io::Timer> timer_;
    DnsSurvey survey_;
    std::unique_ptr<TlsProbe> probe_;
};

}  // namespace

std::shared_ptr<void> start_tls(CheckContext context, const xmpp::Domain& domain, OnReport on_report) {
    auto check = std::make_shared<TlsCheck>(std::move(context), domain, std::move(on_report));
    check->start();
    return check;
}

}  // namespace sallyport::diag
