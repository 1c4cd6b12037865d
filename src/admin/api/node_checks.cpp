// Which judges a check asks.
#include "admin/api/node_checks.h"

#include "admin/api/problems.h"
#include "admin/diag/check_rows.h"

namespace sallyport::admin {

using diag::Grade;
using diag::Report;

Report check_certs(const Facts& facts) {
    Report report{"certs", facts.status.name, {}, {}};
    tell(judge_certificates(facts), report);
    tell(judge_coverage(facts), report);
    tell(judge_authority(facts), report);
    tell(judge_partners(facts), report);
    return report;
}

Report check_link(const Facts& facts) {
    Report report{"link", facts.status.name, {}, {}};
    tell(judge_links(facts), report);
    tell(judge_clocks(facts), report);
    for (const OwnCertificate& own : facts.status.certificates) {
        if (own.use != CertificateUse::link) continue;
        if (const Finding finding = judge_certificate(own, facts.now); finding.grade != Grade::good) {
            tell({finding}, report);
        }
    }
    tell(judge_held(facts), report);
    return report;
}

Report check_axl(const std::vector<provision::PublisherStatus>& publishers, const Facts& facts) {
    Report report{"axl", facts.status.name, {}, {}};
    tell(judge_publishers(publishers), report);
    tell(judge_chain(facts), report);
    return report;
}

Report check_node(const Facts& facts) {
    Report report{"node", facts.status.name, {}, {}};
    for (const NodeProblem& problem : problems(facts)) {
        report.add({problem.is_error ? Grade::bad : Grade::warning, problem.text, problem.remedy, problem.rows});
    }
    if (report.findings.empty()) report.add(seen(diag::Seen::no_problems));
    return report;
}

}  // namespace sallyport::admin
