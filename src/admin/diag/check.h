// The diagnoses that an operator can run against the world: one file and one row each in checks/.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "admin/diag/report.h"
#include "base/limits.h"
#include "io/dns/resolver.h"
#include "io/net/stream.h"
#include "model/config/settings.h"
#include "model/route/targets.h"

namespace sallyport::diag {

/// The world and the rules, as the live path has them. References must outlive the check.
struct CheckContext {
    io::Loop& loop;
    io::Network& network;
    io::Resolver& resolver;
    std::shared_ptr<const io::TlsContext> client_tls;
    std::shared_ptr<const io::TlsContext> direct_client_tls;  ///< with ALPN
    config::Snapshot settings{};
    std::vector<IpNetwork> allowed{};         ///< [s2s] allow_networks
    std::vector<Endpoint> own{};              ///< where this node listens for other servers
    std::vector<IpAddress> sources{};         ///< [s2s] source_address
    std::vector<route::Target> configured{};  ///< where an inside server is; empty: routes and DNS decide
    Limits limits{};
    xmpp::Domain local{};                         ///< as whom we ask; `dialback`: the domain of ours that is proved
    std::function<std::string()> fresh_id{};      ///< `dialback`: a stream id that nobody can guess
    Duration timeout = std::chrono::seconds{20};  ///< of the whole check
};

using OnReport = std::function<void(const Report&)>;

/// Starts a check. What it returns is the running check; destroying it ends it without a report. The report comes from
/// the loop.
using StartCheck = std::shared_ptr<void> (*)(CheckContext context, const xmpp::Domain& domain, OnReport on_report);

}  // namespace sallyport::diag
