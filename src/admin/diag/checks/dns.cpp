// `check dns D`: what DNS says about a domain, judged as the live path would.
#include <algorithm>

#include "admin/diag/checks/checks.h"
#include "admin/diag/judge_dns.h"
#include "model/policy/static_route.h"

namespace sallyport::diag {

namespace {

class DnsCheck {
public:
    DnsCheck(CheckContext context, xmpp::Domain domain, OnReport on_report)
        : context_{std::move(context)},
          domain_{std::move(domain)},
          on_report_{std::move(on_report)},
          survey_{context_.resolver, domain_, {}, context_.limits.srv_targets, [this](const Survey& survey) {
                      finish(&survey);
                  }} {
        timer_ = context_.loop.timer([this] { finish(nullptr); });
    }

    void start() {
        timer_->arm(context_.loop.now() + context_.timeout);
        survey_.start();
    }

private:
    void finish(const Survey* survey) {
        timer_->disarm();
        Report report{"dns", domain_.text(), {}, {}};
        if (survey == nullptr) {
            report.add(seen(Seen::dns_silent));
        } else {
            const auto& ours = context_.settings->domains;
            OwnSide us{context_.allowed, context_.own, false, false};
            us.is_ours =
                std::any_of(ours.begin(), ours.end(), [&](const auto& pattern) { return pattern.matches(domain_); });
            const auto first = [](std::uint64_t) { return std::uint64_t{0}; };
            us.has_route = policy::static_route(*context_.settings, domain_, first).has_route;
            judge_dns(*survey, us, report);
        }
        report_later(context_.loop, report, on_report_);
    }

    CheckContext context_;
    xmpp::Domain domain_;
    OnReport on_report_;
    std::unique_ptr<io::Timer> timer_;
    DnsSurvey survey_;
};

}  // namespace

std::shared_ptr<void> start_dns(CheckContext context, const xmpp::Domain& domain, OnReport on_report) {
    auto check = std::make_shared<DnsCheck>(std::move(context), domain, std::move(on_report));
    check->start();
    return check;
}

}  // namespace sallyport::diag
