// `routes`: static routes, which replace DNS for a domain.
#include <algorithm>
#include <boost/json.hpp>

#include "admin/api/setting_change.h"
#include "admin/api/status_json.h"
#include "admin/api/verb_parts.h"
#include "model/config/setting_values.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

constexpr const char* setting = "federation.static_routes";
constexpr std::uint16_t s2s_port = 5269;
constexpr std::uint64_t most_16_bits = 65535;

std::string note_on(const config::Settings& settings) {
    if (settings.use_static_routes) return {};
    return "static routes are not in use while federation.use_static_routes is false; put them in use with `sallyport "
           "config set "
           "federation.use_static_routes true`";
}

/// The option as a number of 16 bits, or the call has ended.
std::optional<std::uint16_t> short_number(Call& call, std::string_view name) {
    const std::uint64_t number = call.number(name, 0);
    if (number <= most_16_bits) return static_cast<std::uint16_t>(number);
    call.fail({"argument-malformed", std::string{name} + " is 65535 at most"}, name);
    return std::nullopt;
}

/// An IPv6 address may stand without brackets when it has no port.
std::optional<HostPort> address_of(Call& call, const std::string& text) {
    if (const auto address = IpAddress::parse(text)) return HostPort{address->text(), s2s_port};
    auto parsed = HostPort::parse(text, s2s_port);
    if (parsed) return std::move(*parsed);
    call.fail({"argument-malformed", parsed.error().text}, "address");
    return std::nullopt;
}

void run_routes_list(const SharedCall& call) {
    if (!is_shown(*call, setting)) return;
    const config::Snapshot settings = call->node().settings().snapshot();
    json::object result{{"name", setting},
                        {"value", json_value(config::write_routes(settings->static_routes))},
                        {"enabled", settings->use_static_routes},
                        {"revision", settings->revision}};
    if (const std::string note = note_on(*settings); !note.empty()) result["note"] = note;
    call->succeed(result);
}

void run_routes_add(const SharedCall& call) {
    if (!is_shown(*call, setting)) return;
    const auto domain = call->domain("domain");
    if (!domain) return;
    const auto priority = short_number(*call, "priority");
    if (!priority) return;
    const auto weight = short_number(*call, "weight");
    if (!weight) return;
    const config::Snapshot settings = call->node().settings().snapshot();
    std::vector<config::StaticRoute> routes = settings->static_routes;
    for (const std::string& text : call->texts("address")) {
        const auto address = address_of(*call, text);
        if (!address) return;
        const config::StaticRoute route{*domain, *address, *priority, *weight, call->flag("fall_back_to_dns")};
        const auto same = [&](const config::StaticRoute& other) {
            return other.domain == route.domain && other.address == route.address;
        };
        std::erase_if(routes, same);
        routes.push_back(route);
    }
    change_setting(*call, setting, config::write_routes(routes), note_on(*settings));
}

void run_routes_remove(const SharedCall& call) {
    if (!is_shown(*call, setting)) return;
    const auto domain = call->domain("domain");
    if (!domain) return;
    std::optional<HostPort> address;
    if (call->has("address")) {
        address = address_of(*call, call->text("address"));
        if (!address) return;
    }
    const config::Snapshot settings = call->node().settings().snapshot();
    std::vector<config::StaticRoute> routes = settings->static_routes;
    const auto meant = [&](const config::StaticRoute& route) {
        return route.domain == *domain && (!address || route.address == *address);
    };
    if (std::erase_if(routes, meant) == 0) {
        return call->fail({"name-unknown", "no such route for " + domain->text()}, "domain");
    }
    change_setting(*call, setting, config::write_routes(routes), note_on(*settings));
}

constexpr Argument add_args[] = {place("domain", Form::text, "the peer's domain"),
                                 place("address", Form::texts, "where to connect: host or host:port, in this order"),
                                 option("priority", Form::number, "the lowest is tried first; default: 0"),
                                 option("weight", Form::number, "share among routes of equal priority; default: 0"),
                                 option("fall_back_to_dns", Form::flag, "use DNS when no address answers")};
constexpr Argument remove_args[] = {place("domain", Form::text, "the peer's domain"),
                                    optional_place("address", "only this address; default: all routes of the domain")};

constexpr Verb routes_rows[] = {
    {"routes.list",
     "static routes: where to connect instead of asking DNS",
     {},
     run_routes_list,
     "{name:text value:[StaticRoute] enabled:flag revision:count note?:text}",
     print_routes,
     Access::read,
     reads},
    {"routes.add", "adds static routes for a domain", add_args, run_routes_add, "ChangedSetting", print_changed,
     Access::administer},
    {"routes.remove", "removes static routes of a domain", remove_args, run_routes_remove, "ChangedSetting",
     print_changed, Access::administer},
};

}  // namespace

std::span<const Verb> routes_verbs() { return routes_rows; }

}  // namespace sallyport::admin
