// Everything that DNS says about how to reach a domain: both SRV names (RFC 6120 3.2.1, XEP-0368), then the addresses
// of every target. The order and refusals are those of the live path (route::plan_srv).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/dns_records.h"
#include "io/dns/resolver.h"
#include "model/route/targets.h"
#include "proto/xmpp/jid.h"

namespace sallyport::diag {

struct SurveyedHost {
    route::Target target;
    std::optional<DnsAnswer> v4, v6;  ///< absent: not asked, the host is an address

    /// IPv6 first.
    [[nodiscard]] std::vector<IpAddress> addresses() const;
};

struct Survey {
    xmpp::Domain domain;
    std::optional<DnsAnswer> server, direct;  ///< absent: not asked, targets were given
    route::SrvPlan plan;
    std::vector<SurveyedHost> hosts;
};

class DnsSurvey {
public:
    using OnDone = std::function<void(const Survey&)>;

    /// With `configured` targets SRV records are not asked for. At most `most` hosts are looked at.
    DnsSurvey(io::Resolver& resolver, xmpp::Domain domain, std::vector<route::Target> configured, std::uint64_t most,
              OnDone on_done);
    DnsSurvey(const DnsSurvey&) = delete;
    DnsSurvey& operator=(const DnsSurvey&) = delete;
    void start();

private:
    void services_known();
    void look_up_hosts(const std::vector<route::Target>& targets);
    void look_up_host(std::size_t at);
    void host_known();

    io::Resolver& resolver_;
    std::vector<route::Target> configured_;
    std::uint64_t most_;
    OnDone on_done_;
    Survey survey_;
    std::size_t missing_ = 0;  ///< answers not yet here
    std::vector<std::unique_ptr<io::Lookup>> lookups_;
};

}  // namespace sallyport::diag
