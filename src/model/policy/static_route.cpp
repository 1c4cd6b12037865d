// From rows of the table to targets in order.
#include "model/policy/static_route.h"

namespace sallyport::policy {

namespace {

/// DNS and TLS want the A-label form; the table may hold what people write.
std::string ascii_host(const std::string& host) {
    const auto domain = xmpp::Domain::parse(host);
    return domain && !domain->is_address() ? domain->ascii() : host;
}

}  // namespace

RouteChoice static_route(const config::Settings& settings, const xmpp::Domain& remote,
                         const std::function<std::uint64_t(std::uint64_t)>& random) {
    RouteChoice choice;
    if (!settings.use_static_routes) return choice;
    std::vector<route::Weighted> rows;
    for (const config::StaticRoute& row : settings.static_routes) {
        if (row.domain != remote) continue;
        choice.fall_back_to_dns |= row.fall_back_to_dns;
        rows.push_back(
            {row.priority, row.weight, route::Target{ascii_host(row.address.host), row.address.port, false, true}});
    }
    choice.has_route = !rows.empty();
    choice.targets = route::order(std::move(rows), random);
    return choice;
}

}  // namespace sallyport::policy
