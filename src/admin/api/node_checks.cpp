// One function a check.
#include "admin/api/node_checks.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "admin/api/clock_skews.h"
#include "admin/api/problems.h"
#include "proto/s2s/certificate.h"

namespace sallyport::admin {

namespace {

using diag::Grade;
using diag::Report;

constexpr auto soon = std::chrono::hours{24 * 14};

std::string days(WallTime when, WallTime now) {
    return std::to_string(std::chrono::duration_cast<std::chrono::hours>(when - now).count() / 24) + " days";
}

/// One certificate's time. True: nothing is wrong.
bool judge_time(const std::string& what, const CertFacts& facts, WallTime now, Report& report) {
    const std::string remedy = "put a new one in its place, then `sallyport reload`";
    if (facts.not_before > now) {
        report.add(Grade::bad, what + " is not valid yet",
                   "compare the clock of this machine with that of the authority (`timedatectl`)");
    } else if (facts.not_after <= now) {
        report.add(Grade::bad, what + " has expired", remedy);
    } else if (facts.not_after - now < soon) {
        report.add(Grade::warning, what + " expires in " + days(facts.not_after, now), remedy);
    } else {
        return true;
    }
    return false;
}

std::string what_of(const OwnCertificate& own) { return "the certificate for " + own.used_for + " (" + own.file + ")"; }

void judge_names(const NodeStatus& status, const config::NodeFile& file, const config::Settings& settings,
                 Report& report) {
    for (const config::NamePattern& pattern : settings.domains) {
        if (pattern.below) continue;
        const bool named = std::any_of(status.certificates.begin(), status.certificates.end(), [&](const auto& own) {
            return own.used_for.starts_with("s2s") && s2s::names(own.facts, pattern.domain);
        });
        if (named) {
            report.add(Grade::good, "a certificate names " + pattern.domain.text());
        } else {
            report.add(Grade::warning, "no certificate names " + pattern.domain.text() + "; strict peers refuse it",
                       "add a [[tls.identity]] for it in " + file.path);
        }
    }
}

void judge_peers(const NodeStatus& status, WallTime now, Report& report) {
    std::set<std::string> seen;
    for (const s2s::StreamStatus& stream : status.streams) {
        if (stream.certificate_sha256.empty() || !seen.insert(stream.certificate_sha256).second) continue;
        if (stream.certificate_not_after <= now || stream.certificate_not_after - now >= soon) continue;
        report.add(Grade::warning,
                   "the certificate of " + stream.remote + " expires in " + days(stream.certificate_not_after, now),
                   "tell its administrator");
    }
}

/// Steps of provisioning that failed somewhere, as this node hears of them; a core asks for itself (`check axl`).
void judge_chain(const NodeStatus& status, const config::NodeFile& file, Report& report) {
    if (file.role == config::Role::core) return;
    for (const ChainStep& step : status.chain) {
        if (step.state != "failed") continue;
        const std::size_t end = step.reason.find("; ");
        const std::string why = step.reason.substr(0, end);
        const bool known =
            std::any_of(report.findings.begin(), report.findings.end(),
                        [&](const diag::Finding& finding) { return finding.text.find(why) != std::string::npos; });
        if (known) continue;
        report.add(Grade::bad, step.step + ": " + why,
                   end == std::string::npos ? std::string{} : step.reason.substr(end + 2));
    }
}

bool has(const std::vector<std::string>& all, const std::string& wanted) {
    return std::find(all.begin(), all.end(), wanted) != all.end();
}

std::string joined(const std::vector<std::string>& all) {
    std::string text;
    for (const std::string& one : all) text += (text.empty() ? "" : ", ") + one;
    return text;
}

/// Why a publisher could not be provisioned: the code says which kind.
void judge_failure(const provision::PublisherStatus& publisher, Report& report) {
    const std::string who = "the IM&P server " + publisher.address;
    if (publisher.code == "axl-unauthorized") {
        return report.add(Grade::bad,
                          who + " refuses the user " + publisher.username + " (401): messages go one way only",
                          "`sallyport imp-servers passwd " + publisher.address +
                              "`, then `sallyport imp-servers refresh`; the user needs AXL API access");
    }
    const bool tls =
        publisher.reason.find("TLS") != std::string::npos || publisher.reason.find("certificate") != std::string::npos;
    if (tls) {
        return report.add(
            Grade::bad, who + ": TLS fails: " + publisher.reason,
            "put its authority into [axl] trust of the node's file, or give it a certificate that names it");
    }
    if (publisher.code == "axl-unreachable") {
        return report.add(Grade::bad, who + " cannot be reached: " + publisher.reason,
                          "start its AXL service, open port 8443 from this core, or correct its address");
    }
    report.add(Grade::bad, who + ": " + publisher.reason,
               "look at its AXL service, then `sallyport imp-servers refresh`");
}

}  // namespace

Report check_certs(const NodeStatus& status, const config::NodeFile& file, const config::Settings& settings,
                   WallTime now) {
    Report report{"certs", status.name, {}, {}};
    for (const OwnCertificate& own : status.certificates) {
        if (judge_time(what_of(own), own.facts, now, report))
            report.add(Grade::good, what_of(own) + " is valid for " + days(own.facts.not_after, now));
    }
    if (file.role == config::Role::edge && settings.security_mode != s2s::SecurityMode::no_tls)
        judge_names(status, file, settings, report);
    judge_peers(status, now, report);
    return report;
}

namespace {

void check_clocks(const NodeStatus& status, Duration most, Report& report) {
    for (const auto& [realm, skew] : clock_skews(status)) {
        char text[48];
        std::snprintf(text, sizeof text, "%.3f s %s ours", std::abs(std::chrono::duration<double>{skew}.count()),
                      skew < Duration{0} ? "behind" : "ahead of");
        if (std::chrono::abs(skew) <= most) {
            report.add(Grade::good, "the clock of " + realm + " is " + text, "");
        } else {
            report.add(Grade::warning, "the clock of " + realm + " is " + text,
                       "see which host is wrong; both have to follow a time service");
        }
    }
}

}  // namespace

Report check_link(const NodeStatus& status, const config::NodeFile& file, WallTime now) {
    Report report{"link", status.name, {}, {}};
    std::set<std::string> open;
    for (const link::SessionStatus& link : status.links) {
        if (link.state != "open") {
            report.add(Grade::warning, "the link to " + link.far_realm + " is broken and waits to be resumed",
                       "look at the far node, and at the network between");
        } else if (open.insert(link.far_role + " " + link.far_realm).second) {
            report.add(Grade::good, "the link to the " + link.far_role + " " + link.far_realm + " is open (" +
                                        link.tls_version + ", serves " +
                                        (link.bound.empty() ? "nothing" : joined(link.bound)) + ")");
        }
    }
    check_clocks(status, std::chrono::seconds{file.limits.clock_skew_seconds}, report);
    for (const link::Hub::DialStatus& dial : status.dials) {
        if (dial.why.empty() || dial.state == "open") continue;
        report.add(Grade::bad, "the link to " + dial.name + " at " + dial.address + " is down: " + dial.why,
                   "let the firewall pass it; compare that address, the certificates and [link] secret of both "
                   "sides, and their clocks");
    }
    const bool is_core = file.role == config::Role::core;
    if (status.links.empty() && status.dials.empty()) {
        report.add(Grade::bad, is_core ? "this core dials nobody" : "no core has dialled this node",
                   is_core ? "name the edges in [[link.dial]] of " + file.path
                           : "start the core; its `sallyport check link` says what stops it");
    }
    for (const OwnCertificate& own : status.certificates) {
        if (own.used_for.starts_with("link")) (void)judge_time(what_of(own), own.facts, now, report);
    }
    if (status.held_for_link > 0) {
        report.add(Grade::warning, std::to_string(status.held_for_link) + " stanzas wait for a link",
                   "see the links above");
    }
    return report;
}

Report check_axl(const std::vector<provision::PublisherStatus>& publishers, const NodeStatus& status) {
    Report report{"axl", status.name, {}, {}};
    if (publishers.empty()) {
        report.add(Grade::note, "no IM&P server is to be provisioned", "`sallyport imp-servers add` if there is one");
    }
    for (const provision::PublisherStatus& publisher : publishers) {
        if (!publisher.code.empty()) {
            judge_failure(publisher, report);
            continue;
        }
        std::vector<std::string> missing;
        for (const std::string& row : publisher.wanted) {
            if (!has(publisher.rows, row)) missing.push_back(row);
        }
        if (!missing.empty()) {
            report.add(Grade::bad, "the table xmpps2snodes of " + publisher.address + " lacks " + joined(missing),
                       "`sallyport imp-servers refresh`; the log has what its AXL service answered");
        } else {
            report.add(Grade::good, publisher.address + " lets " + publisher.username +
                                        " in, and its table has what it needs" +
                                        (publisher.rows.empty() ? "" : ": " + joined(publisher.rows)));
        }
        std::set<std::string> told;  // a router has a link for each shard
        for (const std::string& row : publisher.rows) {
            for (const link::SessionStatus& link : status.links) {
                if (link.far_role != "presence" || link.state != "open" || has(link.components, row)) continue;
                if (!told.insert(link.far_realm + " " + row).second) continue;
                report.add(
                    Grade::bad,
                    "the router of " + link.far_realm + " has not loaded " + row +
                        ": it returns what goes to other domains",
                    "`sallyport restart router` on that node; its own `sallyport check all` names any other cause");
            }
        }
    }
    return report;
}

Report check_node(const NodeStatus& status, const config::NodeFile& file, const config::Settings& settings,
                  WallTime now) {
    Report report{"node", status.name, {}, {}};
    for (const NodeProblem& problem : problems(status, file, settings, now))
        report.add(problem.is_error ? Grade::bad : Grade::warning, problem.text, problem.remedy);
    judge_chain(status, file, report);
    if (report.findings.empty()) report.add(Grade::good, "status knows of no trouble");
    return report;
}

}  // namespace sallyport::admin
