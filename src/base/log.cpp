// Names of levels and modules.
#include "base/log.h"

#include <algorithm>
#include <array>

#include "base/networks.h"

namespace sallyport {

namespace {

constexpr std::array<std::string_view, 6> level_names = {"trace", "debug", "info", "warn", "error", "off"};

struct ModuleName {
    std::string_view name;
    LogModule module;
};

// The first name of a module is the one we print; the others are names an administrator may know from elsewhere.
constexpr ModuleName module_names[] = {
    {"node", LogModule::node},
    {"settings", LogModule::settings},
    {"developer.clusterdb.restapi", LogModule::settings},
    {"s2s", LogModule::s2s},
    {"developer.xcp.federation", LogModule::s2s},
    {"develop.xcp.federation", LogModule::s2s},  // as a guide spells it
    {"developer.xcp.cm", LogModule::s2s},
    {"XMPPFederation", LogModule::s2s},
    {"link", LogModule::link},
    {"developer.xcp.jabber", LogModule::link},
    {"developer.xcp", LogModule::link},
    {"network.dns", LogModule::dns},
    {"dns", LogModule::dns},
    {"network.tcp", LogModule::tcp},
    {"tcp", LogModule::tcp},
    {"tls", LogModule::tls},
    {"routing", LogModule::routing},
    {"admin", LogModule::admin},
    {"network.axl", LogModule::axl},
    {"axl", LogModule::axl},
    {"users", LogModule::users},
};

}  // namespace

LogLevel log_level(std::string_view text, LogLevel fallback) {
    for (std::size_t i = 0; i < level_names.size(); ++i) {
        if (level_names[i] == text) return static_cast<LogLevel>(i);
    }
    return fallback;
}

std::string_view text(LogLevel level) { return level_names[static_cast<std::size_t>(level)]; }

std::string_view text(LogModule module) {
    for (const auto& entry : module_names) {
        if (entry.module == module) return entry.name;
    }
    return "?";
}

bool log_module(std::string_view name, LogModule& out) {
    for (const auto& entry : module_names) {
        if (entry.name == name) return out = entry.module, true;
    }
    return false;
}

std::string log_source(const IpAddress& address) {
    return subscriber_network(address).text() + (address.v6 ? "/64" : "");
}

}  // namespace sallyport
