// Findings in the order in which the live path would stumble over them.
#include "admin/diag/judge_dns.h"

#include <algorithm>

#include "base/join.h"
#include "model/route/ports.h"

namespace sallyport::diag {

namespace {

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
        if (us_.has_route) report_.add(seen(Seen::route_instead));
        if (survey_.server) services();
        for (const SurveyedHost& host : survey_.hosts) judge(host);
        if (survey_.plan.next != route::SrvPlan::Next::nothing && usable_ == 0 && !us_.is_ours) {
            report_.add(seen(Seen::no_address));
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
        if (survey_.server->secure) report_.add(seen(Seen::validated));
        refused_records();
        switch (survey_.plan.next) {
            case route::SrvPlan::Next::nothing: return no_service();
            case route::SrvPlan::Next::addresses: return no_records();
            case route::SrvPlan::Next::targets: break;
        }
        report_.add(seen(Seen::srv_usable, {{"n", std::to_string(survey_.plan.targets.size())}}));
    }

    void trouble(const std::string& service, const DnsAnswer& answer) {
        const Values values{{"name", service + "." + survey_.domain.ascii()}, {"because", because(answer)}};
        switch (answer.status) {
            case DnsStatus::bogus:
                return report_.add(seen(us_.is_ours ? Seen::bogus_ours : Seen::bogus_theirs, values));
            case DnsStatus::failed: return report_.add(seen(Seen::look_up_failed, values));
            case DnsStatus::timed_out: return report_.add(seen(Seen::look_up_silent, values));
            case DnsStatus::busy: return report_.add(seen(Seen::look_up_not_made, values));
            case DnsStatus::ok:
            case DnsStatus::no_data:
            case DnsStatus::no_name: break;
        }
    }

    void refused_records() {
        for (const auto* answer : {&survey_.server, &survey_.direct}) {
            for (const SrvRecord& record : (*answer)->srv) {
                if (record.target == ".") continue;
                const Values values{{"target", record.target + ":" + std::to_string(record.port)}};
                if (IpAddress::parse(record.target)) {
                    report_.add(seen(Seen::target_is_address, values));
                } else if (!route::is_permitted_port(record.port)) {
                    report_.add(seen(Seen::target_port, values));
                }
            }
        }
    }

    void no_service() {
        using enum route::SrvPlan::Obstacle;
        if (survey_.plan.obstacle != absent && survey_.plan.obstacle != direct_tls_absent) {
            return report_.add(no_server(survey_));
        }
        report_.add(seen(us_.is_ours ? Seen::declares_none_ours : Seen::declares_none_theirs, {{"domain", name()}}));
    }

    void no_records() {
        report_.add(seen(us_.is_ours ? Seen::no_srv_ours : Seen::no_srv_theirs,
                         {{"domain", name()}, {"ascii", survey_.domain.ascii()}}));
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
        ThisTime this_time;
        if (survey_.hosts.size() == 1) this_time.grade = Grade::bad;
        if (!answered) this_time.remedy = Seen::ask_resolver;
        const std::string why = host.v4 ? std::string{" ("} + text(host.v4->status) + ")" : "";
        report_.add(seen(Seen::host_without_address, {{"host", host.target.host}, {"because", why}}, this_time));
    }

    void judge_foreign(const SurveyedHost& host, const Endpoint& at) {
        const Values values{{"host", host.target.host}, {"address", at.text()}, {"domain", name()}};
        if (std::find(us_.own.begin(), us_.own.end(), at) != us_.own.end()) {
            return report_.add(seen(Seen::is_this_node, values));
        }
        if (host.target.configured || route::may_connect(at.address, at.port, us_.allowed, us_.own)) {
            ++usable_;
            return report_.add(seen(Seen::host_at, values));
        }
        report_.add(seen(Seen::host_reserved, values));
    }

    void judge_own(const SurveyedHost& host, const Endpoint& at) {
        const Values values{{"host", host.target.host}, {"address", at.text()}};
        if (us_.own.empty()) return report_.add(seen(Seen::host_at_unknown, values));
        const bool fits = std::any_of(us_.own.begin(), us_.own.end(), [&](const Endpoint& own) {
            return own.port == at.port && own.address.v6 == at.address.v6 &&
                   (own.address == at.address || is_wildcard(own.address));
        });
        report_.add(seen(fits ? Seen::leads_here : Seen::leads_elsewhere, values));
    }

    const Survey& survey_;
    const OwnSide& us_;
    Report& report_;
    std::size_t usable_ = 0;
};

}  // namespace

Finding no_server(const Survey& survey, ThisTime this_time) {
    const route::SrvPlan& plan = survey.plan;
    const Values values{{"domain", survey.domain.text()}, {"name", plan.service}, {"why", plan.detail}};
    switch (plan.obstacle) {
        case route::SrvPlan::Obstacle::absent: return seen(Seen::service_absent, values, this_time);
        case route::SrvPlan::Obstacle::direct_tls_absent: return seen(Seen::direct_tls_absent, values, this_time);
        case route::SrvPlan::Obstacle::unusable: return seen(Seen::no_record_usable, values, this_time);
        case route::SrvPlan::Obstacle::look_up:
        case route::SrvPlan::Obstacle::none: break;
    }
    return seen(Seen::look_up_says, values, this_time);
}

void judge_dns(const Survey& survey, const OwnSide& us, Report& report) { Judge{survey, us, report}.run(); }

}  // namespace sallyport::diag
