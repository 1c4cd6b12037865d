// Two rounds of look-ups: services, then hosts.
#include "admin/diag/dns_survey.h"

namespace sallyport::diag {

namespace {

constexpr std::uint16_t s2s_port = 5269;

std::uint64_t first(std::uint64_t) { return 0; }

}  // namespace

std::vector<IpAddress> SurveyedHost::addresses() const {
    std::vector<IpAddress> all;
    for (const auto* answer : {&v6, &v4}) {
        if (*answer) all.insert(all.end(), (*answer)->addresses.begin(), (*answer)->addresses.end());
    }
    const auto literal = IpAddress::parse(target.host);
    if (literal) all.push_back(*literal);
    return all;
}

DnsSurvey::DnsSurvey(io::Resolver& resolver, xmpp::Domain domain, std::vector<route::Target> configured,
                     std::uint64_t most, OnDone on_done)
    : resolver_{resolver}, configured_{std::move(configured)}, most_{most}, on_done_{std::move(on_done)} {
    survey_.domain = std::move(domain);
}

void DnsSurvey::start() {
    if (configured_.empty() && survey_.domain.is_address()) {
        configured_.push_back({survey_.domain.ascii(), s2s_port, false, false});
    }
    if (!configured_.empty()) {
        survey_.plan.next = route::SrvPlan::Next::targets;
        survey_.plan.targets = configured_;
        return look_up_hosts(configured_);
    }
    const auto ask = [this](const char* service, std::optional<DnsAnswer>& into) {
        lookups_.push_back(resolver_.srv(service + survey_.domain.ascii(), {}, [this, &into](const DnsAnswer& answer) {
            into = answer;
            if (--missing_ == 0) services_known();
        }));
    };
    missing_ = 2;
    ask("_xmpp-server._tcp.", survey_.server);
    ask("_xmpps-server._tcp.", survey_.direct);
}

void DnsSurvey::services_known() {
    survey_.plan = route::plan_srv(*survey_.server, *survey_.direct, most_, first);
    switch (survey_.plan.next) {
        case route::SrvPlan::Next::nothing: return on_done_(survey_);
        case route::SrvPlan::Next::targets: return look_up_hosts(survey_.plan.targets);
        case route::SrvPlan::Next::addresses: break;
    }
    look_up_hosts({route::Target{survey_.domain.ascii(), s2s_port, false, false}});
}

void DnsSurvey::look_up_hosts(const std::vector<route::Target>& targets) {
    for (const route::Target& target : targets) {
        if (survey_.hosts.size() < most_) survey_.hosts.push_back({target, {}, {}});
    }
    // One more than there are answers, so that answers from a cache do not end the round early.
    missing_ = 2 * survey_.hosts.size() + 1;
    for (std::size_t at = 0; at < survey_.hosts.size(); ++at) look_up_host(at);
    host_known();
}

void DnsSurvey::look_up_host(std::size_t at) {
    const std::string& host = survey_.hosts[at].target.host;
    if (IpAddress::parse(host)) {
        missing_ -= 2;
        return;
    }
    lookups_.push_back(resolver_.addresses(host, false, {}, [this, at](const DnsAnswer& answer) {
        survey_.hosts[at].v4 = answer;
        host_known();
    }));
    lookups_.push_back(resolver_.addresses(host, true, {}, [this, at](const DnsAnswer& answer) {
        survey_.hosts[at].v6 = answer;
        host_known();
    }));
}

void DnsSurvey::host_known() {
    if (--missing_ == 0) on_done_(survey_);
}

}  // namespace sallyport::diag
