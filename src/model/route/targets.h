// Where to connect for a domain, as pure decisions: static routes, SRV order (RFC 2782, RFC 6120 3.2, XEP-0368), which
// addresses are refused (threat T69), in which order addresses are tried (RFC 8305, XEP-0495).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/dns_records.h"
#include "base/endpoint.h"
#include "proto/xmpp/jid.h"

namespace sallyport::route {

/// One host to try.
struct Target {
    std::string host;  ///< A-label name or address literal
    std::uint16_t port = 5269;
    bool direct_tls = false;  ///< from _xmpps-server (XEP-0368)
    bool configured = false;  ///< from a static route: reserved addresses are allowed
    auto operator<=>(const Target&) const = default;
};

/// What to do after the SRV answers are in.
struct SrvPlan {
    enum class Next {
        targets,    ///< try `targets` in order
        addresses,  ///< no SRV record: A/AAAA of the domain, port 5269 (RFC 6120 3.2.2)
        nothing,    ///< the domain declares that it has no XMPP service (single target "."), or look-up failed
    } next = Next::nothing;
    std::vector<Target> targets;
    std::string why;  ///< for the log when nothing: what follows, in a sentence
    enum class Obstacle {
        none,
        unusable,           ///< there are SRV records, and none can be used; `detail`: what is wrong with the first
        absent,             ///< the domain declares that it has no service
        direct_tls_absent,  ///< the same for direct TLS, and there is no record of the other service
        look_up,            ///< of `service`; `detail`: what it returned
    } obstacle = Obstacle::none;
    std::string service, detail;
};

/// Merges `_xmpp-server` and `_xmpps-server` answers by priority and, within one, by weight (RFC 2782); `random(n)`
/// gives a number in [0, n). Refuses targets that are address literals, forbidden ports (0, below 1024 but 443, 5269,
/// 5270 or 53xx stay allowed list in the .cpp) and cuts at `most`.
[[nodiscard]] SrvPlan plan_srv(const DnsAnswer& server, const DnsAnswer& direct, std::uint64_t most,
                               const std::function<std::uint64_t(std::uint64_t)>& random);

/// Weighted order of alternatives with equal priority, for static routes too.
struct Weighted {
    std::uint16_t priority = 0;
    std::uint16_t weight = 0;
    Target target;
};
[[nodiscard]] std::vector<Target> order(std::vector<Weighted> candidates,
                                        const std::function<std::uint64_t(std::uint64_t)>& random);

/// May a connection go to `address`? `allowed` are the operator's allow_networks, `own` the node's own listeners.
[[nodiscard]] bool may_connect(const IpAddress& address, std::uint16_t port, std::span<const IpNetwork> allowed,
                               std::span<const Endpoint> own);

/// RFC 8305 section 4: families interleaved, IPv6 first, at most `most`.
[[nodiscard]] std::vector<IpAddress> interleave(std::vector<IpAddress> v6, std::vector<IpAddress> v4,
                                                std::uint64_t most);

/// Delay before the `failures`-th retry to a destination that failed: exponential with full jitter, first within 1 s,
/// ceiling 300 s (RFC 6120 3.3). `random` as above, in milliseconds.
[[nodiscard]] std::chrono::milliseconds retry_delay(unsigned failures,
                                                    const std::function<std::uint64_t(std::uint64_t)>& random);

}  // namespace sallyport::route
