// Static routes (RFC 6120 3.2.3): configured hosts in place of DNS. They change where we connect, never whom we expect
// there or what we demand (threat T71).
#pragma once

#include <functional>
#include <vector>

#include "model/config/settings.h"
#include "model/route/targets.h"

namespace sallyport::policy {

struct RouteChoice {
    bool has_route = false;  ///< false: ask DNS
    std::vector<route::Target> targets;
    bool fall_back_to_dns = false;  ///< when no target can be reached
};

/// The routes of `remote` by priority and weight. DNS may be asked afterwards when one of its rows says so.
[[nodiscard]] RouteChoice static_route(const config::Settings& settings, const xmpp::Domain& remote,
                                       const std::function<std::uint64_t(std::uint64_t)>& random);

}  // namespace sallyport::policy
