// Findings in the order in which the live path would stumble over them.
#include "admin/diag/judge_dns.h"

#include <algorithm>

#include "base/counted.h"
#include "base/join.h"
#include "model/route/ports.h"

namespace sallyport::diag {

namespace {

constexpr std::string_view resolver_remedy = "check [dns] servers in the node's file, and ask with `dig` on this host";

bool is_wildcard(const IpAddress& address) {
    return std::all_of(address.bytes.begin(), address.bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

std::string records_text(const DnsAnswer& answer) {
    std::string all;
    for (const SrvRecord& record : answer.srv) {
        append_item(all,
                    std::to_string(record.priority) + " " + std::to_string(record.weight) + " " +
                        std::to_string(record.port) + " " + record.target,
                    "; ");
    }
    return all.empty() ? text(answer.status) : all;
}

std::string because(const DnsAnswer& answer) { return answer.detail.empty() ? "" : " (" + answer.detail + ")"; }

class Judge {
public:
    Judge(const Survey& survey, const OwnSide& us, Report& report) : survey_{survey}, us_{us}, report_{report} {}

    void run() {
        if (us_.has_route) {
            report_.add(Grade::note, "a static route replaces DNS for this domain", "`sallyport routes list` shows it");
        }
        if (survey_.server) services();
        for (const SurveyedHost& host : survey_.hosts) judge(host);
        if (survey_.plan.next != route::SrvPlan::Next::nothing && usable_ == 0 && !us_.is_ours) {
            report_.add(Grade::bad, "there is no address to connect to");
        }
        if (us_.has_route) soften();
    }

private:
    [[nodiscard]] const std::string& name() const { return survey_.domain.text(); }

    /// Nothing that DNS says stops a domain that is not looked up.
    void soften() {
        for (Finding& finding : report_.findings) {
            if (finding.grade > Grade::note) finding.grade = Grade::note;
        }
    }

    void services() {
        report_.fact("srv", records_text(*survey_.server));
        report_.fact("srv_direct_tls", records_text(*survey_.direct));
        trouble("_xmpp-server._tcp", *survey_.server);
        trouble("_xmpps-server._tcp", *survey_.direct);
        if (survey_.server->secure) report_.add(Grade::good, "the SRV answer is validated with DNSSEC");
        refused_records();
        switch (survey_.plan.next) {
            case route::SrvPlan::Next::nothing: return no_service();
            case route::SrvPlan::Next::addresses: return no_records();
            case route::SrvPlan::Next::targets: break;
        }
        report_.add(Grade::good, counted(survey_.plan.targets.size(), "SRV target") + " can be used");
    }

    void trouble(const std::string& service, const DnsAnswer& answer) {
        const std::string what = "the look-up of " + service + "." + survey_.domain.ascii();
        switch (answer.status) {
            case DnsStatus::bogus:
                return report_.add(
                    Grade::bad, what + " fails DNSSEC validation" + because(answer),
                    us_.is_ours ? "fix the zone's signatures or its DS record" : "its administrator has to fix it");
            case DnsStatus::failed:
                return report_.add(Grade::bad, what + " failed" + because(answer), std::string{resolver_remedy});
            case DnsStatus::timed_out:
                return report_.add(Grade::bad, what + " got no answer", std::string{resolver_remedy});
            case DnsStatus::busy:
                return report_.add(Grade::bad, what + " was not made" + because(answer), std::string{resolver_remedy});
            case DnsStatus::ok:
            case DnsStatus::no_data:
            case DnsStatus::no_name: break;
        }
    }

    void refused_records() {
        for (const auto* answer : {&survey_.server, &survey_.direct}) {
            for (const SrvRecord& record : (*answer)->srv) {
                const std::string at = record.target + ":" + std::to_string(record.port);
                if (record.target != "." && IpAddress::parse(record.target)) {
                    report_.add(Grade::bad, "SRV target " + at + " is an address; RFC 2782 requires a name",
                                "publish an A or AAAA record and name its host");
                } else if (record.target != "." && !route::is_permitted_port(record.port)) {
                    report_.add(Grade::bad, "SRV target " + at + " has a port that this node does not connect to",
                                "permitted ports are 443 and those above 1023; the usual one is 5269");
                }
            }
        }
    }

    void no_service() {
        if (survey_.plan.absent) {
            return report_.add(
                Grade::bad, name() + " declares in DNS that it has no XMPP service (SRV target \".\")",
                us_.is_ours ? "publish a record that names this edge" : "only a static route can reach it");
        }
        report_.add(Grade::bad, survey_.plan.why, std::string{resolver_remedy});
    }

    void no_records() {
        const std::string record = "_xmpp-server._tcp." + survey_.domain.ascii() + ". IN SRV 0 0 5269 <this edge>.";
        report_.add(us_.is_ours ? Grade::warning : Grade::note,
                    "there is no SRV record; peers try the addresses of " + name() + " on port 5269",
                    us_.is_ours ? "publish " + record : "");
    }

    void judge(const SurveyedHost& host) {
        const std::vector<IpAddress> addresses = host.addresses();
        if (addresses.empty()) return no_address(host);
        for (const IpAddress& address : addresses) {
            const Endpoint at{address, host.target.port};
            report_.fact(host.target.host + ":" + std::to_string(host.target.port), at.text());
            us_.is_ours ? judge_own(host, at) : judge_foreign(host, at);
        }
    }

    void no_address(const SurveyedHost& host) {
        const bool answered = host.v4 && host.v6 && host.v4->status != DnsStatus::timed_out &&
                              host.v4->status != DnsStatus::failed && host.v4->status != DnsStatus::busy;
        const std::string why = host.v4 ? std::string{" ("} + text(host.v4->status) + ")" : "";
        report_.add(survey_.hosts.size() == 1 ? Grade::bad : Grade::warning, host.target.host + " has no address" + why,
                    answered ? "publish an A or AAAA record for it" : std::string{resolver_remedy});
    }

    void judge_foreign(const SurveyedHost& host, const Endpoint& at) {
        if (std::find(us_.own.begin(), us_.own.end(), at) != us_.own.end()) {
            return report_.add(Grade::bad, at.text() + " is this node itself",
                               "if " + name() + " is one of our domains, add it to federation.domains");
        }
        if (host.target.configured || route::may_connect(at.address, at.port, us_.allowed, us_.own)) {
            ++usable_;
            return report_.add(Grade::good, host.target.host + " is at " + at.text());
        }
        report_.add(Grade::bad, host.target.host + " is at " + at.text() + ", which is reserved or private",
                    "if that is intended, add its network to [s2s] allow_networks, or add a static route");
    }

    void judge_own(const SurveyedHost& host, const Endpoint& at) {
        if (us_.own.empty()) {
            return report_.add(Grade::note, host.target.host + " is at " + at.text(),
                               "run this check on the edge to compare it with its own addresses");
        }
        const bool fits = std::any_of(us_.own.begin(), us_.own.end(), [&](const Endpoint& own) {
            return own.port == at.port && own.address.v6 == at.address.v6 &&
                   (own.address == at.address || is_wildcard(own.address));
        });
        if (fits) return report_.add(Grade::good, at.text() + " leads to this node");
        report_.add(Grade::warning, at.text() + " is not an address on which this node listens",
                    "correct if it belongs to a NAT or another edge of ours; otherwise correct the records");
    }

    const Survey& survey_;
    const OwnSide& us_;
    Report& report_;
    std::size_t usable_ = 0;
};

}  // namespace

void judge_dns(const Survey& survey, const OwnSide& us, Report& report) { Judge{survey, us, report}.run(); }

}  // namespace sallyport::diag
