// The table of static routes (RFC 6120 3.2.3).
#include <algorithm>
#include <set>
#include <utility>

#include "model/config/json_fields.h"
#include "model/config/setting_values.h"

namespace sallyport::config {

namespace {

constexpr std::uint16_t default_port = 5269;

/// A name that DNS can be asked for, or an address literal.
bool is_host(const std::string& host) { return IpAddress::parse(host) || xmpp::Domain::parse(host); }

void read_address(Fields& fields, StaticRoute& route) {
    const std::string written = fields.text("address", true);
    if (fields.failed()) return;
    auto address = HostPort::parse(written, 0);
    if (!address || !is_host(address->host)) {
        fields.complain("address", "'" + written + "' is not a host name or an address");
        return;
    }
    route.address = std::move(*address);
    const auto port = static_cast<std::uint16_t>(fields.number("port", 0, 1, 65535));
    if (port != 0 && route.address.port != 0 && port != route.address.port) {
        fields.complain("port", "differs from the port written in address");
    }
    if (port != 0) route.address.port = port;
    if (route.address.port == 0) route.address.port = default_port;
}

Result<StaticRoute> read_route(const json::value& entry, std::string place) {
    Fields fields{entry, std::move(place), {"domain", "address", "port", "priority", "weight", "fall_back_to_dns"}};
    StaticRoute route;
    const std::string written = fields.text("domain", true);
    if (!fields.failed()) {
        auto domain = xmpp::Domain::parse(written);
        if (domain) route.domain = std::move(*domain);
        if (!domain) fields.complain("domain", "'" + written + "': " + domain.error().text);
    }
    read_address(fields, route);
    route.priority = static_cast<std::uint16_t>(fields.number("priority", 0, 0, 65535));
    route.weight = static_cast<std::uint16_t>(fields.number("weight", 0, 0, 65535));
    route.fall_back_to_dns = fields.flag("fall_back_to_dns", false);
    if (fields.failed()) return fields.error();
    return route;
}

}  // namespace

Result<std::vector<StaticRoute>> read_routes(std::string_view text) {
    const auto array = parse_array(text, SettingBounds::routes);
    if (!array) return array.error();
    std::vector<StaticRoute> routes;
    std::set<std::pair<xmpp::Domain, HostPort>> known;
    for (const json::value& entry : *array) {
        std::string place = "[" + std::to_string(routes.size()) + "]";
        auto route = read_route(entry, place);
        if (!route) return route.error();
        if (!known.emplace(route->domain, route->address).second) {
            return wrong_value(place + ": " + route->domain.text() + " by " + route->address.text() +
                               " is in the list twice");
        }
        routes.push_back(std::move(*route));
    }
    return routes;
}

std::string write_routes(const std::vector<StaticRoute>& routes) {
    json::array array;
    for (const StaticRoute& route : routes) {
        array.push_back(json::object{{"domain", route.domain.text()},
                                     {"address", route.address.host},
                                     {"port", route.address.port},
                                     {"priority", route.priority},
                                     {"weight", route.weight},
                                     {"fall_back_to_dns", route.fall_back_to_dns}});
    }
    return json::serialize(array);
}

}  // namespace sallyport::config
